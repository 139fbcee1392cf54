// After a loss: what was in flight goes out alone, so that the message which ends connections is found, and a slow link is given time.
import "../../setup.ts";
import { deepEqual, equal, includes } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

/** The next connection, accepted and subscribed. */
function again(): FakeMQTT {
	const before = FakeMQTT.last;
	for (let i = 0; FakeMQTT.last === before && i < 1000; i++) clock.advance(100);
	FakeMQTT.last.accept();
	FakeMQTT.last.grant();
	return FakeMQTT.last;
}

/** Acknowledges in order; false at a message of the application, which ends the connection. */
function serve(mqtt: FakeMQTT): void {
	for (let i = 0; ; i++) {
		const one = mqtt.published.filter(({ QoS }) => QoS)[i];
		if (!one || one.topic === "v1/devices/me/telemetry") break;
		mqtt.ack(one.id);
	}
	mqtt.drop();
}

describe("TBClient: resending", () => {
	beforeEach(begin);

	it("sends what was in flight one at a time, all of it, and then as many as ever", () => {
		const mqtt = connect({ inFlight: 4 });
		for (let n = 0; n < 9; n++) client.sendTelemetry({ n });
		equal(mqtt.published.length, 4);
		mqtt.drop();
		const next = again();
		const counts: number[] = [];
		for (let n = 0; n < 5; n++) {
			counts.push(next.published.length);
			next.ack(next.published[n]?.id);
		}
		deepEqual(counts, [1, 2, 3, 4, 8]);
	});
	it("finds the message that ends connections, though a question is acknowledged before it on each of them", () => {
		make({ inFlight: 4, watch: ["a"], sessionLimits: true });
		for (let n = 0; n < 4; n++) client.sendTelemetry({ n }, note(`${n}`));
		clock.advance(0);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
		for (let round = 0; round < 4; round++) {
			clock.advance(5000);
			serve(FakeMQTT.last);
			again();
		}
		includes(log.join(), "0 TB_QUARANTINED");
	});
	it("gives a large message as long as the link takes it, and no longer", () => {
		const mqtt = connect({ outbox: { bytes: 70_000 } });
		mqtt.room = 200;
		client.sendTelemetry({ s: "x".repeat(30_000) }, note("a"));
		for (let i = 0; i < 25; i++) {
			clock.advance(1000);
			mqtt.writable(1040);
		}
		deepEqual(log, []);
		clock.advance(20_000);
		includes(log.join(), "TB_TIMEOUT: expected PUBACK");
	});
});
