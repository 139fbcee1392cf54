import "../../setup.ts";
import MQTTSocket, { type MQTTSocketOptions } from "guards/mqtt-socket";
import type { MQTTHooks } from "host/contract";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeTCP, join } from "../../fakes/tcp.ts";
import { packet } from "../../sdk/mqtt-contract.ts";

const boom = () => {
	throw new Error("boom");
};

/** A reader that takes all it is offered, in both formats, and notes what comes when. */
class Reader {
	socket: MQTTSocket;
	log: unknown[] = [];
	errors: string[] = [];
	received: number[] = [];

	constructor(options: MQTTSocketOptions = {}) {
		const hooks: MQTTHooks = {
			onConnack: (...values) => this.log.push("connack", ...values),
			onEmptyPublish: (...values) => this.log.push("empty", ...values),
		};
		this.socket = new MQTTSocket({
			base: { io: FakeTCP, nodelay: true },
			hooks,
			address: "192.0.2.1",
			host: "tb",
			port: 1883,
			onReadable: (count) => this.take(count),
			onWritable: (count) => this.log.push("writable", count),
			onError: (error) => this.errors.push(String(error)),
			...options,
		});
	}
	take(count: number): void {
		this.socket.format = "number";
		const first = this.socket.read() as number;
		this.socket.format = "buffer";
		const rest = new Uint8Array(count - 1);
		equal(this.socket.read(rest), count - 1);
		this.received.push(first, ...rest);
	}
	receive(data: ArrayLike<number>, ...cuts: number[]): this {
		FakeTCP.last.receive(data, ...cuts);
		clock.advance(0);
		return this;
	}
}

function fresh(): void {
	clock.reset();
	FakeTCP.reset();
}

const kept = join(
	packet.connack(0, true),
	packet.suback(1, 1, 0x80),
	packet.publish("v1/big", new Uint8Array(400).fill(5), 1, 4),
	packet.puback(9),
	packet.pingresp(),
	packet.publish("t", [1]),
);
const stream = join(
	packet.connack(0, true),
	packet.suback(1, 1, 0x80),
	packet.publish("v1/void", [], 1, 0x1234),
	packet.publish("v1/big", new Uint8Array(400).fill(5), 1, 4),
	packet.publish("v1/µ", []),
	packet.publish("v1/void", [], 2, 1),
	packet.puback(9),
	packet.pingresp(),
	packet.publish("t", [1]),
);
const told = [
	"connack",
	0,
	true,
	"empty",
	"v1/void",
	1,
	0x1234,
	"empty",
	"v1/µ",
	0,
	0,
	"empty",
	"v1/void",
	2,
	1,
];

