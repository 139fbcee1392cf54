import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import mqttPacket, { type Packet } from "mqtt-packet";
import { Core } from "../../../thingsboard/core.ts";
import { jsonText, parseJson } from "../../../thingsboard/json.ts";
import { Connection } from "../../../thingsboard/mqtt/connection.ts";
import { FrameGate } from "../../../thingsboard/mqtt/frames.ts";
import type { Wire } from "../../../thingsboard/mqtt/wire.ts";
import { deepEqual, equal, ok } from "../../assert.ts";
import { hello, ToldClock } from "../server.ts";

const topics = [
	"v1/devices/me/telemetry",
	"v1/devices/me/attributes",
	"v1/devices/me/attributes/request/1",
	"v1/devices/me/attributes/response/+",
	"v1/devices/me/rpc/request/+",
	"v1/devices/me/rpc/request/7",
	"v1/devices/me/rpc/response/0",
	"v1/devices/me/claim",
	"v1/gateway/telemetry",
	"v2/t/p",
	"v2/a/j",
	"v2/fw/request/1/chunk/0",
	"v2/fw/response/+/chunk/+",
	"#",
	"",
];
const payloads = [
	"",
	"{}",
	"[]",
	'{"a":1}',
	'[{"ts":1,"values":{"a":"007"}},{"b":null}]',
	'{"clientKeys":"a,b"}',
	'{"method":"getSessionLimits"}',
	'{"ts":"x","values":{}}',
	"4096",
	"[".repeat(60_000),
	`{"a":${"9".repeat(20_000)}}`,
	'{"a":1e999999999}',
	`{"a":${"1e999,".repeat(5000)}}`,
	`[${"{},".repeat(10_000)}{}]`,
	"\ufeff{a=1;b=>'x'}",
];

const text = fc.oneof(fc.constantFrom(...topics), fc.string({ unit: "binary", maxLength: 40 }));
const payload = fc.oneof(
	fc.constantFrom(...payloads).map((known) => Buffer.from(known)),
	fc.json().map((json) => Buffer.from(json)),
	fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const id = fc.integer({ min: 1, max: 65_535 });
const qos = fc.constantFrom(0, 1, 2);
const packet: fc.Arbitrary<object> = fc.oneof(
	fc.record({
		cmd: fc.constant("publish"),
		topic: text,
		payload,
		qos,
		messageId: id,
		dup: fc.boolean(),
		retain: fc.boolean(),
	}),
	fc.record({
		cmd: fc.constant("subscribe"),
		messageId: id,
		subscriptions: fc.array(fc.record({ topic: text, qos }), { minLength: 1, maxLength: 5 }),
	}),
	fc.record({
		cmd: fc.constant("unsubscribe"),
		messageId: id,
		unsubscriptions: fc.array(text, { minLength: 1 }),
	}),
	fc.record({ cmd: fc.constantFrom("puback", "pubrec", "pubrel", "pubcomp"), messageId: id }),
	fc.record({ cmd: fc.constantFrom("pingreq", "pingresp", "disconnect") }),
	fc.constantFrom(
		hello({ username: "bad" }),
		hello({ username: "provision" }),
		hello({ username: "nobody" }),
	),
);

/** A stream as bytes in pieces: where it is cut, what is changed in it and where it ends too early. */
const mangling = fc.record({
	flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 }),
	cut: fc.option(fc.nat(), { nil: undefined }),
	pieces: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }),
});

function encode(packets: object[], version: number): Buffer {
	const parts = packets.flatMap((one) => {
		try {
			return [mqttPacket.generate(one as Packet, { protocolVersion: version })];
		} catch {
			return []; // mqtt-packet refuses to write a wildcard or an empty topic; raw bytes cover those
		}
	});
	return Buffer.concat(parts);
}

function mangle(
	bytes: Buffer,
	{ flips, cut }: { flips: [number, number][]; cut?: number | undefined },
): Buffer {
	const copy = Buffer.from(bytes);
	for (const [at, mask] of flips)
		if (copy.length) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ mask;
	return cut === undefined ? copy : copy.subarray(0, cut % (copy.length + 1));
}

/** One server, a sane device and the one that is fuzzed. What the server did not expect shows in its log. */
class Rig {
	readonly unexpected: string[] = [];
	readonly core: Core;
	readonly bad: TestWire;
	#sane: TestWire;
	#id = 0;

	constructor() {
		const log = (line: string) => {
			if (line.includes("unexpected")) this.unexpected.push(line);
		};
		this.core = new Core({ clock: new ToldClock(), log });
		this.core.devices.create({ name: "sane" }, "sane");
		this.core.devices.create({ name: "bad", additionalInfo: { gateway: true } }, "bad");
		this.#sane = this.wire();
		this.#sane.onBytes(mqttPacket.generate(hello({ username: "sane" })));
		this.bad = this.wire();
	}

	wire(): TestWire {
		const wire = new TestWire();
		new Connection(this.core, wire);
		return wire;
	}

