import { deepEqual, equal, ok } from "../../assert.ts";
import { type Bench, bench, online, type Peer } from "../server.ts";

const v5 = { protocolVersion: 5 };
const telemetry = "v1/devices/me/telemetry";
const attributes = "v1/devices/me/attributes";
const request = "v1/devices/me/attributes/request/";

/** What a publish may bring: an acknowledgement and the connection lives, or its end, or nothing at all. */
type Row = [
	what: string,
	topic: string,
	payload: string,
	v3q1: string[],
	v3q0: string[],
	v5q1: string[],
	v5q0: string[],
];

const silence: string[] = [];
const closed = ["closed"];
const acked = ["puback 7"];
const adaptor = (what: string, topic: string, payload: string): Row => [
	what,
	topic,
	payload,
	closed,
	closed,
	["puback 7 0x99"],
	["disconnect 0x99", "closed"],
];
const runtime = (what: string, topic: string, payload: string): Row => [
	what,
	topic,
	payload,
	closed,
	closed,
	["disconnect 0x8b", "closed"],
	["disconnect 0x8b", "closed"],
];

const rows: Row[] = [
	["an unknown topic", "my/topic", "x", acked, silence, ["puback 7 0x90"], silence],
	[
		"what only begins like the topic of claims",
		"v1/devices/me/claims",
		"[",
		acked,
		silence,
		["puback 7 0x90"],
		silence,
	],
	["an empty topic", "", "x", acked, silence, ["puback 7 0x90"], silence],
	["plain /provision/request", "/provision/request", "{}", acked, silence, ["puback 7 0x90"], silence],
	["a gateway topic", "v1/gateway/telemetry", "{", silence, silence, silence, silence],
	["what only begins like a gateway topic", "v1/gatewayx", "", silence, silence, silence, silence],
	["telemetry []", telemetry, "[]", silence, silence, silence, silence],
	["telemetry {}", telemetry, "{}", acked, silence, acked, silence],
	["telemetry of nulls", telemetry, '{"a":null}', acked, silence, acked, silence],
	["telemetry without values", telemetry, '{"ts":1,"values":{}}', acked, silence, acked, silence],
	adaptor("malformed JSON", telemetry, "{"),
	adaptor("no payload", telemetry, ""),
	adaptor("a number", telemetry, "1"),
	adaptor("null", telemetry, "null"),
	adaptor("an array of numbers", telemetry, "[1]"),
	adaptor("values that are no object", telemetry, '{"ts":1,"values":2}'),
	adaptor("a ts of two elements", telemetry, '{"ts":[1,2],"values":{}}'),
	runtime("a ts of text", telemetry, '{"ts":"x","values":{}}'),
	runtime("a ts that is null", telemetry, '{"ts":null,"values":{}}'),
	runtime("a ts that is an object", telemetry, '{"ts":{},"values":{}}'),
	runtime("a ts that is true", telemetry, '{"ts":true,"values":{}}'),
	runtime("a ts of more digits than 64 bits hold", telemetry, `{"ts":"${"9".repeat(400)}","values":{}}`),
	runtime("a client-side RPC whose method is an object", "v1/devices/me/rpc/request/1", '{"method":{}}'),
	adaptor("a client-side RPC with two methods", "v1/devices/me/rpc/request/1", '{"method":["a","b"]}'),
	adaptor("attributes in an array", attributes, '[{"a":1}]'),
	adaptor("no attributes at all", attributes, ""),
	adaptor("telemetry as protobuf without a schema", "v2/t/p", "{}"),
	adaptor("an attribute request without payload", `${request}1`, ""),
	adaptor("an attribute request whose id is no number", `${request}x`, "{}"),
	adaptor("an attribute request whose id is too large", `${request}2147483648`, "{}"),
	adaptor("an attribute request for null", `${request}1`, '{"clientKeys":null}'),
	adaptor("an attribute request for two elements", `${request}1`, '{"clientKeys":["a","b"]}'),
	adaptor("an RPC reply whose id is no number", "v1/devices/me/rpc/response/x", "{}"),
	["an RPC reply to nobody", "v1/devices/me/rpc/response/99", "not json", acked, silence, acked, silence],
	adaptor("a client-side RPC that is no object", "v1/devices/me/rpc/request/1", "[]"),
	runtime("a client-side RPC without method", "v1/devices/me/rpc/request/1", "{}"),
	runtime("a client-side RPC whose id is no number", "v1/devices/me/rpc/request/x", '{"method":"m"}'),
	adaptor("a claim that is no object", "v1/devices/me/claim", "["),
	runtime("a chunk size with a line end", "v2/fw/request/1/chunk/0", "4096\n"),
	runtime("a chunk index that is too large", "v2/fw/request/1/chunk/2147483648", "1"),
];