describe("guards/mqtt-socket: inbound", () => {
	beforeEach(fresh);

	it("makes the socket below with its own options, those of base winning", () => {
		new Reader({ base: { io: FakeTCP, port: 8883, secure: 1 } });
		const { address, host, port, secure, format } = FakeTCP.last.options;
		deepEqual([address, host, port, secure, format], ["192.0.2.1", "tb", 8883, 1, "buffer"]);
	});

	it("needs base.io", () => {
		throws(() => new MQTTSocket({}), "expected base");
	});

	it("hands on every byte but those of empty PUBLISHes, and tells what it saw, however the stream is split", () => {
		for (let cut = 0; cut < stream.length; cut++) {
			fresh();
			const reader = new Reader().receive(stream, cut);
			deepEqual(reader.received, [...kept], `cut at ${cut}`);
			deepEqual(reader.log, told, `cut at ${cut}`);
			deepEqual(reader.errors, [], `cut at ${cut}`);
		}
	});

	it("does so in segments of one byte, and of any other size", () => {
		for (const size of [1, 2, 3, 4, 5, 7, 11, 64, 256]) {
			fresh();
			const cuts: number[] = [];
			for (let cut = size; cut < stream.length; cut += size) cuts.push(cut);
			const reader = new Reader().receive(stream, ...cuts);
			deepEqual(reader.received, [...kept], `size ${size}`);
			deepEqual(reader.log, told, `size ${size}`);
		}
	});

	it("tells a refused CONNACK before its last byte is read", () => {
		const reader = new Reader({
			onReadable(count) {
				deepEqual(reader.log, ["connack", 5, false]);
				reader.take(count);
			},
		});
		reader.receive(packet.connack(5), 3);
		equal(reader.received.length, 4);
	});

	it("offers one packet at a time", () => {
		const offers: number[] = [];
		const reader = new Reader({
			onReadable(count) {
				offers.push(count);
				reader.take(count);
			},
		});
		reader.receive(join(packet.puback(1), packet.pingresp(), packet.puback(2)));
		deepEqual(offers, [4, 2, 4]);
		deepEqual(reader.errors, []);
	});

	it("leaves the next packet alone until this one is read, then goes on from a timer", () => {
		const offers: number[] = [];
		const reader = new Reader({ onReadable: (count) => offers.push(count) });
		reader.receive(join(packet.puback(1), packet.publish("v", [])), 2, 3);
		deepEqual(offers, [2, 3, 4]);
		equal(reader.socket.read(new ArrayBuffer(4)), 4);
		deepEqual(reader.log, [], "nothing from inside read()");
		clock.advance(0);
		deepEqual(reader.log, ["empty", "v", 0, 0]);
		equal(clock.armed, 0, "timers");
	});

	it("reads a count, all, a view with an offset and other views", () => {
		const reader = new Reader({ onReadable() {} });
		reader.receive(packet.publish("t", [1, 2, 3, 4, 5, 6, 7, 8, 9]));
		const { socket } = reader;
		deepEqual(new Uint8Array(socket.read(3) as ArrayBuffer), [0x30, 12, 0]);
		const view = new Uint8Array(4);
		equal(socket.read(view.subarray(1)), 3);
		deepEqual(view, [0, 1, 116, 1]);
		const data = new DataView(new ArrayBuffer(3), 1, 2);
		equal(socket.read(data as unknown as ArrayBuffer), 2);
		deepEqual(new Uint8Array(data.buffer), [0, 2, 3]);
		socket.format = "number";
		equal(socket.read(), 4);
		socket.format = "buffer";
		deepEqual(new Uint8Array(socket.read() as ArrayBuffer), [5, 6, 7, 8, 9]);
	});

	it("reads nothing where there is nothing, and refuses more than it announced", () => {
		const { socket } = new Reader({ onReadable() {} });
		equal(socket.read(), undefined);
		equal(socket.read(0), undefined);
		equal(socket.read(new Uint8Array(0)), 0);
		socket.format = "number";
		equal(socket.read(), undefined);
		socket.format = "buffer";
		throws(() => socket.read(1), "expected 0…0 bytes, got 1");
		FakeTCP.last.receive(packet.puback(1));
		throws(() => socket.read(5), "expected 0…4 bytes, got 5");
		throws(() => socket.read(-1), "got -1");
	});

	it("does not mind callbacks and hooks that are missing", () => {
		new MQTTSocket({ base: { io: FakeTCP } });
		FakeTCP.last.accept();
		FakeTCP.last.receive(join(packet.publish("t", []), packet.connack()));
		FakeTCP.last.drop();
		fresh();
		new MQTTSocket({ base: { io: FakeTCP }, hooks: {} });
		FakeTCP.last.receive(join(packet.publish("t", []), packet.connack()));
	});

	const broken: [string, ArrayLike<number>, string][] = [
		["a fifth length byte", [0x30, 0xff, 0xff, 0xff, 0xff], "remaining length: expected at most 4 bytes"],
		["a topic longer than its packet", [0x30, 4, 0, 9], "expected at most 2 in this packet, got 9"],
		["a topic too long to hold", [0x30, 0xff, 0x7f, 8, 0], "expected 1…1024, got 2048"],
		["an empty PUBLISH with identifier 0", packet.publish("t", [], 1, 0), "packet identifier 1…65535"],
		["an empty PUBLISH whose topic is not UTF-8", [0x30, 4, 0, 2, 0xff, 0xff], ""],
	];
	for (const [name, data, text] of broken)
		it(`ends the connection on ${name}`, () => {
			const reader = new Reader().receive(join(packet.pingresp(), data, packet.pingresp()));
			equal(reader.errors.length, 1);
			ok(String(reader.errors[0]).includes(text), String(reader.errors[0]));
			ok(FakeTCP.last.closed);
			deepEqual(reader.received, packet.pingresp());
		});

	it("ends the connection when the socket below announces bytes it does not have", () => {
		const reader = new Reader();
		FakeTCP.last.options.onReadable?.call(undefined, 3);
		deepEqual(reader.errors, ["Error: MQTTSocket: expected a byte, got undefined"]);
	});
});

