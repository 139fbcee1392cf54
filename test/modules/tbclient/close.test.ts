import "../../setup.ts";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

describe("TBClient: close()", () => {
	beforeEach(begin);

	const events: { [name: string]: (mqtt: FakeMQTT) => void } = {
		onConnected: (mqtt) => mqtt.accept(),
		onDisconnected: (mqtt) => mqtt.drop(),
		onAttributes: (mqtt) => mqtt.deliver("v1/devices/me/attributes", "{}", 1),
		onRPC: (mqtt) => mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"x"}'),
		onFirmware: (mqtt) => mqtt.deliver("v2/fw/response/1/chunk/1", "abc"),
		onFirmwareError: (mqtt) => mqtt.deliver("v2/fw/error", "x"),
		onError: (mqtt) => mqtt.deliver("v1/devices/me/attributes", "{"),
	};
	for (const [name, event] of Object.entries(events))
		it(`is legal in ${name}, and nothing fires after it`, () => {
			let closed = 0;
			make({
				[name]() {
					closed += 1;
					client.close();
				},
			});
			clock.advance(0);
			const mqtt = FakeMQTT.last;
			if (name !== "onConnected") mqtt.accept();
			log.length = 0;
			event(mqtt);
			mqtt.drop();
			clock.advance(100_000);
			equal(closed, 1);
			deepEqual(log, []);
			ok(mqtt.closed);
			equal(clock.armed, 0);
		});
	it("is legal at once and twice, leaves no timer and calls nobody", () => {
		make();
		client.sendTelemetry({ s: "x".repeat(9000) }, note("a"));
		client.close();
		client.close();
		equal(clock.armed, 0);
		connect();
		client.sendTelemetry({}, () => client.close());
		client.requestAttributes({}, note("b"));
		FakeMQTT.last.ack(FakeMQTT.last.published[0]?.id);
		clock.advance(100_000);
		deepEqual(log, []);
		equal(clock.armed, 0);
	});
	it("is legal in a request that a loss settles, and nothing fires after it", () => {
		const mqtt = connect();
		client.requestAttributes({}, () => client.close());
		client.requestAttributes({}, note("b"));
		mqtt.drop();
		clock.advance(100_000);
		deepEqual(log, []);
		deepEqual([FakeMQTT.made.length, clock.armed], [1, 0]);
	});
	it("is legal at the first of two refused filters, and nothing fires after it", () => {
		let errors = 0;
		make({
			onError() {
				errors += 1;
				this.close();
			},
		});
		clock.advance(0);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant([0x80, 0x80, 1, 0, 0]);
		equal(errors, 1);
	});
});
