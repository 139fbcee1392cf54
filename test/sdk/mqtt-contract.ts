// One specification of the ECMA-419 MQTT client, for the SDK's own file and for the virtual board's: what the guards and TBClient
// rely on. Both run behind the guards, over a socket that splits and refuses.

import { guardMQTTClient } from "guards/mqtt-client";
import MQTTSocket from "guards/mqtt-socket";
import { guardResolver } from "guards/resolver";
import { guardTCP } from "guards/tcp";
import type {
	MQTTClient,
	MQTTClientConstructor,
	MQTTClientOptions,
	MQTTControl,
	MQTTReadInfo,
} from "host/contract";
import { deepEqual, equal, ok, throws } from "../assert.ts";
import { clock } from "../fakes/clock.ts";
import { FakeResolver, FakeTCP, join } from "../fakes/tcp.ts";

const bytes = (text: string) => new Uint8Array(ArrayBuffer.fromString(text));
const text = (data: ArrayLike<number>) => String.fromArrayBuffer(join(data).buffer);

/** Inbound packets. */
export const packet = {
	connack: (code = 0, present = false) => [0x20, 2, present ? 1 : 0, code],
	puback: (id: number) => [0x40, 2, id >> 8, id & 255],
	suback: (id: number, ...codes: number[]) => [0x90, 2 + codes.length, id >> 8, id & 255, ...codes],
	pingresp: () => [0xd0, 0],
	publish(topic: string, payload: ArrayLike<number>, QoS = 0, id = 0): number[] {
		const name = bytes(topic);
		const rest = [0, name.length, ...name, ...(QoS ? [id >> 8, id & 255] : []), ...join(payload)];
		const length: number[] = [];
		for (let left = rest.length; ; left >>= 7) {
			length.push((left & 127) | (left > 127 ? 128 : 0));
			if (left <= 127) return [0x30 | (QoS << 1), ...length, ...rest];
		}
	},
};

/** A client with everything it said. `reading` is what it does in onReadable; all of each fragment by default. */
export class Session {
	readonly client: MQTTClient;
	messages: { topic: string; QoS: number; byteLength: number; payload: number[]; fragments: number }[] = [];
	controls: MQTTControl[] = [];
	writable: number[] = [];
	errors = 0;
	connacks: [number, boolean][] = [];
	empty: [string, number, number][] = [];

	constructor(Client: MQTTClientConstructor, options: Partial<MQTTClientOptions> = {}) {
		const session = this;
		this.client = new Client({
			host: "tb.example",
			dns: { io: guardResolver(FakeResolver) },
			socket: {
				io: MQTTSocket,
				base: { io: guardTCP(FakeTCP) },
				hooks: {
					onConnack: (code: number, present: boolean) => session.connacks.push([code, present]),
					onEmptyPublish: (topic: string, QoS: number, id: number) => session.empty.push([topic, QoS, id]),
				},
			},
			onReadable(count, info) {
				session.take(count, info);
			},
			onWritable: (count) => session.writable.push(count),
			onControl: (message) => session.controls.push({ ...message }),
			onError: () => {
				session.errors += 1;
			},
			...options,
		});
	}

	/** Notes a fragment and reads all of it. */
	take(count: number, info: MQTTReadInfo): void {
		this.note(info);
		const view = new Uint8Array(count);
		equal(this.client.read(view), count, "count read");
		this.messages.at(-1)?.payload.push(...view);
	}
	note({ topic, byteLength = -1, QoS = -1 }: MQTTReadInfo): void {
		if (topic !== undefined) this.messages.push({ topic, QoS, byteLength, payload: [], fragments: 0 });
		const message = this.messages.at(-1);
		if (message) message.fragments += 1;
	}

	resolve(): this {
		FakeResolver.last.answer();
		clock.advance(0);
		return this;
	}
	open(): this {
		this.resolve();
		FakeTCP.last.accept();
		return this;
	}
	connect(): this {
		this.open();
		this.receive(packet.connack());
		FakeTCP.last.frames = [];
		return this;
	}
	receive(data: ArrayLike<number>, ...cuts: number[]): void {
		FakeTCP.last.receive(data, ...cuts);
		clock.advance(0);
	}
	get sent(): number[] {
		return [...FakeTCP.last.sent];
	}
}

/**
 * Defines the suite `name`. `Client` is taken as it is and, for what the SDK's own file does not survive alone, behind
 * `guardMQTTClient`.
 */
