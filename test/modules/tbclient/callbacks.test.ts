import "../../setup.ts";
import { deepEqual, equal, ok } from "../../assert.ts";
import { begin, client, connect, log } from "./rig.ts";

describe("TBClient: callbacks", () => {
	beforeEach(begin);

	it("that throw are reported, and nothing escapes", () => {
		const mqtt = connect({
			onAttributes() {
				throw new Error("oops");
			},
		});
		mqtt.deliver("v1/devices/me/attributes", "{}");
		deepEqual(log, ["error TB_CALLBACK: onAttributes threw: oops"]);
	});
	it("may throw in onError, too", () => {
		const mqtt = connect({
			onError() {
				throw new Error("oops");
			},
		});
		mqtt.deliver("v1/devices/me/attributes", "{");
		equal(client.stats.callbackErrors, 1);
		ok(client.connected);
	});
	it("may throw what has no text", () => {
		const mqtt = connect({
			onAttributes() {
				throw Object.create(null);
			},
		});
		mqtt.deliver("v1/devices/me/attributes", "{}");
		deepEqual(log, ["error TB_CALLBACK: onAttributes threw: a value without text"]);
	});
	it("may be absent", () => {
		const mqtt = connect();
		client.sendTelemetry({});
		mqtt.ack(mqtt.published[0]?.id);
		mqtt.deliver("v2/fw/response/1/chunk/0", "abc");
		equal(mqtt.unread, 0);
		deepEqual(log, []);
	});
});
