import { connect } from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";
import { realClock } from "../../thingsboard/clock.ts";
import { decode, type Shown } from "../../thingsboard/console/decode.ts";
import { capacity, headSize, WireLog } from "../../thingsboard/console/wire-log.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, hello, online, Peer } from "./server.ts";

/** A packet as the log shows it. */
function shown(packet: Packet, level = 4, cut?: number): Shown {
	const log = new WireLog(realClock);
	const trace = log.open();
	if (level === 5) trace.received(generate(hello({ protocolVersion: 5 })));
	trace.received(generate(packet, level).subarray(0, cut));
	const entry = log.after(0).at(-1);
	if (!entry) throw new Error("expected an entry, got none");
	return decode(entry);
}

const generate = (packet: Packet, protocolVersion = 4) => mqttPacket.generate(packet, { protocolVersion });
const publish = (over: object): Packet =>
	({
		cmd: "publish",
		topic: "v2/t",
		payload: '{"a":1}',
		qos: 1,
		messageId: 9,
		dup: false,
		retain: false,
		...over,
	}) as Packet;

describe("wire log: the ring", () => {
	it("keeps the latest entries, numbered without gaps", () => {
		const log = new WireLog(realClock);
		const trace = log.open();
		for (let i = 0; i < capacity + 10; i++) trace.received(Uint8Array.of(0xc0, 0));
		const seqs = log.after(0).map(({ seq }) => seq);
		deepEqual([seqs.length, seqs[0], seqs.at(-1)], [capacity, 12, capacity + 11]);
		deepEqual(
			log.after(capacity + 5, 3).map(({ seq }) => seq),
			[capacity + 6, capacity + 7, capacity + 8],
		);
		deepEqual(log.after(log.last), []);
	});

	it("keeps a copy of the head and the whole size", () => {
		const log = new WireLog(realClock);
		const bytes = new Uint8Array(50_000).fill(1);
		log.open().sent(bytes);
		const entry = log.after(1)[0];
		deepEqual([entry?.size, entry?.head.length], [50_000, headSize]);
		ok(entry?.head.buffer !== bytes.buffer, "a slice would keep the whole buffer alive");
	});

	it("wakes who watches", () => {
		const log = new WireLog(realClock);
		let woken = 0;
		log.watchers.add(() => woken++);
		log.open().closed("test");
		equal(woken, 2);
	});
});