export function mqttContract(name: string, Client: MQTTClientConstructor): void {
	const open = (options?: Partial<MQTTClientOptions>) => new Session(Client, options);
	const guarded = (options?: Partial<MQTTClientOptions>) => new Session(guardMQTTClient(Client), options);

	describe(`${name}: connection`, () => {
		beforeEach(fresh);

		it("needs a host", () => {
			throws(() => open({ host: "" }), "host required");
		});

		it("asks the resolver, then opens the socket there, port 1883 by default", () => {
			open().resolve();
			equal(FakeResolver.last.question?.host, "tb.example");
			equal(FakeTCP.last.options.address, "192.0.2.1");
			equal(FakeTCP.last.options.host, "tb.example");
			equal(FakeTCP.last.options.port, 1883);
		});

		it("sends CONNECT when the socket is writable: 3.1.1, clean, user, keep-alive in seconds", () => {
			const session = open({ id: "d1", user: "TOKEN", keepAlive: 30_000 }).open();
			deepEqual(session.sent, [
				0x10,
				21,
				0,
				4,
				77,
				81,
				84,
				84,
				4,
				0x82,
				0,
				30,
				0,
				2,
				100,
				49,
				0,
				5,
				...bytes("TOKEN"),
			]);
			equal(FakeTCP.last.frames.length, 1, "one frame");
		});

		it("tells CONNACK, then the room less 8", () => {
			const session = open({ id: "d1" }).open();
			session.receive(packet.connack(0, true));
			deepEqual(session.connacks, [[0, true]]);
			equal(session.controls[0]?.operation, Client.CONNACK);
			equal(session.controls[0]?.returnCode, 0);
			deepEqual(session.writable, [FakeTCP.last.room - 8]);
		});

		for (const code of [1, 2, 3, 4, 5])
			it(`ends on CONNACK code ${code}, which only the hook tells`, () => {
				const session = open().open();
				session.receive(packet.connack(code));
				deepEqual(session.connacks, [[code, false]]);
				equal(session.errors, 1);
				equal(session.controls.length, 0);
				ok(FakeTCP.last.closed);
				equal(clock.armed, 0, "timers");
			});

		it("ends when the host is not found", () => {
			const session = open();
			FakeResolver.last.fail();
			equal(session.errors, 1);
			equal(clock.armed, 0, "timers");
		});

		it("ends when the socket cannot be made", () => {
			FakeTCP.refusal = new Error("no socket");
			equal(open().resolve().errors, 1);
			equal(clock.armed, 0, "timers");
		});

		it("ends when the connection is lost", () => {
			const session = open({ keepAlive: 30_000 }).connect();
			FakeTCP.last.drop();
			equal(session.errors, 1);
			ok(FakeTCP.last.closed);
			equal(clock.armed, 0, "timers");
		});

		it("gives up connecting after 30 s", () => {
			const session = open().resolve();
			clock.advance(29_999);
			equal(session.errors, 0);
			clock.advance(1);
			equal(session.errors, 1);
			ok(FakeTCP.last.closed);
		});

		it("refuses to write before CONNACK", () => {
			const session = open().open();
			throws(() => session.client.write(new ArrayBuffer(1), { topic: "t" }));
			equal(session.errors, 0);
		});
	});

	describe(`${name}: writing`, () => {
		beforeEach(fresh);

		it("publishes in one frame and returns the room left less 8", () => {
			const session = open().connect();
			const { room } = FakeTCP.last;
			const left = session.client.write(bytes("hi").buffer, { topic: "a/b", QoS: 1, id: 513 });
			deepEqual(session.sent, [0x32, 9, 0, 3, ...bytes("a/b"), 2, 1, ...bytes("hi")]);
			deepEqual([FakeTCP.last.frames.length, FakeTCP.last.torn], [1, 0]);
			equal(left, room - 11 - 8);
		});

		it("publishes with retain and duplicate", () => {
			const session = open().connect();
			session.client.write(bytes("x"), { topic: "t", QoS: 1, id: 1, retain: true, duplicate: true });
			equal(session.sent[0], 0x3b);
		});

		it("publishes an empty payload", () => {
			const session = open().connect();
			session.client.write(new ArrayBuffer(0), { topic: "t" });
			deepEqual(session.sent, [0x30, 3, 0, 1, 116]);
			equal(FakeTCP.last.held, 0, "flushed");
		});

		it("subscribes and unsubscribes", () => {
			const session = open().connect();
			const items = [{ topic: "a", QoS: 1 }, { topic: "b/+" }];
			session.client.write(null, { operation: Client.SUBSCRIBE, items, id: 7 });
			session.client.write(null, { operation: Client.UNSUBSCRIBE, items, id: 8 });
			deepEqual(session.sent, [
				...[0x82, 12, 0, 7, 0, 1, 97, 1, 0, 3, 98, 47, 43, 0],
				...[0xa2, 10, 0, 8, 0, 1, 97, 0, 3, 98, 47, 43],
			]);
		});

		it("acknowledges, pings and disconnects on request", () => {
			const session = open().connect();
			session.client.write(null, { operation: Client.PUBACK, id: 258 });
			session.client.write(null, { operation: Client.PINGREQ });
			session.client.write(null, { operation: Client.DISCONNECT });
			deepEqual(session.sent, [0x40, 2, 1, 2, 0xc0, 0, 0xe0, 0]);
		});

		it("throws overflow and sends nothing when the first fragment exceeds the room", () => {
			FakeTCP.window = 100;
			const session = open().connect();
			const { room } = FakeTCP.last;
			const head = 2 + 2 + 1; // fixed header, topic length, topic
			throws(() => session.client.write(new ArrayBuffer(room - head + 1), { topic: "t" }), "overflow");
			deepEqual(session.sent, []);
			equal(session.client.write(new ArrayBuffer(room - head), { topic: "t" }), 0);
			throws(() => session.client.write(null, { operation: Client.PINGREQ }), "overflow");
		});

		for (const size of [127 - 3, 128 - 3, 16_383 - 3, 16_384 - 3, 70_000])
			it(`streams a message of ${size} bytes, byte for byte`, () => {
				const session = open().connect();
				const body = Uint8Array.from({ length: size }, (_, index) => index * 7);
				session.client.write(new ArrayBuffer(0), { topic: "t", byteLength: size });
				for (let at = 0; at < size; ) {
					FakeTCP.last.drain();
					const piece = Math.min(session.writable.at(-1) ?? 0, size - at);
					session.client.write(body.slice(at, at + piece));
					at += piece;
				}
				const { sent } = FakeTCP.last;
				deepEqual([...sent.slice(-size)], [...body]);
				deepEqual([...sent], packet.publish("t", body));
				FakeTCP.last.drain();
				session.client.write(null, { operation: Client.PINGREQ });
			});

		it("refuses anything else while a message is being streamed", () => {
			const session = open().connect();
			session.client.write(new ArrayBuffer(1), { topic: "t", byteLength: 3 });
			throws(() => session.client.write(new ArrayBuffer(1), { topic: "t" }));
			throws(() => session.client.write(new ArrayBuffer(3)));
			session.client.write(new ArrayBuffer(2));
			session.client.write(new ArrayBuffer(1), { topic: "t" });
		});

		it("refuses a first fragment longer than the message", () => {
			throws(
				() => open().connect().client.write(new ArrayBuffer(2), { topic: "t", byteLength: 1 }),
				"invalid",
			);
		});

		it("tells when there is room again", () => {
			const session = open().connect();
			session.writable = [];
			FakeTCP.last.drain();
			deepEqual(session.writable, [FakeTCP.window - 8]);
		});

		it("does not tell of 8 bytes and less", () => {
			const session = open().connect();
			session.writable = [];
			FakeTCP.window = 8;
			FakeTCP.last.drain();
			deepEqual(session.writable, []);
		});
	});

	describe(`${name}: reading`, () => {
		beforeEach(fresh);

		const stream = join(
			packet.suback(7, 1, 0x80),
			packet.publish("v1/a", bytes("hello"), 1, 300),
			packet.publish("v1/void", [], 1, 9),
			packet.puback(12),
			packet.publish("v1/void", []),
			packet.publish(
				"v1/b",
				Uint8Array.from({ length: 200 }, (_, index) => index),
			),
			packet.pingresp(),
			packet.publish("v1/c", bytes("!")),
		);
		const expect = (session: Session, note: string) => {
			deepEqual(
				session.messages.map(({ topic, QoS, byteLength, payload }) => [topic, QoS, byteLength, payload]),
				[
					["v1/a", 1, 5, [...bytes("hello")]],
					["v1/b", 0, 200, Array.from({ length: 200 }, (_, index) => index)],
					["v1/c", 0, 1, [33]],
				],
				note,
			);
			deepEqual(session.empty, [
				["v1/void", 1, 9],
				["v1/void", 0, 0],
			]);
			deepEqual(
				session.controls.slice(1).map(({ operation, id, payload }) => [operation, id ?? 0, payload ?? 0]),
				[
					[Client.SUBACK, 7, [1, 0x80]],
					[Client.PUBACK, 12, 0],
					[Client.PINGRESP, 0, 0],
				],
				note,
			);
			deepEqual(session.sent, packet.puback(300), note);
			equal(session.errors, 0, note);
		};

		it("takes several packets in one segment", () => {
			const session = open().connect();
			session.receive(stream);
			expect(session, "one segment");
		});

		it("takes them split at every byte", () => {
			for (let cut = 1; cut < stream.length; cut++) {
				fresh();
				const session = open().connect();
				session.receive(stream, cut);
				expect(session, `cut at ${cut}`);
			}
		});

		it("takes them in segments of every size", () => {
			for (const size of [1, 2, 3, 5, 7, 64]) {
				fresh();
				const session = open().connect();
				const cuts = Array.from(
					{ length: Math.floor(stream.length / size) },
					(_, index) => (index + 1) * size,
				);
				session.receive(stream, ...cuts.filter((cut) => cut < stream.length));
				expect(session, `segments of ${size}`);
			}
		});

		it("announces a long message in fragments: topic with the first, more until the last", () => {
			const infos: [number, MQTTReadInfo][] = [];
			const session = open({
				onReadable(count, info) {
					infos.push([count, { ...info }]);
					this.read(count);
				},
			}).connect();
			const message = packet.publish("t", new Uint8Array(300));
			session.receive(message, 100, 200);
			const head = message.length - 300;
			deepEqual(infos, [
				[100 - head, { topic: "t", byteLength: 300, QoS: 0, more: true }],
				[100, { more: true }],
				[100 + head, { more: false }],
			]);
		});

		it("reads into a buffer, a view and a longer view", () => {
			const results: unknown[] = [];
			const session = open({
				onReadable() {
					results.push(text(new Uint8Array(this.read(2) as ArrayBuffer)));
					const small = new Uint8Array(2);
					results.push(this.read(small), text(small));
					const large = new Uint8Array(9);
					results.push(this.read(large), text(large.slice(0, 2)));
				},
			}).connect();
			session.receive(packet.publish("t", bytes("abcdef")));
			deepEqual(results, ["ab", 2, "cd", 2, "ef"]);
			equal(session.errors, 0);
		});

		it("reads nothing when the fragment is used up, though the next packet is there", () => {
			const results: unknown[] = [];
			const session = open({
				onReadable(count) {
					this.read(count);
					results.push(this.read(1), this.read(new Uint8Array(2)));
				},
			}).connect();
			session.receive(join(packet.publish("t", bytes("a")), packet.puback(3)));
			deepEqual(results, [null, null]);
			equal(session.controls.length, 2);
			equal(session.errors, 0);
		});

		it("does its part of QoS 2 in both directions", () => {
			const session = open().connect();
			session.receive(packet.publish("t", bytes("x"), 2, 9));
			session.receive([0x62, 2, 0, 9]);
			session.receive([0x50, 2, 0, 7]);
			deepEqual(session.sent, [0x50, 2, 0, 9, 0x70, 2, 0, 9, 0x62, 2, 0, 7]);
		});

		const broken: [string, number[]][] = [
			["a fifth length byte", [0x30, 0xff, 0xff, 0xff, 0xff]],
			["a topic longer than its packet", [0x30, 4, 0, 9]],
			["a topic that is not UTF-8", [0x30, 5, 0, 2, 0xff, 0xff, 1]],
			["an empty CONNACK", [0x20, 0]],
			["a PUBACK of one byte", [0x40, 1, 0]],
			["a packet of a client", [0x82, 2, 0, 1]],
		];
		for (const [title, data] of broken)
			it(`ends on ${title}`, () => {
				const session = open({ keepAlive: 30_000 }).connect();
				session.receive(join(packet.puback(1), data, packet.puback(2)));
				equal(session.errors, 1);
				equal(session.controls.length, 2, "CONNACK and the first PUBACK");
				ok(FakeTCP.last.closed);
				equal(clock.armed, 0, "timers");
			});

		it("stops when bytes are left unread, and goes on after a later read", () => {
			let unread = 0;
			const session = open({
				onReadable(count) {
					unread = count;
				},
			}).connect();
			session.receive(join(packet.publish("t", bytes("abcd")), packet.puback(3)));
			clock.advance(10_000);
			equal(unread, 4);
			equal(session.controls.length, 1, "PUBACK waits");
			session.client.read(new Uint8Array(3));
			clock.advance(0);
			equal(session.controls.length, 1, "PUBACK still waits");
			session.client.read(new Uint8Array(1));
			equal(session.controls.length, 1, "nothing from inside read()");
			clock.advance(0);
			equal(session.controls.length, 2);
		});

		it("acknowledges QoS 1 when the last fragment is announced", () => {
			const session = open({ onReadable() {} }).connect();
			session.receive(packet.publish("t", bytes("abcd"), 1, 77));
			deepEqual(session.sent, packet.puback(77));
		});

		it("acknowledges QoS 1 after a streamed message, not in the middle of it", () => {
			const session = open().connect();
			session.client.write(new ArrayBuffer(1), { topic: "t", byteLength: 2 });
			session.receive(packet.publish("t", bytes("x"), 1, 5));
			equal(session.sent.length, 6);
			session.client.write(new ArrayBuffer(1));
			FakeTCP.last.drain();
			deepEqual(session.sent.slice(-4), packet.puback(5));
		});

		it("keeps an acknowledgement until there is room", () => {
			FakeTCP.window = 60;
			const session = open().connect();
			session.client.write(new ArrayBuffer(FakeTCP.last.room - 5), { topic: "t" });
			FakeTCP.last.frames = [];
			session.receive(packet.publish("t", bytes("x"), 1, 5));
			deepEqual(session.sent, []);
			FakeTCP.last.drain();
			deepEqual(session.sent, packet.puback(5));
		});
	});

	describe(`${name}: keep-alive`, () => {
		beforeEach(fresh);

		it("sends PINGREQ at three quarters of the interval", () => {
			const session = open({ keepAlive: 20_000 }).connect();
			clock.advance(14_999);
			deepEqual(session.sent, []);
			clock.advance(1);
			deepEqual(session.sent, [0xc0, 0]);
		});

		it("fails when no PINGRESP came for one and a half intervals, whatever else came", () => {
			const session = open({ keepAlive: 20_000 }).connect();
			clock.advance(29_999);
			session.receive(packet.puback(1));
			equal(session.errors, 0);
			clock.advance(1);
			equal(session.errors, 1);
			ok(FakeTCP.last.closed);
			equal(clock.armed, 0, "timers");
		});

		it("lives while PINGRESP comes", () => {
			const session = open({ keepAlive: 20_000 }).connect();
			for (let quarter = 0; quarter < 40; quarter++) {
				clock.advance(5_000);
				FakeTCP.last.drain();
				if (session.sent.length) session.receive(packet.pingresp());
				FakeTCP.last.frames = [];
			}
			equal(session.errors, 0);
		});
	});

	describe(`${name}: close`, () => {
		beforeEach(fresh);

		it("is legal twice, and nothing fires after it", () => {
			const session = open({ keepAlive: 4000 }).connect();
			session.client.close();
			session.client.close();
			equal(FakeTCP.last.closes, 1);
			FakeTCP.last.closed = false; // a socket that goes on all the same
			FakeTCP.last.receive(packet.publish("t", bytes("x")));
			FakeTCP.last.drop();
			clock.advance(60_000);
			deepEqual([session.messages.length, session.errors], [0, 0]);
			equal(clock.armed, 0, "timers");
		});

		it("is legal before the host is resolved", () => {
			const session = guarded();
			session.client.close();
			ok(FakeResolver.last.closed);
			FakeResolver.last.answer();
			clock.advance(60_000);
			equal(FakeTCP.opened.length, 0, "sockets");
			equal(session.errors, 0);
		});

		const stream = join(
			packet.connack(),
			packet.suback(1, 0),
			packet.publish("t", bytes("abc")),
			packet.pingresp(),
		);
		for (const place of ["onReadable", "onWritable", "onControl", "onError"] as const) {
			it(`is legal in ${place}`, () => {
				let calls = 0;
				const session = guarded({
					[place](this: MQTTClient) {
						calls += 1;
						this.close();
					},
				}).open();
				session.receive(stream);
				FakeTCP.last.drop();
				clock.advance(60_000);
				equal(calls, 1);
				ok(FakeTCP.last.closed);
				equal(clock.armed, 0, "timers");
			});

			it(`lets no exception escape from ${place}, and ends the connection`, () => {
				const session = guarded({
					[place]() {
						session.errors += place === "onError" ? 1 : 0;
						throw new Error("application");
					},
				}).open();
				session.receive(stream);
				FakeTCP.last.drop();
				clock.advance(60_000);
				equal(session.errors, 1);
				ok(FakeTCP.last.closed);
				equal(clock.armed, 0, "timers");
			});
		}

		it("is legal in callbacks that come from a timer", () => {
			let reads = 0;
			const session = guarded({
				onReadable() {
					reads += 1;
					if (reads === 2) this.close();
				},
			}).connect();
			session.receive(join(packet.publish("t", bytes("a")), packet.publish("t", bytes("b"))));
			session.client.read(1);
			clock.advance(0);
			equal(reads, 2);
			ok(FakeTCP.last.closed);
		});
	});
}

function fresh(): void {
	clock.reset();
	FakeTCP.reset();
	FakeResolver.reset();
}
