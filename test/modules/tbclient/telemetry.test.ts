import "../../setup.ts";
import type { JSONObject } from "host/contract";
import { jsonCodec } from "tbclient/codec";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

const texts = (mqtt = FakeMQTT.last) => mqtt.published.map(({ text }) => text);
const Epoch = 1_700_000_000_000;

/** A clock that is told the time later, or never. */
const wall = { known: true };
const now = () => (wall.known ? Epoch + clock.now : undefined);

describe("TBClient: telemetry", () => {
	beforeEach(() => {
		begin();
		wall.known = true;
	});

	it("takes an object, a reading with its time, and lists of both, as they are where there is no clock", () => {
		connect({ inFlight: 9 });
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry({ ts: 5, values: { a: 1 }, more: 2 });
		client.sendTelemetry([{ a: 1 }, { ts: 5, values: {} }]);
		client.sendTelemetry({ ts: 5, a: 1 });
		deepEqual(texts(), [
			'{"a":1}',
			'{"ts":5,"values":{"a":1}}',
			'[{"a":1},{"ts":5,"values":{}}]',
			'{"ts":5,"a":1}',
		]);
	});
	it("throws for what the server cannot take", () => {
		make();
		for (const ts of ["5", -1, 1.5, Number.NaN, null])
			throws(() => client.sendTelemetry({ ts, values: {} }), "expected ms since 1970");
		throws(() => client.sendTelemetry({ ts: 1, values: [] }), "values: expected an object, got a list");
		throws(() => client.sendTelemetry([1] as unknown as JSONObject[]), "expected an object, got a number");
		throws(() => client.sendTelemetry({}, { QoS: 2 as 1 }), "QoS: expected 0 or 1, got 2");
		throws(() => client.publish("", ""), "expected a topic, got none");
		for (const topic of ["a/+", "#", "a\nb"]) throws(() => client.publish(topic, ""), "wildcards");
	});
	it("rounds what the server would store as text, and leaves out what it cannot store", () => {
		connect();
		const values = {
			a: 0.1 + 0.2,
			b: 1e-17,
			c: 21.5,
			d: Number.NaN,
			e: -Infinity,
			f: 2 ** 63,
			g: -(2 ** 62),
			h: "1",
		};
		client.sendTelemetry(values);
		client.sendAttributes({ x: Number.NaN, y: 1 / 3e7 });
		equal(texts()[0], '{"a":0.3,"b":0,"c":21.5,"g":-4611686018427388000,"h":"1"}');
		equal(texts()[1], '{"y":3.33333333e-8}');
		clock.advance(0);
		includes(
			log[0] ?? "",
			"TB_VALUE: sendTelemetry: expected numbers that the server can store, got d: NaN, e: -I",
		);
		includes(log[1] ?? "", "TB_VALUE: sendAttributes");
		equal(client.stats.unstorable, 4);
		ok(Number.isNaN(values.d));
	});
	it("dates every reading at the call, also while offline, and no two alike", () => {
		make({ clock: now });
		const start = now() ?? 0;
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry([{ a: 2 }, { ts: 7, values: { a: 3 } }]);
		clock.advance(5000);
		client.sendTelemetry({ a: 4 });
		FakeMQTT.last.accept();
		deepEqual(texts(), [
			`{"ts":${start},"values":{"a":1}}`,
			`[{"ts":${start + 1},"values":{"a":2}},{"ts":7,"values":{"a":3}}]`,
			`{"ts":${start + 5000},"values":{"a":4}}`,
		]);
	});
	it("follows a clock that is set back", () => {
		let time = Epoch;
		connect({ clock: () => time });
		client.sendTelemetry({});
		time -= 60_000;
		client.sendTelemetry({});
		includes(texts()[1] ?? "", `${Epoch - 60_000}`);
	});
	it("dates early readings once the time is known, in their order, and never those that have a time", () => {
		wall.known = false;
		make({ clock: now });
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry({ ts: 7, values: { a: 2 } });
		clock.advance(3000);
		client.sendTelemetry([{ a: 3 }, { ts: 8, values: {} }]);
		const start = Epoch + clock.now;
		FakeMQTT.last.accept();
		deepEqual(texts(), []);
		wall.known = true;
		clock.advance(1000);
		deepEqual(texts(), [
			`{"ts":${start - 3000},"values":{"a":1}}`,
			'{"ts":7,"values":{"a":2}}',
			`[{"ts":${start},"values":{"a":3}},{"ts":8,"values":{}}]`,
		]);
		equal(client.stats.undated, 0);
	});
	it("sends early readings without a time 10 s after a connection, and counts them; questions do not wait", () => {
		wall.known = false;
		make({ clock: now });
		client.sendTelemetry({ a: 1 });
		clock.advance(0);
		FakeMQTT.last.accept();
		client.requestAttributes({}, () => {});
		clock.advance(9_999);
		deepEqual(texts(), ["{}"]);
		clock.advance(1);
		client.sendTelemetry({ a: 2 });
		deepEqual(texts(), ["{}", '{"a":1}', '{"a":2}']);
		equal(client.stats.undated, 2);
	});
	it("survives a clock that throws, or tells no time", () => {
		const times = [
			() => {
				throw new Error("no clock");
			},
			() => Number.NaN,
			() => undefined,
		];
		connect({ clock: () => times.shift()?.() });
		for (let i = 0; i < 4; i++) client.sendTelemetry({ i });
		clock.advance(10_000);
		deepEqual(texts(), ['{"i":0}', '{"i":1}', '{"i":2}', '{"i":3}']);
		deepEqual([client.stats.callbackErrors, client.stats.undated, client.connected], [1, 4, true]);
	});
	it("takes no more memory for readings that were dated late", () => {
		wall.known = false;
		make({ clock: now, outbox: { messages: 99, bytes: 100 } });
		for (let round = 0; round < 20; round++) {
			wall.known = round % 2 === 1;
			client.sendTelemetry({ n: 1 });
			wall.known = true;
			clock.advance(1000);
			if (!client.connected) FakeMQTT.last.accept();
			for (const { id } of FakeMQTT.last.published.splice(0)) FakeMQTT.last.ack(id);
			FakeMQTT.last.written = [];
		}
		for (let i = 0; i < 9; i++) client.sendTelemetry({ i });
		equal(client.stats.dropped, 9 - Math.floor(100 / 40));
	});
	it("adds no time where the codec has none", () => {
		connect({ clock: now, codec: { ...jsonCodec, timestamps: false, lists: false } });
		client.sendTelemetry([{ a: 1 }, { b: 2 }, { c: 3 }]);
		deepEqual(texts(), ['{"a":1}', '{"b":2}', '{"c":3}']);
	});
	it("parts what is too large for one message, in order, under one completion", () => {
		const mqtt = connect({ outbox: { bytes: 300_000 }, inFlight: 9 });
		const values = Object.fromEntries([..."abcdef"].map((key) => [key, key.repeat(30_000)]));
		client.sendTelemetry([{ ts: 1, values }, { g: 1 }], note("all"));
		for (let i = 0; i < 10; i++) mqtt.writable(400_000);
		const sent = texts().map((text) => Object.keys(JSON.parse(text).values ?? JSON.parse(text)));
		deepEqual(sent, [["a"], ["b", "c"], ["d"], ["e", "f"], ["g"]]);
		for (const text of texts().slice(0, 4)) ok(text.length <= 65_000 && JSON.parse(text).ts === 1);
		for (const { id } of mqtt.published) {
			deepEqual(log, []);
			mqtt.ack(id);
		}
		deepEqual(log, ["all done"]);
	});
	it("tells the first error of a call in parts, when all of it is settled", () => {
		const mqtt = connect({ outbox: { bytes: 65_000 } });
		client.sendAttributes({ a: "a".repeat(40_000), b: "b".repeat(40_000) }, note("all"));
		for (let i = 0; i < 10; i++) mqtt.writable(100_000);
		clock.advance(0);
		deepEqual(log, []);
		mqtt.ack(mqtt.published[0]?.id);
		deepEqual(log, ["all TB_OUTBOX_FULL"]);
		client.sendTelemetry({ a: 1, b: "b".repeat(70_000) }, note("large"));
		client.publish("x", "x".repeat(70_000), { callback: note("x") });
		clock.advance(0);
		deepEqual(log.slice(1), ["large TB_TOO_LARGE", "x TB_TOO_LARGE"]);
	});
	it("parts without a completion too", () => {
		connect({ outbox: { bytes: 100_000 } });
		client.sendTelemetry({ a: "a".repeat(40_000), b: "b".repeat(40_000) });
		for (let i = 0; i < 10; i++) FakeMQTT.last.writable(100_000);
		equal(texts().length, 2);
	});
});
