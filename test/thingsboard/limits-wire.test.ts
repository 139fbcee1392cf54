import type { LimitLevel, LimitTexts } from "../../thingsboard/limits.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { site } from "./gateway/site.ts";
import { type Bench, bench, hello, online, Peer } from "./server.ts";

const telemetry = "v1/devices/me/telemetry";

describe("thingsboard rate limits on the wire", () => {
	let at: Bench;
	afterEach(() => at.end());

	async function limited(level: LimitLevel, limits: Partial<LimitTexts>): Promise<Peer> {
		at = await bench();
		const peer = await online(at);
		at.server.core.limits.set(level, limits);
		return peer;
	}
	const text = '{"method":"getSessionLimits","params":{"timeout":5000}}';
	async function limits(peer: Peer): Promise<unknown> {
		peer.publish("v1/devices/me/rpc/request/1", text);
		equal(await peer.kind(), "puback 7");
		const { topic, text: answer } = await peer.message();
		equal(topic, "v1/devices/me/rpc/response/1");
		return JSON.parse(answer);
	}

	it("14.24 closes a device without PUBACK at the message that is too much, and takes it again later", async () => {
		const peer = await limited("device", { telemetryMessages: "2:10" });
		for (const id of [1, 2]) {
			peer.publish(telemetry, '{"t":1}', 1, id);
			equal(await peer.kind(), `puback ${id}`);
		}
		peer.publish(telemetry, '{"t":2}', 1, 3);
		equal(await peer.kind(), "closed");
		equal(at.device.series.get("t")?.at(-1)?.value.text, "1");
		at.clock.advance(5_000);
		const again = await online(at);
		again.publish(telemetry, '{"t":3}', 1, 4);
		equal(await again.kind(), "puback 4");
	});

	it("14.24 counts each key of telemetry and of attributes as a data point", async () => {
		const peer = await limited("device", { telemetryDataPoints: "5:60" });
		peer.publish(telemetry, '[{"a":1,"b":2},{"ts":1,"values":{"c":3}}]');
		equal(await peer.kind(), "puback 7");
		peer.publish("v1/devices/me/attributes", '{"a":1,"b":2}');
		equal(await peer.kind(), "puback 7");
		peer.publish("v1/devices/me/attributes", '{"a":1}');
		equal(await peer.kind(), "closed");
	});

	for (const [what, topic, payload] of [
		["an attribute request", "v1/devices/me/attributes/request/1", "{}"],
		["an RPC reply", "v1/devices/me/rpc/response/1", "{}"],
		["a client-side RPC", "v1/devices/me/rpc/request/1", '{"method":"m"}'],
		["a claim", "v1/devices/me/claim", "{}"],
		["empty telemetry", telemetry, "{}"],
	] as const)
		it(`14.24 counts ${what} as one message`, async () => {
			const peer = await limited("device", { messages: "1:60" });
			peer.publish(topic, payload);
			equal(await peer.kind(), "puback 7");
			peer.publish("v1/devices/me/claim", "{}");
			let kind = await peer.kind();
			if (kind === "publish 1") kind = await peer.kind();
			equal(kind, "closed");
		});

	it("14.24 counts an array of telemetry as one message with all its data points", async () => {
		const peer = await limited("device", { telemetryMessages: "1:60", telemetryDataPoints: "3:60" });
		peer.publish(telemetry, '[{"a":1},{"b":2,"c":3}]');
		equal(await peer.kind(), "puback 7");
		peer.publish(telemetry, '[{"a":1}]');
		equal(await peer.kind(), "closed");
	});

	it("14.24 counts the PUBACK of a call: one too many is dropped, and the call is neither delivered nor timed out", async () => {
		const peer = await limited("device", { messages: "2:3600" });
		await peer.subscribe("v1/devices/me/rpc/request/+");
		const path = `/api/rpc/oneway/${at.device.id}`;
		const ids = [];
		for (const method of ["a", "b"]) {
			const { body } = await at.rest.send("POST", path, { method, persistent: true, timeout: 60_000 });
			ids.push((body as { rpcId: string }).rpcId);
			const { id: messageId = 0 } = await peer.message();
			peer.send({ cmd: "puback", messageId });
			ok(await peer.quiet());
		}
		at.clock.advance(20_000);
		const status = async (id: string | undefined) =>
			((await at.rest.send("GET", `/api/rpc/persistent/${id}`)).body as { status: string }).status;
		deepEqual([await status(ids[0]), await status(ids[1])], ["DELIVERED", "SENT"]);
	});

	it("14.24 does not count pings, unknown topics, getSessionLimits and other subscriptions", async () => {
		const peer = await limited("device", { messages: "1:60" });
		for (let i = 0; i < 3; i++) {
			ok(await peer.quiet());
			peer.publish("my/topic", "x");
			equal(await peer.kind(), "puback 7");
			await limits(peer);
			await peer.subscribe("v1/devices/me/rpc/response/+");
		}
		peer.publish("v1/devices/me/claim", "{}");
		equal(await peer.kind(), "puback 7");
	});

	it("14.24 refuses the session of a device that opens too many, with 3", async () => {
		at = await bench({ rateLimits: { device: { messages: "1:60" } } });
		await online(at);
		const peer = new Peer(at.server);
		peer.send(hello({ username: "token" }));
		const packet = await peer.next();
		deepEqual(packet !== "closed" && packet.cmd === "connack" && packet.returnCode, 3);
		equal(await peer.kind(), "closed");
	});

	it("14.24 grants a subscription that is too much, which then does nothing", async () => {
		const peer = await limited("device", { messages: "1:60" });
		const filters = ["v1/devices/me/rpc/request/+", "v1/devices/me/attributes"];
		deepEqual(await peer.subscribe(...filters), [1, 1]);
		deepEqual([at.device.session?.wantsRpc, at.device.session?.wantsAttributes], [true, false]);
	});

	it("14.16, 14.24 tells a device its limits, null where there is none", async () => {
		const peer = await limited("device", { messages: "200:1,6000:60" });
		deepEqual(await limits(peer), {
			maxPayloadSize: 65_536,
			maxInflightMessages: 100,
			rateLimits: { messages: "200:1,6000:60", telemetryMessages: null, telemetryDataPoints: null },
		});
	});

	it("14.24 tells a gateway its own limits and the sum's of its sub-devices", async () => {
		const own = await site({
			rateLimits: {
				gateway: { messages: "10:1" },
				gatewayDevice: { telemetryMessages: "" },
				device: { messages: "1:1" },
			},
		});
		at = own;
		deepEqual(await limits(own.peer), {
			maxPayloadSize: 65_536,
			maxInflightMessages: 100,
			rateLimits: { messages: null, telemetryMessages: "", telemetryDataPoints: null },
			gatewayRateLimits: { messages: "10:1", telemetryMessages: null, telemetryDataPoints: null },
		});
	});

	it("14.24 closes an MQTT 5 device with 0x83", async () => {
		at = await bench();
		const peer = await online(at, { protocolVersion: 5 });
		at.server.core.limits.set("device", { telemetryMessages: "1:60" });
		peer.publish(telemetry, '{"t":1}');
		equal(await peer.kind(), "puback 7");
		peer.publish(telemetry, '{"t":1}');
		const packet = await peer.next();
		deepEqual(packet !== "closed" && packet.cmd === "disconnect" && packet.reasonCode, 0x83);
	});
});
