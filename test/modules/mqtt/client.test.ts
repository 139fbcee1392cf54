// The virtual board's client alone, straight over a socket: what the guards keep from it, it must survive by itself.
import "../../setup.ts";
import type { MQTTClientOptions, MQTTControl, MQTTReadInfo } from "host/contract";
import MQTTClient from "host/mqtt";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeResolver, FakeTCP, join } from "../../fakes/tcp.ts";
import { packet } from "../../sdk/mqtt-contract.ts";

const bytes = (text: string) => new Uint8Array(ArrayBuffer.fromString(text));

let errors = 0;
let messages: [number, MQTTReadInfo][] = [];
let controls: MQTTControl[] = [];

function create(options: Partial<MQTTClientOptions> = {}) {
	return new MQTTClient({
		host: "tb",
		dns: { io: FakeResolver },
		socket: { io: FakeTCP },
		onReadable(count, info) {
			messages.push([count, info]);
			this.read(count);
		},
		onControl: (message) => controls.push(message),
		onError: () => {
			errors += 1;
		},
		...options,
	});
}

function connect(options: Partial<MQTTClientOptions> = {}) {
	const client = create(options);
	FakeResolver.last.answer();
	FakeTCP.last.accept();
	FakeTCP.last.receive(packet.connack());
	FakeTCP.last.frames = [];
	return client;
}

function receive(data: ArrayLike<number>): void {
	FakeTCP.last.receive(data);
	clock.advance(0);
}

