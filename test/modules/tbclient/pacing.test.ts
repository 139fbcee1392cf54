import "../../setup.ts";
import type { TBClientOptions } from "tbclient";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, log, make, note } from "./rig.ts";

const Ask = "v1/devices/me/rpc/request/0";
const sent = () => FakeMQTT.last.published.map(({ topic, text }) => `${topic?.split("/").pop()} ${text}`);

/** Connects, subscribed, with the question for limits out and its answer due. */
function start(options: Partial<TBClientOptions> = {}): FakeMQTT {
	make({ sessionLimits: true, ...options });
	clock.advance(0);
	return again();
}

/** The attempt that is under way succeeds. */
function again(): FakeMQTT {
	FakeMQTT.last.accept();
	FakeMQTT.last.grant();
	return FakeMQTT.last;
}

function answer(limits: Record<string, unknown>): void {
	FakeMQTT.last.deliver("v1/devices/me/rpc/response/0", JSON.stringify(limits));
}

/** Acknowledges everything that was written. */
function ackAll(): void {
	for (const { id, QoS } of FakeMQTT.last.published.filter((one) => one.QoS === 1))
		if (QoS) FakeMQTT.last.ack(id);
}

describe("TBClient: keeping to the server's limits", () => {
	beforeEach(begin);

	it("asks right behind SUBSCRIBE, and holds everything else until the answer", () => {
		const mqtt = start();
		client.sendTelemetry({ a: 1 });
		client.requestAttributes({}, () => {});
		deepEqual(
			mqtt.written.map(({ operation = FakeMQTT.PUBLISH, topic = "" }) => `${operation} ${topic}`),
			["8 ", `3 ${Ask}`],
		);
		equal(mqtt.published[0]?.text, '{"method":"getSessionLimits","params":{}}');
		answer({ rateLimits: { messages: null, telemetryMessages: "", telemetryDataPoints: null } });
		deepEqual(sent().slice(1), ["1 {}", 'telemetry {"a":1}']);
		equal(client.stats.delayed, 2);
	});
	it("goes on after 5 s without an answer, and when the server knows no limits", () => {
		start();
		client.sendTelemetry({ a: 1 });
		clock.advance(4999);
		equal(sent().length, 1);
		clock.advance(1);
		equal(sent().length, 2);
		answer({ error: "timeout" });
		ackAll();
		client.sendTelemetry({ b: 1 });
		equal(sent().length, 3);
	});
	it("asks again later when there was no room", () => {
		make({ sessionLimits: true });
		clock.advance(0);
		FakeMQTT.last.room = 10;
		FakeMQTT.last.accept();
		equal(FakeMQTT.last.published.length, 0);
		FakeMQTT.last.writable(1000);
		deepEqual(
			FakeMQTT.last.published.map(({ topic }) => topic),
			[Ask],
		);
	});
	it("does not ask when told not to", () => {
		start({ sessionLimits: false });
		client.sendTelemetry({ a: 1 });
		deepEqual(sent(), ['telemetry {"a":1}']);
	});
	it("sends at the server's rate, in order, also over a reconnect", () => {
		start({ outbox: { messages: 100 }, inFlight: 100 });
		answer({ rateLimits: { telemetryMessages: "3:3" } });
		for (let n = 0; n < 6; n++) client.sendTelemetry({ n });
		equal(sent().length, 4);
		ackAll();
		clock.advance(1100);
		equal(sent().length, 5);
		FakeMQTT.last.drop();
		clock.advance(500);
		again();
		answer({ rateLimits: { telemetryMessages: "3:3" } });
		equal(sent().length, 1);
		clock.advance(1100);
		ackAll();
		for (let i = 0; i < 5; i++) {
			clock.advance(1100);
			ackAll();
		}
		deepEqual(
			sent().slice(1),
			[3, 4, 5].map((n) => `telemetry {"n":${n}}`),
		);
		ok(client.stats.delayed >= 3);
	});
	it("parts by points, and drops what is already kept and can never go", () => {
		start();
		client.sendTelemetry({ a: 1, b: 2, c: 3 }, note("large"));
		client.sendTelemetry({ d: 1 }, note("small"));
		answer({ maxPayloadSize: 700, rateLimits: { telemetryDataPoints: "2:1" } });
		clock.advance(0);
		deepEqual(sent().slice(1), ['telemetry {"d":1}']);
		deepEqual(log.slice(1), ["large TB_TOO_LARGE"]);
		ackAll();
		clock.advance(3000);
		client.sendTelemetry({ e: 1, f: 2, g: 3 });
		client.sendTelemetry({ x: "x".repeat(164) }, note("long"));
		clock.advance(0);
		deepEqual(sent().slice(2), ['telemetry {"e":1}']);
		equal(log.pop(), "long TB_TOO_LARGE");
		ackAll();
		clock.advance(3000);
		deepEqual(sent().slice(3), ['telemetry {"f":2,"g":3}']);
	});
	it("keeps to the server's window", () => {
		start({ inFlight: 8 });
		answer({ maxInflightMessages: 1 });
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry({ b: 1 });
		equal(sent().length, 2);
		FakeMQTT.last.ack(FakeMQTT.last.published[1]?.id);
		equal(sent().length, 3);
	});
	it("counts connecting, subscribing, calls, answers and the first request of a package", () => {
		start();
		answer({ rateLimits: { messages: "7:7" } }); // 3 are gone
		FakeMQTT.last.deliver("v1/devices/me/rpc/request/1", '{"method":"a"}'); // PUBACK, and an error in answer
		client.requestFirmware(1, 0, 10);
		client.requestFirmware(1, 1, 10);
		client.requestAttributes({}, () => {});
		equal(sent().filter((line) => line.endsWith("{}")).length, 1);
		client.requestAttributes({}, () => {});
		equal(sent().filter((line) => line.endsWith("{}")).length, 1);
	});
	it("subscribes late rather than in vain, and is connected only then", () => {
		start();
		answer({ rateLimits: { messages: "4:4" } });
		FakeMQTT.last.drop();
		clock.advance(500);
		log.length = 0;
		FakeMQTT.last.accept();
		equal(FakeMQTT.last.written.length, 0);
		deepEqual([client.connected, log.length], [false, 0]);
		clock.advance(2000);
		equal(FakeMQTT.last.written[0]?.operation, FakeMQTT.SUBSCRIBE);
		equal(FakeMQTT.last.published[0]?.topic, Ask);
		deepEqual(log, ["connected"]);
	});
	it("does not write after a connection that ended in such a pause", () => {
		start();
		answer({ rateLimits: { messages: "4:4" } });
		FakeMQTT.last.drop();
		clock.advance(500);
		FakeMQTT.last.accept();
		const mqtt = FakeMQTT.last;
		mqtt.drop();
		clock.advance(3000);
		equal(mqtt.written.length, 0);
	});
	it("tells an answer that is none", () => {
		start();
		FakeMQTT.last.deliver("v1/devices/me/rpc/response/0", "7");
		includes(log.join(), "TB_MALFORMED: v1/devices/me/rpc/response/0");
	});
});
