// What the contract (test/sdk/mqtt-contract.ts) does not show: the guard over a class that misbehaves on purpose.
import "../../setup.ts";
import { guardMQTTClient } from "guards/mqtt-client";
import type { MQTTClient, MQTTClientConstructor, MQTTClientOptions } from "host/contract";
import { deepEqual, equal } from "../../assert.ts";
import { FakeResolver } from "../../fakes/tcp.ts";

class Client {
	static readonly PUBLISH = 3;
	static last: Client;
	options: MQTTClientOptions;
	closes = 0;
	constructor(options: MQTTClientOptions) {
		this.options = options;
		Client.last = this;
	}
	close(): void {
		this.closes += 1;
	}
	/** Calls everything there is to call. */
	fire(): void {
		const { onReadable, onWritable, onControl, onError } = this.options;
		const self = this as unknown as MQTTClient;
		onReadable?.call(self, 1, { more: false });
		onWritable?.call(self, 2);
		onControl?.call(self, { operation: 4 });
		onError?.call(self);
	}
}

const Guarded = guardMQTTClient(Client as unknown as MQTTClientConstructor);
const names = ["onReadable", "onWritable", "onControl", "onError"] as const;
const open = (options: Partial<MQTTClientOptions>) =>
	new Guarded({ host: "a", dns: { io: FakeResolver }, socket: { io: null }, ...options });

describe("guards/mqtt-client", () => {
	it("keeps the class's constants, options and callbacks, with the client as this", () => {
		equal(Guarded.PUBLISH, 3);
		const calls: unknown[] = [];
		const options = Object.fromEntries(
			names.map((name) => [
				name,
				function (this: unknown, ...values: unknown[]) {
					calls.push(name, this === client, values);
				},
			]),
		);
		const client = open({ ...options, id: "x" });
		equal(Client.last.options.id, "x");
		Client.last.fire();
		deepEqual(calls, [
			...["onReadable", true, [1, { more: false }], "onWritable", true, [2]],
			...["onControl", true, [{ operation: 4 }], "onError", true, []],
		]);
	});

	it("does not mind callbacks that are missing", () => {
		open({});
		Client.last.fire();
	});

	it("calls nothing after close", () => {
		const calls: string[] = [];
		open(Object.fromEntries(names.map((name) => [name, () => calls.push(name)]))).close();
		Client.last.fire();
		deepEqual(calls, []);
	});

	for (const name of names)
		it(`ends once when ${name} throws`, () => {
			let errors = 0;
			open({
				onError: () => {
					errors += 1;
				},
				[name]() {
					if (name === "onError") errors += 1;
					throw new Error("boom");
				},
			});
			Client.last.fire();
			equal(errors, 1);
			equal(Client.last.closes, name === "onError" ? 0 : 1);
		});

	it("swallows an exception before the constructor is done", () => {
		class Hasty extends Client {
			constructor(options: MQTTClientOptions) {
				super(options);
				this.fire();
			}
		}
		const Guard = guardMQTTClient(Hasty as unknown as MQTTClientConstructor);
		new Guard({
			host: "a",
			dns: { io: FakeResolver },
			socket: { io: null },
			onWritable() {
				throw new Error("boom");
			},
		});
	});

	it("closes the resolver that the client made", () => {
		const client = open({});
		const { dns } = Client.last.options;
		new (dns.io as new (options: object) => object)(dns);
		client.close();
		client.close();
		deepEqual([FakeResolver.last.closed, Client.last.closes], [true, 1]);
	});
});