	/** The sane device is served as if nothing had happened, and the server was surprised by nothing. */
	async check(): Promise<void> {
		await turns();
		this.#id = (this.#id % 60_000) + 1;
		const messageId = this.#id;
		const before = this.#sane.size;
		const one = { cmd: "publish", topic: topics[0] ?? "", payload: '{"a":1}', qos: 1, messageId } as Packet;
		this.#sane.onBytes(mqttPacket.generate(one));
		await turns();
		equal(this.#sane.size - before, 4, "PUBACK of the sane device");
		deepEqual(this.unexpected, []);
	}
}

class TestWire implements Wire {
	onBytes: (bytes: Uint8Array) => void = () => undefined;
	onGone: () => void = () => undefined;
	size = 0;
	closed = false;

	write(bytes: Uint8Array): void {
		this.size += bytes.length;
	}

	close(): void {
		this.closed = true;
		this.onBytes = () => undefined;
	}
}

async function turns(): Promise<void> {
	for (let i = 0; i < 3; i++) await new Promise((done) => setImmediate(done));
}

const long = process.env.TEST_LONG === "1";
const fresh = (Math.random() * 2 ** 31) | 0;

describe("thingsboard: bad input", function () {
	this.timeout(long ? 600_000 : 60_000);
	const numRuns = long ? 10_000 : 400;

	for (const seed of [1, 2, fresh]) {
		it(`closes on or answers random bytes, and serves the others (seed ${seed})`, async () => {
			const greeting = mqttPacket.generate(hello({ username: "bad" }));
			const stream = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 }));
			const property = fc.asyncProperty(stream, async ([greeted, bytes]) => {
				const rig = new Rig();
				if (greeted) rig.bad.onBytes(greeting);
				await turns();
				rig.bad.onBytes(bytes);
				await rig.check();
			});
			await fc.assert(property, { seed, numRuns });
		});

		it(`closes on or answers any packets, whole, changed or cut short (seed ${seed})`, async () => {
			const cases = fc.tuple(fc.constantFrom(3, 4, 5), fc.array(packet, { maxLength: 8 }), mangling);
			const property = fc.asyncProperty(cases, async ([version, packets, how]) => {
				const rig = new Rig();
				const protocolId = version === 3 ? "MQIsdp" : "MQTT";
				const first = hello({ username: "bad", protocolId, protocolVersion: version });
				const bytes = mangle(encode([first, ...packets], version), how);
				for (let at = 0, i = 0; at < bytes.length; i++) {
					const size = how.pieces[i % how.pieces.length] ?? 1;
					rig.bad.onBytes(Uint8Array.from(bytes.subarray(at, at + size)));
					at += size;
					if (i % 3 === 0) await new Promise((done) => setImmediate(done));
				}
				await rig.check();
			});
			await fc.assert(property, { seed, numRuns });
		});

		it(`reads JSON as JSON.parse does where that one can read it (seed ${seed})`, () => {
			const property = fc.property(fc.json({ maxDepth: 5 }), (json) => {
				deepEqual(JSON.parse(jsonText(parseJson(json))), JSON.parse(json));
			});
			fc.assert(property, { seed, numRuns: numRuns * 5 });
		});
	}

	it("keeps no more than 64 pieces of a packet apart, however small they are", async () => {
		const gate = new FrameGate();
		let frames = [...gate.push(Uint8Array.of(0x30, 0x80, 0x80, 0x04))]; // 65 536 bytes are to come
		const pieces: WeakRef<Uint8Array>[] = [];
		for (let i = 1; i < 65_536; i++) {
			const piece = Uint8Array.of(0);
			frames = [...frames, ...gate.push(piece)];
			if (i % 16 === 0) pieces.push(new WeakRef(piece));
		}
		await turns();
		collect();
		const kept = pieces.filter((piece) => piece.deref()).length;
		ok(kept <= 4, `${kept} of ${pieces.length}`);
		equal([...frames, ...gate.push(Uint8Array.of(0))].length, 1);
	});

	it("keeps what one device stores below a limit, however much it sends, and forgets the oldest", async () => {
		const rig = new Rig();
		rig.bad.onBytes(mqttPacket.generate(hello({ username: "bad" })));
		await turns();
		const publish = (topic: string, body: string) =>
			rig.bad.onBytes(
				mqttPacket.generate({ cmd: "publish", topic, payload: body, qos: 0, dup: false, retain: false }),
			);
		const value = "x".repeat(60_000);
		for (let i = 0; i < 1000; i++) {
			publish("v1/devices/me/telemetry", `{"ts":${i},"values":{"same":"${value}","k${i}":1}}`);
			publish("v1/devices/me/attributes", `{"a${i}":"${value}"}`);
		}
		await rig.check();
		const bad = rig.core.devices.byName("bad");
		ok(bad?.session, "still connected");
		const points = bad.series.get("same") ?? [];
		equal(points.at(-1)?.ts, 999);
		ok(points.length > 50 && points.length < 300, `${points.length} points`);
		const { size } = bad.attributes.CLIENT_SCOPE;
		ok(bad.attributes.CLIENT_SCOPE.has("a999") && size > 50 && size < 300, `${size} attributes`);
	});
});

/** Runs the garbage collector. */
function collect(): void {
	setFlagsFromString("--expose-gc");
	(runInNewContext("gc") as () => void)();
}