describe("guards/mqtt-socket: outbound", () => {
	beforeEach(fresh);

	it("writes as the socket below: room returned, chains joined, buffer format whatever reads use", () => {
		const reader = new Reader({ onReadable: () => reader.socket.read(1) });
		FakeTCP.last.accept();
		deepEqual(reader.log, ["writable", 1536]);
		reader.socket.format = "number";
		FakeTCP.last.receive(packet.pingresp());
		reader.socket.write(Uint8Array.of(1), { more: true, byteLength: 3 });
		equal(reader.socket.write(Uint8Array.of(2, 3)), 1533);
		deepEqual(FakeTCP.last.frames, [[1, 2, 3]]);
		equal(FakeTCP.last.torn, 0);
	});

	it("returns no room when the socket below has failed", () => {
		const { socket } = new Reader();
		FakeTCP.last.accept();
		FakeTCP.last.write = () => undefined as unknown as number; // lwIP after an error
		equal(socket.write(Uint8Array.of(1)), 0);
	});

	it("throws when a packet is refused at its first byte: nothing was sent", () => {
		const reader = new Reader();
		throws(() => reader.socket.write(Uint8Array.of(1)), "would block");
		clock.advance(0);
		deepEqual(reader.errors, []);
	});

	it("ends the connection, later, when a packet is refused in the middle", () => {
		const reader = new Reader();
		FakeTCP.last.accept();
		FakeTCP.last.refuseAfter = 1;
		reader.socket.write(Uint8Array.of(1), { more: true, byteLength: 2 });
		equal(reader.socket.write(Uint8Array.of(2)), 0);
		deepEqual(reader.errors, [], "not from inside write()");
		clock.advance(0);
		deepEqual(reader.errors, ["Error: would block"]);
		ok(FakeTCP.last.closed);
	});

	it("has no byte for a client that reads on where the network has not come", () => {
		const bytes: unknown[] = [];
		const reader = new Reader({
			onReadable(count) {
				reader.socket.format = "number";
				for (let i = 0; i <= count; i++) bytes.push(reader.socket.read());
			},
		});
		const whole = packet.publish("abc", Uint8Array.of(7));
		reader.receive(whole.slice(0, 5)).receive(whole.slice(5));
		deepEqual(bytes, [...whole.slice(0, 5), undefined, ...whole.slice(5), undefined]);
	});

	it("refuses to write when closed", () => {
		const { socket } = new Reader();
		socket.close();
		throws(() => socket.write(Uint8Array.of(1)), "closed");
	});
});

describe("guards/mqtt-socket: exceptions and close", () => {
	beforeEach(fresh);

	const all = join(packet.connack(), packet.publish("t", []), packet.pingresp(), packet.pingresp());
	const play = () => {
		FakeTCP.last.accept();
		FakeTCP.last.receive(all);
		FakeTCP.last.drop();
		clock.advance(0);
	};
	const place: Record<string, (action: () => void) => MQTTSocketOptions> = {
		onReadable: (action) => ({ onReadable: action }),
		onWritable: (action) => ({ onWritable: action }),
		onSocket: (action) => ({ hooks: { onSocket: (open) => open && action() } }),
		onConnack: (action) => ({ hooks: { onConnack: action } }),
		onEmptyPublish: (action) => ({ hooks: { onEmptyPublish: action } }),
	};
	for (const [name, options] of Object.entries(place)) {
		it(`turns an exception in ${name} into one onError, and closes`, () => {
			const reader = new Reader(options(boom));
			play();
			deepEqual(reader.errors, ["Error: boom"]);
			equal(FakeTCP.last.closes, 1);
		});

		it(`closes when ${name} and onError throw`, () => {
			new Reader({ ...options(boom), onError: boom });
			play();
			equal(FakeTCP.last.closes, 1);
		});

		it(`may be closed in ${name}, twice, and calls nothing more`, () => {
			let calls = 0;
			const reader = new Reader(
				options(() => {
					calls += 1;
					reader.socket.close();
					reader.socket.close();
				}),
			);
			play();
			deepEqual([calls, reader.errors.length, FakeTCP.last.closes], [1, 0, 1]);
			ok(!reader.log.includes("empty") || name !== "onConnack", "nothing after close");
		});

		it(`survives a close and then an exception in ${name}`, () => {
			const reader = new Reader(
				options(() => {
					reader.socket.close();
					boom();
				}),
			);
			play();
			deepEqual(reader.errors, []);
		});
	}

	it("tells how far it came, and why it ended before the client learns it", () => {
		const log: unknown[] = [];
		new Reader({
			hooks: { onSocket: (open) => log.push(open), onFailure: (error) => log.push(error) },
			onWritable: (count) => log.push(count),
			onError: () => log.push("error"),
		});
		FakeTCP.last.accept();
		FakeTCP.last.accept();
		FakeTCP.last.options.onError?.call(FakeTCP.last, "why");
		deepEqual(log, [false, true, 1536, 1536, "why", "error"]);
	});

	it("tells why there is no socket, and throws it", () => {
		const log: unknown[] = [];
		FakeTCP.refusal = new Error("no memory");
		throws(() => new Reader({ hooks: { onFailure: (error) => log.push(String(error)) } }), "no memory");
		throws(() => new Reader({ hooks: {} }), "no memory");
		deepEqual(log, ["Error: no memory"]);
	});

	it("tells the client of the end also when onFailure throws", () => {
		const reader = new Reader({ hooks: { onFailure: boom } });
		FakeTCP.last.drop();
		deepEqual([reader.errors.length, FakeTCP.last.closes], [1, 1]);
	});

	it("may be closed in onError", () => {
		const reader = new Reader({ onError: () => reader.socket.close() });
		FakeTCP.last.drop();
		equal(FakeTCP.last.closes, 1);
	});

	it("tells the end once, also when it fails while failing", () => {
		let errors = 0;
		new Reader({
			onError() {
				errors += 1;
				FakeTCP.last.drop();
			},
		});
		FakeTCP.last.drop();
		equal(errors, 1);
	});

	it("calls nothing after close, whatever the socket below does", () => {
		const reader = new Reader();
		reader.receive([0xd0]);
		reader.socket.close();
		FakeTCP.last.closed = false;
		FakeTCP.last.accept();
		FakeTCP.last.receive([0]);
		FakeTCP.last.drop();
		deepEqual([reader.log, reader.received, reader.errors], [[], [], []]);
	});

	it("forgets its timer when closed", () => {
		const reader = new Reader({ onReadable() {} });
		reader.receive(join(packet.pingresp(), packet.pingresp()));
		reader.socket.read(2);
		equal(clock.armed, 1);
		reader.socket.close();
		equal(clock.armed, 0);
	});

	it("takes a format after close, as the SDK's client sets it there", () => {
		const { socket } = new Reader();
		socket.close();
		socket.format = "number";
		equal(socket.read(), undefined);
	});
});

