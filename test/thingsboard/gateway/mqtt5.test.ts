import { deepEqual, equal, ok } from "../../assert.ts";
import { type GatewaySite, site } from "./site.ts";

describe("thingsboard gateway at MQTT 5", () => {
	let at: GatewaySite;
	const begin = async (settings = {}) => {
		at = await site(settings, { protocolVersion: 5 });
	};
	beforeEach(() => begin());
	afterEach(() => at.end());

	/** Name and reason code of what comes next. */
	async function said(): Promise<[string, number] | string> {
		const packet = await at.peer.next();
		if (packet === "closed") return packet;
		return [packet.cmd, (packet as { reasonCode?: number }).reasonCode ?? 0];
	}

	for (const [what, topic, payload, code] of [
		["an unknown topic", "nonsense", "{}", 0x90],
		["what is no JSON", "telemetry", "{", 0x99],
		["a bad element", "telemetry", '{"A":[7]}', 0x99],
		["claiming information of the wrong type", "claim", '{"A":{"durationMs":"x"}}', 0x99],
		["a device without a name", "telemetry", '{"":[{"t":1}]}', 0x80],
		[
			"a question of a device without a name",
			"attributes/request",
			'{"id":1,"device":"","client":true,"key":"k"}',
			0x83,
		],
	] as const)
		it(`acknowledges ${what} with 0x${code.toString(16)} and stays open`, async () => {
			at.say(topic, payload);
			deepEqual(await said(), ["puback", code]);
			ok(await at.peer.quiet());
		});

	it("14.8 acknowledges the wrong structure with 0x83 and disconnects with it", async () => {
		at.say("connect", "{}");
		deepEqual([await said(), await said(), await said()], [["puback", 0x83], ["disconnect", 0x83], "closed"]);
	});

	it("acknowledges once though one device of several is bad, and stores the others", async () => {
		at.say("telemetry", { A: [7], B: [{ t: 1 }], C: ["x"] });
		deepEqual(await said(), ["puback", 0x99]);
		ok(await at.peer.quiet());
		equal(at.latest("B", "t"), "1");
	});

	it("acknowledges a rate limit with 0x97 and closes", async () => {
		await at.end();
		await begin({ rateLimits: { gateway: { telemetryMessages: "1:60" } } });
		at.say("telemetry", { A: [{ t: 1 }], B: [{ t: 1 }], C: [{ t: 1 }] });
		deepEqual([await said(), await said(), await said()], [["puback", 0x97], ["disconnect", 0x97], "closed"]);
	});

	it("tells of a rate limit on v1/gateway/disconnect first, where that is switched on", async () => {
		await at.end();
		await begin({ gatewayNotices: true, rateLimits: { gateway: { telemetryMessages: "1:60" } } });
		at.say("telemetry", { A: [{ t: 1 }], B: [{ t: 1 }] });
		deepEqual(await at.heard(), { topic: "v1/gateway/disconnect", json: { device: "B", reason: 150 } });
		deepEqual([await said(), await said(), await said()], [["puback", 0x97], ["disconnect", 0x97], "closed"]);
	});

	it("disconnects with 0x8b when a rate limit forbids to connect a device", async () => {
		await at.end();
		await begin({ rateLimits: { gateway: { messages: "1:60" } } });
		await at.tell("connect", { device: "A" });
		at.say("connect", { device: "B" });
		deepEqual([await said(), await said()], [["disconnect", 0x8b], "closed"]);
	});

	it("refuses one device more than the tenant may have with 0x97", async () => {
		await at.end();
		await begin({ maxDevices: 2 });
		at.say("connect", { device: "A" });
		deepEqual(await said(), ["puback", 0x97]);
		ok(await at.peer.quiet());
	});

	it("tells of a bad message id for all but the last device of a QoS 0 publish", async () => {
		at.peer.publish("v1/gateway/telemetry", '{"A":[{"t":1}],"B":[{"t":1}]}', 0);
		deepEqual(await at.heard(), { topic: "v1/gateway/disconnect", json: { device: "A", reason: 129 } });
		ok(await at.peer.quiet());
		at.peer.publish("v1/gateway/telemetry", '{"A":[{"t":1}]}', 0);
		ok(await at.peer.quiet());
	});
});
