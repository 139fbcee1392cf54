import "../../setup.ts";
import type { JSONObject } from "host/contract";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

describe("TBClient: delivery", () => {
	beforeEach(begin);

	it("calls back on PUBACK, not from inside the call", () => {
		const mqtt = connect();
		client.sendTelemetry({ t: 1 }, note("a"));
		client.sendAttributes({ b: 2 });
		deepEqual(log, []);
		const [first, second] = mqtt.published;
		deepEqual([first?.topic, first?.text, first?.QoS], ["v1/devices/me/telemetry", '{"t":1}', 1]);
		equal(second?.topic, "v1/devices/me/attributes");
		mqtt.ack(first?.id);
		mqtt.ack(first?.id);
		mqtt.ack(second?.id);
		deepEqual(log, ["a done"]);
		equal(client.stats.acknowledged, 2);
	});
	it("throws for what the caller got wrong", () => {
		make();
		throws(() => client.sendTelemetry([]), "empty list");
		throws(() => client.sendTelemetry(null as unknown as JSONObject), "null");
		throws(() => client.sendTelemetry(1 as unknown as JSONObject), "number");
		throws(() => client.sendAttributes([] as unknown as JSONObject), "list");
		client.close();
		throws(() => client.sendTelemetry({}), "closed");
	});
	it("keeps messages while offline, at most 16, and says so in a later turn", () => {
		make();
		for (let i = 0; i < 17; i++) client.sendTelemetry({ i }, note(String(i)));
		deepEqual(log, []);
		equal(client.stats.dropped, 1);
		clock.advance(0);
		deepEqual(log, ["16 TB_OUTBOX_FULL"]);
		FakeMQTT.last.accept();
		equal(FakeMQTT.last.published.length, 4);
		for (let i = 0; i < 16; i++) FakeMQTT.last.ack(FakeMQTT.last.published[i]?.id);
		equal(client.stats.acknowledged, 16);
	});
	it("refuses what the server would end the connection for, and what exceeds the outbox", () => {
		make();
		client.sendTelemetry({ s: "x".repeat(66_000) }, note("a"));
		client.sendTelemetry({ s: "x".repeat(9_000) }, note("b"));
		clock.advance(0);
		deepEqual(log, ["a TB_TOO_LARGE", "b TB_OUTBOX_FULL"]);
	});
	it("waits for room after an overflow", () => {
		const mqtt = connect();
		mqtt.room = 10;
		client.sendTelemetry({ t: 1 });
		equal(mqtt.published.length, 0);
		mqtt.writable(1536);
		equal(mqtt.published.length, 1);
	});
	it("sends a large message in pieces through a small window, and nothing between", () => {
		const mqtt = connect();
		const values = { s: "x".repeat(5000) };
		mqtt.room = 1536;
		client.sendTelemetry(values);
		client.sendTelemetry({ t: 1 });
		equal(client.requestFirmware(1, 0, 4096), false);
		for (let i = 0; i < 10; i++) mqtt.writable(1536);
		equal(mqtt.published[0]?.text, JSON.stringify(values));
		equal(mqtt.published[1]?.text, '{"t":1}');
	});
	it("begins a large message anew after a loss in its middle, behind SUBSCRIBE", () => {
		const mqtt = connect();
		const values = { s: "x".repeat(5000) };
		mqtt.room = 1536;
		client.sendTelemetry(values);
		mqtt.drop();
		clock.advance(1000);
		FakeMQTT.last.accept();
		const [first, second] = FakeMQTT.last.written;
		deepEqual([first?.operation, second?.duplicate], [FakeMQTT.SUBSCRIBE, true]);
		equal(second?.text, JSON.stringify(values));
	});
	it("sends again after a loss, marked as duplicate, under the same id", () => {
		const mqtt = connect();
		client.sendTelemetry({ t: 1 }, note("a"));
		client.sendTelemetry({ t: 2 }, note("b"));
		const { id } = mqtt.published[0] ?? {};
		mqtt.drop();
		clock.advance(1000);
		FakeMQTT.last.accept();
		const [again] = FakeMQTT.last.published;
		deepEqual([again?.id, again?.duplicate, again?.text], [id, true, '{"t":1}']);
		equal(FakeMQTT.last.published.length, 1);
		FakeMQTT.last.ack(id);
		equal(FakeMQTT.last.published.length, 2);
		equal(client.stats.resent, 2);
	});
	it("ends a connection that does not acknowledge in 20 s", () => {
		const mqtt = connect();
		client.sendTelemetry({ t: 1 });
		clock.advance(19_999);
		ok(client.connected);
		clock.advance(1);
		ok(!client.connected && mqtt.closed);
		includes(log.join(), "TB_TIMEOUT: expected PUBACK");
	});
	it("ends a connection without SUBACK", () => {
		make();
		clock.advance(0);
		FakeMQTT.last.accept();
		clock.advance(20_000);
		includes(log.join(), "expected SUBACK");
	});
	it("keeps a message for a server that is silent, but not for ever", () => {
		connect();
		client.sendTelemetry({ good: 1 }, note("good"));
		for (let silence = 1; silence < 8; silence++) {
			clock.advance(20_000 + 60_000);
			FakeMQTT.last.accept();
			FakeMQTT.last.grant();
		}
		equal(log.filter((line) => line.startsWith("good")).length, 0);
		clock.advance(20_000);
		includes(log.join(), "good TB_QUARANTINED");
	});
	it("costs no timer to drop a message without a completion", () => {
		connect({ outbox: { messages: 1 }, inFlight: 1 });
		client.sendTelemetry({ t: 1 });
		const before = clock.armed;
		for (let i = 0; i < 100; i++) client.sendTelemetry({ t: i });
		equal(clock.armed, before);
		equal(client.stats.dropped, 100);
	});
	it("refuses what is an object but not in JSON", () => {
		connect();
		for (const value of [new Date(0), { toJSON: () => undefined }, { toJSON: () => 1 }])
			throws(() => client.sendTelemetry(value as never), "expected an object in JSON");
		equal(client.stats.sent, 0);
	});
	it("gives up a message that was alone in flight when the connection ended twice", () => {
		connect();
		client.sendTelemetry({ bad: 1 }, note("bad"));
		for (let i = 0; i < 2; i++) {
			FakeMQTT.last.drop();
			clock.advance(60_000);
			FakeMQTT.last.accept();
			FakeMQTT.last.grant();
		}
		includes(log.join(), "bad TB_QUARANTINED");
		equal(FakeMQTT.last.published.length, 0);
	});
	it("wraps identifiers at 65535 and skips those in flight", () => {
		const mqtt = connect();
		client.sendTelemetry({ stays: 1 });
		const kept = mqtt.published[0]?.id;
		mqtt.written = [];
		const seen = new Set<number>();
		for (let i = 0; i < 65_540; i++) {
			client.sendTelemetry({});
			const id = mqtt.written.pop()?.id ?? 0;
			ok(id >= 1 && id <= 65535 && id !== kept);
			seen.add(id);
			mqtt.room = 100_000;
			mqtt.ack(id);
		}
		equal(seen.size, 65534);
	});
	it("takes a write that fails for a lost connection, in a later turn", () => {
		const mqtt = connect();
		mqtt.failure = new Error("broken pipe");
		client.sendTelemetry({ t: 1 });
		deepEqual(log, []);
		equal(client.requestFirmware(1, 0, 10), false);
		clock.advance(0);
		includes(log.join(), "TB_LOST: write: broken pipe");
	});
});