describe("thingsboard: the table of acknowledgements", () => {
	let at: Bench;
	before(async () => {
		at = await bench();
	});
	after(() => at.end());

	/** What came, until the end or until two PINGREQ are answered: PUBACKs come a turn of the server's loop later. */
	async function outcome(peer: Peer): Promise<string[]> {
		const came: string[] = [];
		for (let pings = 0; pings < 2; pings++) {
			peer.send({ cmd: "pingreq" });
			for (;;) {
				const next = await peer.heard();
				if (next === "pingresp") break;
				came.push(next);
				if (next === "closed") return came;
			}
		}
		await peer.end();
		return came;
	}

	for (const [what, topic, payload, v3q1, v3q0, v5q1, v5q0] of rows)
		it(`14.8 ${what}: ${show(v3q1)}; QoS 0 ${show(v3q0)}; MQTT 5 ${show(v5q1)}; QoS 0 ${show(v5q0)}`, async () => {
			const cases = [
				[{}, 1, v3q1],
				[{}, 0, v3q0],
				[v5, 1, v5q1],
				[v5, 0, v5q0],
			] as const;
			for (const [version, qos, expected] of cases) {
				const peer = await online(at, version);
				peer.publish(topic, payload, qos);
				deepEqual(await outcome(peer), expected, `${JSON.stringify(version)} QoS ${qos}`);
			}
		});

	describe("with sendAckOnValidationException", () => {
		before(() => {
			const transport = { type: "MQTT", sendAckOnValidationException: true } as const;
			at.device.profile = at.server.core.profiles.create({ name: "forgiving", transport });
		});
		after(() => {
			at.device.profile = at.server.core.profiles.ensure("default");
		});

		it("14.8 acknowledges and drops what it cannot read, at QoS 0 it still closes", async () => {
			for (const [version, qos, expected] of [
				[{}, 1, acked],
				[{}, 0, closed],
				[v5, 1, ["puback 7 0x99"]],
			] as const) {
				const peer = await online(at, version);
				peer.publish(telemetry, "{", qos);
				deepEqual(await outcome(peer), expected);
			}
		});

		it("14.8 closes all the same on a ts that is no number", async () => {
			const peer = await online(at);
			peer.publish(telemetry, '{"ts":"x","values":{}}');
			deepEqual(await outcome(peer), closed);
		});
	});

	it("14.8 closes a device that meets its rate limit without PUBACK, MQTT 5 with 0x83", async () => {
		for (const [version, expected] of [
			[{}, closed],
			[v5, ["disconnect 0x83", "closed"]],
		] as const) {
			at.server.core.limits.set("device", { telemetryDataPoints: "1:60" });
			const peer = await online(at, version);
			peer.publish(telemetry, '{"a":1,"b":2}');
			deepEqual(await outcome(peer), expected);
		}
		at.server.core.limits.set("device", {});
	});

	it("14.9 acknowledges a moment after processing, and lets other packets overtake a delayed PUBACK", async () => {
		const peer = await online(at);
		at.server.core.faults.set("delayAcks", 5000, at.device);
		peer.publish(telemetry, '{"slow":1}');
		ok(await peer.quiet());
		equal(at.device.series.get("slow")?.length, 1);
		at.clock.advance(5000);
		equal(await peer.heard(), "puback 7");
		at.server.core.faults.clear(at.device);
		await peer.end();
	});

	it("14.9 sends the PUBACKs of a group last first when told to", async () => {
		const peer = await online(at);
		at.server.core.faults.set("reorderAcks", 3, at.device);
		for (const id of [1, 2, 3, 4]) peer.publish(telemetry, "{}", 1, id);
		deepEqual(
			[await peer.heard(), await peer.heard(), await peer.heard()],
			["puback 3", "puback 2", "puback 1"],
		);
		ok(await peer.quiet());
		at.clock.advance(1000);
		equal(await peer.heard(), "puback 4");
		at.server.core.faults.clear(at.device);
		await peer.end();
	});

	it("14.10 answers QoS 2 with PUBACK and ignores PUBREL and DUP", async () => {
		const peer = await online(at);
		peer.send({
			cmd: "publish",
			topic: telemetry,
			payload: "{}",
			qos: 2,
			messageId: 9,
			dup: true,
			retain: true,
		});
		peer.send({ cmd: "pubrel", messageId: 9 });
		equal(await peer.heard(), "puback 9");
		ok(await peer.quiet());
		await peer.end();
	});

	it("14.10 refuses filters at MQTT 5 with 0x8F and shared subscriptions too, and tells UNSUBSCRIBE how it went", async () => {
		const peer = await online(at, v5);
		deepEqual(await peer.subscribe(attributes, "#", `$share/g/${attributes}`), [1, 0x8f, 0x8f]);
		const unsubscribe = async (...unsubscriptions: string[]) => {
			peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions });
			const packet = await peer.next();
			return packet !== "closed" && packet.cmd === "unsuback" && packet.granted;
		};
		deepEqual(await unsubscribe("v2/a", "v2/fw/error", "#"), [0x11, 0x11, 0x11]);
		ok(at.device.session?.wantsAttributes);
		deepEqual(await unsubscribe(attributes), [0]);
		ok(!at.device.session?.wantsAttributes);
		await peer.end();
	});

	it("14.10 grants the profile's own filter for attribute updates, which still come on the v1 topic", async () => {
		const transport = { type: "MQTT", deviceAttributesSubscribeTopic: "my/+/updates" } as const;
		at.device.profile = at.server.core.profiles.create({ name: "custom", transport });
		const peer = await online(at);
		deepEqual(await peer.subscribe("my/own/updates", "my/updates"), [1, 0x80]);
		at.device.saveAttributes("SHARED_SCOPE", new Map([["a", { type: "LONG", text: "1" }]]));
		equal((await peer.message()).topic, attributes);
		const many = Array.from({ length: 1001 }, (_, i) => `my/${i}/updates`);
		deepEqual(((await peer.subscribe(...many)) as number[]).slice(998), [1, 0x80, 0x80]);
		at.device.profile = at.server.core.profiles.ensure("default");
		await peer.end();
	});

	it("14.10 lets the last style of a subscription decide where updates go", async () => {
		const peer = await online(at);
		await peer.subscribe(attributes, "v2/a/j");
		at.device.saveAttributes("SHARED_SCOPE", new Map([["a", { type: "LONG", text: "1" }]]));
		equal((await peer.message()).topic, "v2/a/j");
		await peer.end();
	});

	it("14.11 publishes at the granted QoS, and counts packet ids at QoS 0 too", async () => {
		const peer = await online(at);
		const subscriptions = [{ topic: "v1/devices/me/attributes/response/+", qos: 0 as const }];
		peer.send({ cmd: "subscribe", messageId: 1, subscriptions });
		equal(await peer.heard(), "suback 1");
		peer.publish(`${request}1`, "{}", 0);
		deepEqual((await peer.message()).qos, 0);
		peer.publish("v1/devices/me/rpc/request/1", '{"method":"getSessionLimits"}', 0);
		deepEqual((await peer.message()).id, 2);
		await peer.end();
	});

	it("14.11 lets packet ids run over 65535 to 0 and closes on a PUBACK for 0", async () => {
		const peer = await online(at);
		at.server.core.faults.set("nextId", 65_536, at.device);
		at.device.session?.publish("t", Buffer.of(1));
		equal((await peer.message()).id, 0);
		peer.socket.write(Uint8Array.of(0x40, 2, 0, 0));
		equal(await peer.heard(), "closed");
	});
});

function show(outcome: string[]): string {
	return outcome.length ? outcome.join(" ") : "nothing";
}
