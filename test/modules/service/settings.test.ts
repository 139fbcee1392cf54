import type { Device, StoreValue } from "host/contract";
import { Log } from "service/log";
import { factoryReset, serverSettings } from "service/settings";
import { deepEqual, equal, includes } from "../../assert.ts";
import { FakeStore } from "../../fakes/store.ts";

const plain = { io: "plain" };
const secured = { io: "secured" };
const bytes = (text: string): ArrayBuffer => ArrayBuffer.fromString(text);

describe("service: settings", () => {
	const all = new Map<string, Map<string, StoreValue>>();
	const device = { network: { mqtt: plain, mqtts: secured } } as unknown as Device;

	const namespace = (name: string): Map<string, StoreValue> => {
		const values = all.get(name) ?? new Map<string, StoreValue>();
		all.set(name, values);
		return values;
	};
	class Store extends FakeStore {
		override readonly values: Map<string, StoreValue>;

		constructor(name: string) {
			super();
			this.values = namespace(name);
		}
	}
	const settings = () => serverSettings(device, Store, log) as unknown as Record<string, unknown>;

	let log: Log;

	beforeEach(() => {
		all.clear();
		log = new Log();
	});

	it("has a default for a device that was told nothing", () => {
		deepEqual(settings(), { io: "plain", host: "127.0.0.1" });
	});

	it("reads host, port and token", () => {
		const tb = namespace("tb");
		for (const [name, value] of Object.entries({ version: 1, host: "tb.example", port: 1884, token: "T" }))
			tb.set(name, value);
		deepEqual(settings(), { io: "plain", host: "tb.example", port: 1884, token: "T" });
	});

	it("reads basic credentials", () => {
		const tb = namespace("tb");
		for (const [name, value] of Object.entries({ clientId: "c", userName: "u", password: "p" }))
			tb.set(name, value);
		deepEqual(settings(), { io: "plain", host: "127.0.0.1", clientId: "c", userName: "u", password: "p" });
	});

	it("reads certificates for TLS, and never connects in the clear instead", () => {
		namespace("tb").set("tls", 1);
		deepEqual(settings(), { io: "secured", host: "127.0.0.1", secure: {} });
		const [ca, cert, key] = [bytes("ca"), bytes("cert"), bytes("key")];
		for (const [name, value] of Object.entries({ ca, cert, key })) namespace("tls").set(name, value);
		const { secure } = settings() as { secure: Record<string, unknown> };
		equal(secure.certificate, ca);
		equal(secure.clientKey, key);
		deepEqual((secure.clientCertificates as unknown[]).length, 1);
		const bare = { network: { mqtt: plain } } as unknown as Device;
		deepEqual(serverSettings(bare, Store, log), { io: "plain", host: "127.0.0.1" } as unknown);
		equal(log.lastError, "settings: Error: expected TLS, this host has none");
	});

	it("runs on without credentials where the store cannot be opened or read, and says why", () => {
		namespace("tb").set("token", "T");
		class Unreadable extends Store {
			override get(name: string): StoreValue | undefined {
				throw new Error(`store: get ${name}: ESP_ERR_NVS_INVALID_LENGTH`);
			}
		}
		class Full extends Store {
			constructor(name: string) {
				super(name);
				throw new Error(`store: open ${name}: ESP_ERR_NVS_NOT_ENOUGH_SPACE`);
			}
		}
		for (const [Broken, text] of [
			[Unreadable, "settings: Error: store: get version: ESP_ERR_NVS_INVALID_LENGTH"],
			[Full, "settings: Error: store: open tb: ESP_ERR_NVS_NOT_ENOUGH_SPACE"],
		] as const) {
			deepEqual(serverSettings(device, Broken, log), { io: "plain", host: "127.0.0.1" } as unknown);
			equal(log.lastError, text);
		}
	});

	it("does not look at values of another type", () => {
		const tb = namespace("tb");
		tb.set("host", 5);
		tb.set("port", "1883");
		tb.set("token", "");
		namespace("tls").set("ca", "text");
		deepEqual(settings(), { io: "plain", host: "127.0.0.1" });
	});

	it("goes on with what it knows of a newer layout, and says so", () => {
		namespace("tb").set("version", 2);
		namespace("tb").set("token", "T");
		deepEqual(settings(), { io: "plain", host: "127.0.0.1", token: "T" });
		includes(log.lastError ?? "", "expected layout 1, got 2 of a newer firmware");
	});

	it("makes of credentials that contradict each other some that a client takes", () => {
		const tb = namespace("tb");
		tb.set("password", "p");
		deepEqual(settings(), { io: "plain", host: "127.0.0.1" });
		tb.set("userName", "u");
		tb.set("token", "T");
		tb.set("clientId", "c");
		deepEqual(settings(), { io: "plain", host: "127.0.0.1", token: "T", clientId: "c" });
	});

	it("forgets all of it at a factory reset, but not the story of an update", () => {
		for (const name of ["tb", "tls", "wifi", "keys", "sys", "ota"]) namespace(name).set("value", 1);
		factoryReset(Store);
		const left = [...all].filter(([, values]) => values.size > 0).map(([name]) => name);
		deepEqual(left, ["ota"]);
	});
});