describe("wire log: what a packet says", () => {
	it("shows CONNECT without its secrets", () => {
		const packet = hello({ clientId: "me", username: "A1_TEST_TOKEN", password: Buffer.from("hush") });
		const { detail = "" } = shown(packet);
		equal(detail, 'MQTT 3.1.1, client "me", user A1_***, password ***, keep-alive 30 s, clean');
	});

	it("shows a will and MQTT 5", () => {
		const will = { topic: "w", payload: Buffer.from("x"), qos: 0, retain: false, properties: {} };
		const packet = hello({ protocolVersion: 5, will, properties: { sessionExpiryInterval: 5 } });
		equal(shown(packet, 5).detail, 'MQTT 5, client "c", will w, keep-alive 30 s, clean');
	});

	it("shows PUBLISH: topic, QoS, id, flags, payload as text", () => {
		const { topic, qos, id, text, payload, detail } = shown(publish({ dup: true }));
		deepEqual([topic, qos, id, text, payload, detail], ["v2/t", 1, 9, '{"a":1}', 7, "DUP"]);
		const five = shown(publish({ qos: 0, properties: { userProperties: { k: "v" } } }), 5);
		deepEqual([five.text, five.id, five.payload], ['{"a":1}', undefined, 7]);
	});

	it("shows provisioning and claiming without their secrets", () => {
		const text = (topic: string, payload: string) => shown(publish({ topic, payload })).text;
		equal(
			text("/provision/request", '{"deviceName":"d","provisionDeviceSecret":"s\\"x","token": "t"}'),
			'{"deviceName":"d","provisionDeviceSecret":"***","token": "***"}',
		);
		equal(text("/provision/response", '{"credentialsValue":"abc"}'), '{"credentialsValue":"***"}');
		equal(text("/provision/response", '{"password":"abc'), '{"password":"***"', "also where it is cut off");
		equal(
			text("v1/gateway/claim", '{"A":{"secretKey":"k","durationMs":1}}'),
			'{"A":{"secretKey":"***","durationMs":1}}',
		);
		equal(text("v1/devices/me/telemetry", '{"token":"a name like any"}'), '{"token":"a name like any"}');
		const { hex, payload } = shown(publish({ topic: "/provision/request", payload: Buffer.of(0, 1) }));
		deepEqual([hex, payload], [undefined, 2]);
	});

	it("shows bytes that are no text in hexadecimal", () => {
		const { text, hex } = shown(publish({ payload: Buffer.of(0xe9, 0, 1) }));
		deepEqual([text, hex], [undefined, "e90001"]);
	});

	it("shows the kept part of a long text, whole characters only", () => {
		const { text = "", payload } = shown(publish({ payload: "ä".repeat(5000) }));
		equal(payload, 10_000);
		ok(/^ä+$/.test(text) && text.length > 1000, text.slice(-5));
		equal(shown(publish({ payload: "aä" })).text, "aä");
	});

	it("shows filters, grants, codes and ids", () => {
		const subscriptions = [
			{ topic: "a/+", qos: 1 as const },
			{ topic: "b", qos: 0 as const },
		];
		const subscribe: Packet = { cmd: "subscribe", messageId: 3, subscriptions };
		equal(shown(subscribe).detail, "a/+ at QoS 1, b at QoS 0");
		equal(shown(subscribe, 5).detail, "a/+ at QoS 1, b at QoS 0");
		equal(shown({ cmd: "unsubscribe", messageId: 3, unsubscriptions: ["a", "b"] }).detail, "a, b");
		equal(shown({ cmd: "suback", messageId: 3, granted: [1, 128] }).detail, "1, 0x80");
		equal(
			shown({ cmd: "connack", returnCode: 5, sessionPresent: true }).detail,
			"code 5 (0x5), session present",
		);
		equal(shown({ cmd: "puback", messageId: 3 }).id, 3);
		equal(shown({ cmd: "puback", messageId: 3, reasonCode: 0x99 }, 5).detail, "code 153 (0x99)");
		equal(shown({ cmd: "disconnect", reasonCode: 0x8e }, 5).detail, "code 142 (0x8e)");
		equal(shown({ cmd: "pingreq" }).packet, "PINGREQ");
	});

	it("survives any bytes", () => {
		const log = new WireLog(realClock);
		const trace = log.open();
		for (let first = 0; first < 256; first++)
			for (const rest of [[], [0xff], [0xff, 0xff, 0xff, 0xff, 0xff], [2, 0xff, 0xff], [0, 0, 0, 0]])
				trace.received(Uint8Array.of(first, ...rest));
		for (const entry of log.after(0)) ok(JSON.stringify(decode(entry)));
	});
});

describe("wire log: a connection", () => {
	let rig: Bench;
	beforeEach(async () => {
		rig = await bench();
	});
	afterEach(() => rig.end());

	const log = () => rig.server.core.wire.after(0).map(decode);

	it("tells a whole life, with the device's name once it is known", async () => {
		const peer = await online(rig);
		peer.publish("v1/devices/me/telemetry", '{"a":1}');
		await peer.kind();
		peer.send({ cmd: "disconnect" });
		equal(await peer.next(), "closed");
		deepEqual(
			log().map(({ direction, packet, device }) => `${direction} ${packet} ${device}`),
			[
				"open  null",
				"in CONNECT null",
				"out CONNACK d",
				"in PUBLISH d",
				"out PUBACK d",
				"in DISCONNECT d",
				"close  d",
			],
		);
	});

	it("tells why a stranger was closed", async () => {
		const peer = new Peer(rig.server);
		peer.send(hello({ username: "nobody" }));
		await peer.next();
		equal(await peer.next(), "closed");
		equal(log().at(-1)?.detail, "refused with CONNACK 5");
		const raw = connect(rig.server.mqttPort, "127.0.0.1");
		raw.on("error", () => undefined);
		await new Promise((done) => raw.end(Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff, 1)).once("close", done));
		ok(log().at(-1)?.detail?.startsWith("remaining length"));
	});
});