describe("the virtual board's MQTT client, unguarded", () => {
	beforeEach(() => {
		clock.reset();
		FakeTCP.reset();
		FakeResolver.reset();
		errors = 0;
		messages = [];
		controls = [];
	});

	const broken: [string, ArrayLike<number>][] = [
		["operation 0", [0]],
		["operation 15", [0xf0]],
		["a fifth length byte", [0x30, 0x80, 0x80, 0x80, 0x80]],
		["a topic longer than its packet", [0x30, 4, 0, 9]],
		["an empty topic", [0x30, 3, 0, 0]],
		["a CONNACK of another length", [0x20, 1, 0]],
		["a topic that is not UTF-8", [0x30, 4, 0, 2, 0xff, 0xff]],
	];
	for (const [name, data] of broken)
		it(`ends on ${name}`, () => {
			connect();
			receive(data);
			equal(errors, 1);
			ok(FakeTCP.last.closed);
			equal(clock.armed, 0, "timers");
		});

	it("announces an empty message with 0 bytes, acknowledges it and goes on", () => {
		connect();
		receive(join(packet.publish("t", [], 1, 6), packet.publish("u", []), packet.publish("v", [1])));
		deepEqual(messages, [
			[0, { topic: "t", byteLength: 0, QoS: 1, more: false }],
			[0, { topic: "u", byteLength: 0, QoS: 0, more: false }],
			[1, { topic: "v", byteLength: 1, QoS: 0, more: false }],
		]);
		deepEqual([...FakeTCP.last.sent], packet.puback(6));
	});

	it("announces topic and payload together when the payload comes in a later segment", () => {
		connect();
		const data = packet.publish("t", bytes("abc"));
		receive(data.slice(0, -3));
		deepEqual(messages, []);
		receive(data.slice(-3));
		deepEqual(messages, [[3, { topic: "t", byteLength: 3, QoS: 0, more: false }]]);
	});

	it("ignores what it needs no answer to, and takes PINGRESP without keep-alive", () => {
		connect();
		receive(join([0xb0, 2, 0, 4], packet.pingresp(), [0x40, 0]));
		deepEqual(
			controls.slice(1).map(({ operation, id }) => [operation, id ?? -1]),
			[
				[11, 4],
				[13, -1],
				[4, 0],
			],
		);
	});

	it("does its part of QoS 2 in both directions", () => {
		connect();
		receive(packet.publish("t", [1], 2, 9));
		receive([0x62, 2, 0, 9]);
		receive([0x50, 2, 0, 7]);
		deepEqual([...FakeTCP.last.sent], [0x50, 2, 0, 9, 0x70, 2, 0, 9, 0x62, 2, 0, 7]);
	});

	it("numbers packets 1…65535 when the caller does not", () => {
		FakeTCP.window = 1e6;
		const client = connect();
		const id = () => {
			FakeTCP.last.frames = [];
			FakeTCP.last.drain();
			client.write(null, { operation: MQTTClient.PUBACK });
			return (FakeTCP.last.sent[2] as number) * 256 + (FakeTCP.last.sent[3] as number);
		};
		deepEqual([id(), id()], [1, 2]);
		for (let last = 2; last < 65_535; last++) client.write(null, { operation: MQTTClient.PUBACK });
		FakeTCP.last.drain();
		equal(id(), 1);
	});

	it("refuses what cannot be sent, and sends nothing", () => {
		const client = connect();
		throws(() => client.write(null, { topic: "t" }), "expected data");
		throws(() => client.write(null, { operation: 15 }), "got 15");
		throws(() => client.write(new ArrayBuffer(1)), "expected options");
		client.write(new ArrayBuffer(0), { topic: "t", byteLength: 5000 });
		FakeTCP.last.frames = [];
		throws(() => client.write(new ArrayBuffer(FakeTCP.window)), "overflow");
		equal(FakeTCP.last.sent.length, 0);
		client.close();
		throws(() => client.write(new ArrayBuffer(1)), "expected an open connection");
	});

	it("reads nothing where there is nothing, and into an ArrayBuffer longer than the fragment", () => {
		const results: unknown[] = [];
		const client = connect({
			onReadable() {
				const buffer = new ArrayBuffer(4);
				results.push(this.read(buffer), [...new Uint8Array(buffer)], this.read(1));
			},
		});
		equal(client.read(1), undefined);
		receive(packet.publish("t", [7, 8]));
		deepEqual(results, [2, [7, 8, 0, 0], undefined]);
	});

	it("ends when an exception leaves onReadable, but lets one through after close", () => {
		const boom = () => {
			throw new Error("boom");
		};
		connect({ onReadable: boom });
		receive(packet.publish("t", [1]));
		equal(errors, 1);
		connect({
			onReadable() {
				this.close();
				boom();
			},
		});
		throws(() => receive(packet.publish("t", [1])), "boom");
		equal(errors, 1);
	});

	it("closes itself even when onError throws", () => {
		connect({
			onError() {
				throw new Error("boom");
			},
		});
		throws(() => FakeTCP.last.drop(), "boom");
		ok(FakeTCP.last.closed);
	});

	it("ends when CONNECT does not fit the window", () => {
		FakeTCP.window = 10;
		create();
		FakeResolver.last.answer();
		FakeTCP.last.accept();
		deepEqual([errors, FakeTCP.last.closed], [1, true]);
	});

	it("ends when a PINGREQ still waits for room at the next look", () => {
		const client = connect({ keepAlive: 4000 });
		client.write(new ArrayBuffer(0), { topic: "t", byteLength: 9 });
		clock.advance(3000);
		equal(errors, 0);
		clock.advance(1000);
		equal(errors, 1);
	});

	it("sends a password and a session that is not clean, when told", () => {
		create({ id: "", user: "u", password: bytes("p").buffer, clean: false, target: 5 });
		FakeResolver.last.answer();
		FakeTCP.last.accept();
		deepEqual([...FakeTCP.last.sent.slice(8)], [4, 0xc0, 0, 0, 0, 0, 0, 1, 117, 0, 1, 112]);
	});

	it("lets nothing escape on a stream of noise (fixed seeds)", () => {
		for (let seed = 1; seed <= 100; seed++) {
			let state = seed;
			const next = () => {
				state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
				return state >>> 24;
			};
			connect();
			for (let step = 0; step < 20 && !FakeTCP.last.closed; step++) receive(Array.from({ length: 9 }, next));
		}
		ok(errors > 0, "none ended");
	});
});