describe("guards/mqtt-socket: random bytes", () => {
	/** xorshift32: the same numbers on every engine. */
	function random(seed: number): (below: number) => number {
		let state = seed | 1;
		return (below) => {
			state ^= state << 13;
			state ^= state >>> 17;
			state ^= state << 5;
			return (state >>> 0) % below;
		};
	}

	/** Mostly well-formed packets, some with a byte changed, some noise. */
	function hostile(below: (limit: number) => number): Uint8Array<ArrayBuffer> {
		const parts: number[][] = [];
		for (let count = below(12) + 1; count; count--) {
			const QoS = below(3);
			const one = [
				() => packet.connack(below(7), !below(2)),
				() => packet.publish("t".repeat(below(40) + 1), new Uint8Array(below(300)), QoS, below(65_536)),
				() => packet.publish("topic", [], QoS, below(65_536)),
				() => packet.suback(below(65_536), below(3)),
				() => packet.pingresp(),
				() => Array.from({ length: below(30) }, () => below(256)),
			][below(6)]?.() ?? [0];
			if (!below(6) && one.length) one[below(one.length)] = below(256);
			parts.push(one);
		}
		return join(...parts);
	}

	function run(seed: number): void {
		fresh();
		const below = random(seed);
		let given = 0;
		let told = 0;
		let offered = 0;
		const take = () => {
			const count = Math.min(offered, below(offered + 1));
			if (!count) return;
			socket.format = below(2) ? "number" : "buffer";
			if (socket.format === "number") socket.read();
			else socket.read(below(2) ? count : new Uint8Array(count));
			const taken = socket.format === "number" ? 1 : count;
			given += taken;
			offered -= taken;
		};
		const socket = new MQTTSocket({
			base: { io: FakeTCP },
			hooks: {
				onEmptyPublish(topic, QoS) {
					told += ArrayBuffer.fromString(topic).byteLength + 4 + (QoS ? 2 : 0);
				},
			},
			onReadable(count) {
				offered = count;
				take();
			},
		});
		const data = hostile(below);
		let arrived = 0;
		while (arrived < data.length && !FakeTCP.last.closed) {
			const end = Math.min(data.length, arrived + 1 + below(20));
			FakeTCP.last.receive(data.slice(arrived, end));
			arrived = end;
			take();
			clock.advance(0);
			const kept = arrived - FakeTCP.last.unread.length - given - told;
			ok(FakeTCP.last.closed || kept <= 7 + 1026, `seed ${seed}: ${kept} bytes kept`);
		}
		ok(clock.armed === 0, `seed ${seed}: a timer is left`);
	}

	it("lets nothing escape and keeps at most a head and a topic (fixed seeds)", () => {
		for (let seed = 1; seed <= 300; seed++) run(seed);
	});

	it("lets nothing escape and keeps at most a head and a topic (a fresh seed)", () => {
		const seed = Math.floor(Math.random() * 2 ** 31);
		trace(`guards/mqtt-socket: seed ${seed}\n`);
		for (let step = 0; step < 100; step++) run((seed + step) | 0);
	});
});
