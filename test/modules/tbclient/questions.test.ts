// Questions that nobody can answer: they end, leave nothing behind, and somebody hears of them.
import "../../setup.ts";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

describe("TBClient: questions without an answer", () => {
	beforeEach(begin);

	it("are not sent any more when their time is over: they would pile up behind the server's limits", () => {
		make({ sessionLimits: true, requestTimeout: 1000 });
		clock.advance(0);
		const mqtt = FakeMQTT.last;
		mqtt.accept();
		mqtt.grant();
		mqtt.deliver("v1/devices/me/rpc/response/0", '{"rateLimits":{"messages":"1:100"}}');
		const before = mqtt.published.length;
		for (let i = 0; i < 20; i++) {
			for (const name of ["a", "b"]) client.requestAttributes({ shared: [name] }, note("q"));
			clock.advance(2000);
		}
		equal(log.filter((line) => line === "q TB_TIMEOUT").length, 40);
		clock.advance(10_000_000);
		equal(mqtt.published.length, before);
	});
	it("are told where nobody asked for them by name: those of `watch`", () => {
		connect({ requestTimeout: 1000, watch: ["a"] });
		clock.advance(1000);
		includes(log.join(), "error TB_TIMEOUT: request 1: no answer in 1000 ms");
	});
	it("are bounded, also without a connection, and take nobody's room", () => {
		make({ outbox: { messages: 10, drop: "oldest" } });
		for (let i = 0; i < 10; i++) client.sendTelemetry({ i }, note("reading"));
		for (let i = 0; i < 100; i++) client.publish("a", "x", { transient: true, callback: note("question") });
		clock.advance(0);
		equal(log.filter((line) => line === "question TB_OUTBOX_FULL").length, 36);
		ok(!log.includes("reading TB_OUTBOX_FULL"));
		equal(client.stats.peakMessages, 74);
	});
});

describe("TBClient: what the caller gets wrong", () => {
	beforeEach(begin);

	it("is a QoS that there is none of", () => {
		const mqtt = connect();
		throws(() => client.publish("a", "b", { QoS: 2 as 1 }), "publish: QoS: expected 0 or 1, got 2");
		client.publish("a", "b", { QoS: 0 });
		deepEqual(mqtt.published[0]?.QoS, 0);
	});
	it("is an answer to no call", () => {
		connect();
		for (const id of [Number.NaN, -1, 1.5, "1" as unknown as number])
			throws(() => client.respond(id, 1), "respond: expected the id of a call");
	});
});
