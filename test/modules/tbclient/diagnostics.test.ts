import "../../setup.ts";
import { healthOf } from "tbclient/health";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

const host = globalThis as unknown as { trace(text: string): void };

/** What is traced meanwhile. */
function traced(action: () => void): string {
	const { trace } = host;
	let all = "";
	host.trace = (text) => {
		all += text;
	};
	try {
		action();
	} finally {
		host.trace = trace;
	}
	return all;
}

describe("TBClient: diagnostics", () => {
	beforeEach(begin);

	it("counts what was dropped by reason", () => {
		const mqtt = connect({ outbox: { messages: 1 } });
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry({ b: 1 });
		client.publish("t", new ArrayBuffer(65_001));
		mqtt.deliver("v1/devices/me/attributes", "x".repeat(5000));
		for (let i = 0; i < 2; i++) {
			FakeMQTT.last.drop();
			clock.advance(60_000);
			if (!i) FakeMQTT.last.accept();
			if (!i) FakeMQTT.last.grant();
		}
		const { dropped, droppedFull, droppedTooLarge, droppedQuarantined } = client.stats;
		deepEqual([dropped, droppedFull, droppedTooLarge, droppedQuarantined], [4, 1, 2, 1]);
	});
	it("counts what was forgotten with its connection", () => {
		const mqtt = connect();
		client.publish("t", "x", { transient: true, callback: note("t") });
		client.requestAttributes({}, note("q"));
		mqtt.drop();
		equal(client.stats.dropped, 2);
		deepEqual(log.slice(0, 2), ["t TB_DISCONNECTED", "q TB_DISCONNECTED"]);
	});
	it("keeps the peaks of the queue", () => {
		make({ outbox: { messages: 10, bytes: 100 } });
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry({ b: 2 });
		clock.advance(0);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
		for (const { id } of FakeMQTT.last.published) FakeMQTT.last.ack(id);
		client.sendTelemetry({ c: 3 });
		deepEqual([client.stats.peakMessages, client.stats.peakBytes], [2, 14]);
	});
	it("measures the round trip", () => {
		const mqtt = connect();
		for (const ms of [80, 160, 0]) {
			client.sendTelemetry({ ms });
			clock.advance(ms);
			mqtt.ack(mqtt.published[mqtt.published.length - 1]?.id);
		}
		deepEqual([client.stats.roundTrip, client.stats.roundTripMax], [79, 160]);
	});
	it("tells counters that are not 0 as telemetry", () => {
		const mqtt = connect();
		client.sendTelemetry({ a: 1 });
		clock.advance(7);
		mqtt.ack(mqtt.published[0]?.id);
		deepEqual(healthOf(client.stats), {
			tbConnects: 1,
			tbSent: 1,
			tbAcknowledged: 1,
			tbPeakMessages: 1,
			tbPeakBytes: 7,
			tbRoundTrip: 7,
			tbRoundTripMax: 7,
		});
	});
	it("traces every step, but no contents and no credentials, when asked to", () => {
		const text = traced(() => {
			make({ trace: true, sessionLimits: true }, { userName: "SECRET1", password: "SECRET2" });
			clock.advance(0);
			const mqtt = FakeMQTT.last;
			mqtt.accept();
			mqtt.grant();
			mqtt.deliver("v1/devices/me/rpc/response/0", '{"rateLimits":{"telemetryMessages":"1:1"}}');
			mqtt.deliver("v1/devices/me/attributes", '{"SECRET3":1}');
			client.sendTelemetry({ SECRET4: 1 });
			client.sendTelemetry({ SECRET5: 1 });
			mqtt.ack(mqtt.published[1]?.id);
			client.sendAttributes({ SECRET6: 1 });
			clock.advance(1100);
			mqtt.drop();
			clock.advance(500);
			FakeMQTT.last.accept();
			FakeMQTT.last.grant();
			clock.advance(10_000);
		});
		for (const step of [
			"tbclient: connect to server:1883\n",
			"accepted by server:1883",
			"SUBSCRIBE 1, 6 filters",
			"PUBLISH 2 v1/devices/me/telemetry, 13 bytes\n",
			"v1/devices/me/telemetry waits ",
			"PUBACK 2",
			"received v1/devices/me/attributes, 13 bytes",
			"TB_LOST: connection to server:1883: closed by the server or the network; again in ",
			", again\n",
		])
			includes(text, step);
		ok(!text.includes("SECRET"), text);
	});
	it("traces nothing when not asked to", () => {
		equal(
			traced(() => {
				connect();
				client.sendTelemetry({ a: 1 });
				FakeMQTT.last.drop();
			}),
			"",
		);
	});
});

describe("TBClient: TLS before the time is known", () => {
	beforeEach(begin);
	const secure = { socket: { io: null, secure: {} }, secure: { verify: false } };

	it("waits for the time, tells it once, and connects when it is there", () => {
		let now: number | undefined;
		make({ ...secure, clock: () => now });
		clock.advance(5000);
		equal(FakeMQTT.made.length, 0);
		equal(log.length, 1);
		includes(log.join(), "disconnected TB_CLOCK: connect to server:8883: expected the time");
		now = 1_700_000_000_000;
		clock.advance(1000);
		equal(FakeMQTT.made.length, 1);
		equal(client.stats.lost, 0);
	});
	it("takes a clock that throws for one without a time: nothing escapes from a timer", () => {
		const clocks = () => {
			throw new Error("RTC");
		};
		make({ ...secure, clock: clocks });
		clock.advance(5000);
		equal(FakeMQTT.made.length, 0);
		includes(log.join(), "disconnected TB_CLOCK");
	});
	it("needs no time without TLS, and does not ask where no clock was given", () => {
		make({ clock: () => undefined });
		clock.advance(0);
		make(secure);
		clock.advance(0);
		equal(FakeMQTT.made.length, 2);
	});
	it("ends with the client", () => {
		make({ ...secure, clock: () => undefined });
		clock.advance(0);
		client.close();
		equal(clock.armed, 0);
	});
});
