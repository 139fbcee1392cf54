import "../../setup.ts";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, log, make } from "./rig.ts";

const ends = () => log.filter((line) => line.startsWith("disconnected")).map((line) => line.split(/[ :]/)[1]);

/** Connects, passes `life` ms, and is closed by the server. Returns the ms that the client had waited. */
function fight(life: number, close = () => FakeMQTT.last.drop()): number {
	const waited = attempt();
	FakeMQTT.last.accept();
	FakeMQTT.last.grant();
	clock.advance(life);
	close();
	return waited;
}

/** Waits for the next attempt. */
function attempt(): number {
	const { length } = FakeMQTT.made;
	let waited = 0;
	for (; FakeMQTT.made.length === length; waited += 100) clock.advance(100);
	return waited;
}

describe("TBClient: another client with the same credentials", () => {
	beforeEach(() => {
		begin();
		make();
	});

	it("is reported at the fifth close without cause, and no longer fought", () => {
		const waits = Array.from({ length: 8 }, () => fight(1000));
		deepEqual(ends(), [...Array(4).fill("TB_LOST"), ...Array(4).fill("TB_TAKEN_OVER")]);
		includes(log.join(), "closed 5 in a row soon after it accepted them, and without cause");
		deepEqual(waits.slice(5), [45_000, 90_000, 180_000]);
		equal(client.stats.takenOver, 4);
		equal(client.stats.lost, 4);
	});
	it("is recognised when it waits a minute or two before it comes back, too", () => {
		for (let i = 0; i < 5; i++) fight(140_000);
		equal(ends()[4], "TB_TAKEN_OVER");
	});
	it("never makes us wait above a quarter of an hour", () => {
		const waits = Array.from({ length: 14 }, () => fight(1000));
		equal(Math.max(...waits), 675_000); // 7.5…15 min, and the jitter of these specs is 0.5
	});
	it("is forgotten after a connection that lasted", () => {
		for (let i = 0; i < 6; i++) fight(1000);
		fight(150_000);
		equal(ends()[6], "TB_LOST");
		ok(fight(1000) <= 1000);
		equal(ends()[7], "TB_LOST");
	});
	it("is not suspected where attempts fail in between: that is the network", () => {
		for (let i = 0; i < 8; i++) {
			fight(1000);
			if (i % 3) continue;
			attempt();
			FakeMQTT.last.drop();
		}
		equal(client.stats.takenOver, 0);
	});
	it("is still suspected when the server had no time in between", () => {
		for (let i = 0; i < 5; i++) {
			attempt();
			FakeMQTT.last.accept(3);
			fight(1000);
		}
		equal(client.stats.takenOver, 1);
	});
	it("is not suspected where closes may answer what was sent", () => {
		for (let i = 0; i < 8; i++)
			fight(1000, () => {
				client.requestFirmware(1, 0, 4096);
				clock.advance(1999);
				FakeMQTT.last.drop();
			});
		equal(client.stats.takenOver, 0);
		for (let i = 0; i < 8; i++)
			fight(1000, () => {
				client.requestAttributes({}, () => {});
				FakeMQTT.last.ack(FakeMQTT.last.published[0]?.id);
				FakeMQTT.last.drop();
			});
		equal(client.stats.takenOver, 0);
		for (let i = 0; i < 8; i++)
			fight(1000, () => {
				client.sendTelemetry({ i });
				FakeMQTT.last.drop();
			});
		equal(client.stats.takenOver, 0);
	});
	it("is suspected right after the question for limits", () => {
		client.close();
		make({ sessionLimits: true });
		for (let i = 0; i < 5; i++) fight(1);
		equal(client.stats.takenOver, 1);
	});
	it("is suspected again when a message of QoS 0 was long ago", () => {
		for (let i = 0; i < 5; i++)
			fight(0, () => {
				client.requestFirmware(1, 0, 4096);
				clock.advance(2000);
				FakeMQTT.last.drop();
			});
		equal(client.stats.takenOver, 1);
	});
	it("is suspected before SUBACK, too: the server does not close for a SUBSCRIBE", () => {
		for (let i = 0; i < 5; i++) {
			attempt();
			FakeMQTT.last.accept();
			FakeMQTT.last.drop();
		}
		equal(client.stats.takenOver, 1);
	});
	it("is not suspected where the MQTT client gave up by itself", () => {
		for (let i = 0; i < 8; i++) fight(1000, () => FakeMQTT.last.giveUp());
		equal(client.stats.takenOver, 0);
	});
});

describe("TBClient: packet identifiers of the server", () => {
	beforeEach(begin);

	/** `count` messages arrive. */
	function receive(count: number): void {
		const mqtt = FakeMQTT.last;
		for (let i = 0; i < count; i++)
			if (i % 2) mqtt.deliver("unknown", "{}");
			else mqtt.empty("unknown", 0, 0);
	}
	const start = () => {
		make();
		clock.advance(0);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
	};

	it("are not used up: the client connects anew after 60 000 messages, at once", () => {
		start();
		receive(59_999);
		clock.advance(10_000);
		equal(FakeMQTT.made.length, 1);
		receive(1);
		clock.advance(1000);
		deepEqual(ends(), ["TB_RENEWED"]);
		clock.advance(0);
		equal(FakeMQTT.made.length, 2);
		deepEqual([client.stats.renewed, client.stats.lost], [1, 0]);
	});
	it("wait for a quiet moment, but not beyond 65 000", () => {
		start();
		client.sendTelemetry({ a: 1 });
		receive(60_000);
		clock.advance(5000);
		deepEqual(ends(), []);
		receive(5000);
		clock.advance(1000);
		deepEqual(ends(), ["TB_RENEWED"]);
	});
	it("begin anew with every connection", () => {
		start();
		receive(59_999);
		FakeMQTT.last.drop();
		clock.advance(1000);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
		receive(59_999);
		clock.advance(10_000);
		equal(client.stats.renewed, 0);
	});
});
