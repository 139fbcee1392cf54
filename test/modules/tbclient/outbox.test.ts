import "../../setup.ts";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

const texts = (mqtt = FakeMQTT.last) => mqtt.published.map(({ text }) => text);

/** Five readings while offline, of which the outbox keeps three. */
function fill(drop: "oldest" | "newest" | "refuse"): string[] {
	make({ outbox: { messages: 3, drop }, inFlight: 9 });
	for (let i = 0; i < 5; i++) client.sendTelemetry({ i }, note(`${i}`));
	clock.advance(0);
	equal(client.stats.dropped, 2);
	FakeMQTT.last.accept();
	return texts();
}

describe("TBClient: outbox", () => {
	beforeEach(begin);

	it("drops the oldest, the newest or the new message, as the application chose", () => {
		deepEqual(fill("oldest"), ['{"i":2}', '{"i":3}', '{"i":4}']);
		deepEqual(log.slice(0, 2), ["0 TB_OUTBOX_FULL", "1 TB_OUTBOX_FULL"]);
		begin();
		deepEqual(fill("newest"), ['{"i":0}', '{"i":1}', '{"i":4}']);
		deepEqual(log.slice(0, 2), ["2 TB_OUTBOX_FULL", "3 TB_OUTBOX_FULL"]);
		begin();
		deepEqual(fill("refuse"), ['{"i":0}', '{"i":1}', '{"i":2}']);
		deepEqual(log.slice(0, 2), ["3 TB_OUTBOX_FULL", "4 TB_OUTBOX_FULL"]);
	});
	it("drops what waits, never what is in flight, and nothing for what would find no room all the same", () => {
		connect({ outbox: { messages: 2, bytes: 100, drop: "oldest" }, inFlight: 1 });
		for (let i = 0; i < 3; i++) client.sendTelemetry({ i }, note(`${i}`));
		clock.advance(0);
		deepEqual(log, ["1 TB_OUTBOX_FULL"]);
		client.sendTelemetry({ s: "x".repeat(100) }, note("large"));
		clock.advance(0);
		deepEqual(log.slice(1), ["large TB_OUTBOX_FULL"]);
		client.respond(1, "urgent", note("urgent"));
		client.respond(2, "urgent", note("another"));
		clock.advance(0);
		deepEqual(log.slice(2), ["2 TB_OUTBOX_FULL", "another TB_OUTBOX_FULL"]);
		equal(client.stats.dropped, 4);
	});
	it("drops the oldest also of what was in flight when a connection was lost", () => {
		const mqtt = connect({ outbox: { messages: 3, drop: "oldest" }, inFlight: 2 });
		for (let i = 0; i < 3; i++) client.sendTelemetry({ i }, note(`${i}`));
		client.respond(1, 1);
		mqtt.drop();
		log.length = 0;
		for (let i = 3; i < 6; i++) client.sendTelemetry({ i }, note(`${i}`));
		clock.advance(1000);
		deepEqual(
			log.slice(0, 4),
			["2", "0", "1", "3"].map((name) => `${name} TB_OUTBOX_FULL`),
		);
		FakeMQTT.last.accept();
		for (let i = 0; i < 3; i++) FakeMQTT.last.ack(FakeMQTT.last.published[i]?.id);
		deepEqual(texts(), ["1", '{"i":4}', '{"i":5}']);
	});
	it("drops the newest again and again", () => {
		make({ outbox: { messages: 3, bytes: 60, drop: "newest" } });
		for (const n of [1, 2, 3, 4]) client.sendTelemetry({ n });
		client.sendTelemetry({ s: "x".repeat(40) });
		clock.advance(0);
		FakeMQTT.last.accept();
		deepEqual(texts(), ['{"n":1}', `{"s":"${"x".repeat(40)}"}`]);
	});
	it("keeps text and bytes, topics and QoS of what waits", () => {
		make({ inFlight: 9 });
		client.publish("a,b", "one", { callback: note("one") });
		client.publish("c", Uint8Array.of(0x32).buffer, { callback: note("two") });
		client.sendTelemetry({ three: "ä\n" }, note("three"));
		client.sendAttributes({ four: 4 }, note("four"));
		client.sendTelemetry({ five: 5 }, { QoS: 0, callback: note("five") });
		client.sendTelemetry({ six: 6 });
		clock.advance(0);
		FakeMQTT.last.accept();
		deepEqual(
			FakeMQTT.last.published.map(({ topic, text, QoS }) => [topic, text, QoS]),
			[
				["a,b", "one", 1],
				["c", "2", 1],
				["v1/devices/me/telemetry", '{"three":"ä\\n"}', 1],
				["v1/devices/me/attributes", '{"four":4}', 1],
				["v1/devices/me/telemetry", '{"five":5}', 0],
				["v1/devices/me/telemetry", '{"six":6}', 1],
			],
		);
		for (const { id } of FakeMQTT.last.published) if (id) FakeMQTT.last.ack(id);
		deepEqual(log, ["connected", "one done", "two done", "three done", "four done"]);
		clock.advance(0);
		equal(log[5], "five done");
	});
	it("completes QoS 0 when it is written, large ones too, and needs no identifier for it", () => {
		const mqtt = connect();
		mqtt.room = 1536;
		const values = { s: "x".repeat(3000) };
		client.sendTelemetry(values, { QoS: 0, callback: note("large") });
		client.sendTelemetry({ a: 1 }, { QoS: 0 });
		clock.advance(0);
		deepEqual(log, []);
		for (let i = 0; i < 5; i++) mqtt.writable(1536);
		clock.advance(0);
		deepEqual(log, ["large done"]);
		deepEqual(texts(), [JSON.stringify(values), '{"a":1}']);
		deepEqual([mqtt.published[0]?.id, mqtt.published[0]?.duplicate], [undefined, undefined]);
	});
	it("tells transient messages that their connection is gone", () => {
		make({ onDisconnected: () => log.push("disconnected") });
		client.publish("a", "0", { transient: true, callback: note("offline") });
		clock.advance(0);
		FakeMQTT.last.drop();
		deepEqual(log, ["offline TB_DISCONNECTED", "disconnected"]);
		const mqtt = connect({ inFlight: 1 });
		client.publish("a", "1", { transient: true, callback: note("sent") });
		client.publish("a", "2", { transient: true, urgent: true, callback: note("urgent") });
		client.publish("a", "3", { urgent: true, callback: note("kept") });
		mqtt.drop();
		deepEqual(log.slice(0, 2), ["sent TB_DISCONNECTED", "urgent TB_DISCONNECTED"]);
		clock.advance(1000);
		FakeMQTT.last.accept();
		deepEqual(texts(), ["3"]);
	});
	it("says when a chunk can be asked for again", () => {
		const mqtt = connect({ onWritable: () => log.push("writable") });
		mqtt.room = 1100;
		client.sendTelemetry({ s: "x".repeat(2000) });
		equal(client.requestFirmware(1, 0, 10), false);
		equal(client.requestFirmware(1, 1, 10), false);
		mqtt.writable(5000);
		mqtt.writable(5000);
		clock.advance(0);
		deepEqual(log, ["writable"]);
		ok(client.requestFirmware(1, 0, 10));
		mqtt.writable(5000);
		clock.advance(0);
		equal(log.length, 1);
	});
	it("counts the deadline from the message in flight for longest", () => {
		const mqtt = connect();
		client.sendTelemetry({ a: 1 });
		clock.advance(5000);
		client.sendTelemetry({ b: 1 });
		mqtt.ack(mqtt.published[0]?.id);
		clock.advance(19_999);
		ok(client.connected);
		clock.advance(1);
		ok(!client.connected);
	});
});
