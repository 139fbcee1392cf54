import { deepEqual, equal, ok } from "../../assert.ts";
import { type GatewaySite, punished, site } from "./site.ts";

describe("thingsboard gateway data", () => {
	let at: GatewaySite;
	beforeEach(async () => {
		at = await site();
	});
	afterEach(() => at.end());

	const attribute = (name: string, key: string) =>
		at.named(name).attributes.CLIENT_SCOPE.get(key)?.value.text;

	it("14.23 stores telemetry of several devices and acknowledges once", async () => {
		await at.tell("telemetry", {
			A: [{ ts: 1483228800000, values: { t: 42 } }, { t: 43 }],
			B: [{ t: "007" }],
		});
		ok(await at.peer.quiet());
		deepEqual(
			at
				.named("A")
				.series.get("t")
				?.map(({ ts, value }) => [ts, value.text]),
			[
				[1483228800000, "42"],
				[at.clock.now(), "43"],
			],
		);
		equal(at.latest("B", "t"), "7");
	});

	it("14.23 stores client attributes of several devices", async () => {
		await at.tell("attributes", { A: { fw: "1", n: null }, B: {} });
		deepEqual([attribute("A", "fw"), attribute("A", "n")], ["1", undefined]);
		ok(at.named("B").session);
	});

	it("trap 44 skips entries of the wrong shape while another entry is fine", async () => {
		await at.tell("telemetry", { A: { t: 1 }, B: [{ t: 1 }], C: 7 });
		await at.tell("attributes", { A: [{ t: 1 }], D: { t: 1 } });
		await at.tell("claim", { A: "s", E: {} });
		equal(at.server.core.devices.byName("A"), undefined);
		for (const name of ["B", "D", "E"]) ok(at.named(name));
	});

	for (const [topic, payload] of [
		["telemetry", "{}"],
		["telemetry", '{"A":{"t":1}}'],
		["telemetry", "[]"],
		["telemetry", ""],
		["attributes", '{"A":[1]}'],
		["attributes", "[]"],
		["claim", '{"A":1}'],
	] as const)
		it(`14.8 acknowledges ${topic} ${JSON.stringify(payload)} and closes: nothing is left`, () =>
			punished(at, topic, payload));

	for (const element of [
		"7",
		'{"ts":"x","values":{}}',
		'{"ts":1,"values":7}',
		'{"t":1,"metadata":7}',
		'{"t":1,"metadata":{"connector":"c","receivedTs":1}}',
		'{"t":1,"metadata":{"connector":null,"receivedTs":1,"publishedTs":2}}',
		'{"t":1,"metadata":{"connector":"c","receivedTs":"x","publishedTs":2}}',
	])
		it(`closes without PUBACK for an element ${element}, though another device's data are stored`, async () => {
			at.say("telemetry", `{"B":[{"t":1}],"A":[${element}]}`);
			equal(await at.peer.kind(), "closed");
			equal(at.latest("B", "t"), "1");
			equal(at.named("A").series.size, 0);
		});

	it("trap 3 never acknowledges an empty list, alone or beside data", async () => {
		at.say("telemetry", { A: [] });
		at.say("telemetry", { A: [], B: [{ t: 1 }] });
		ok(await at.peer.quiet());
		equal(at.latest("B", "t"), "1");
	});

	it("trap 47 acknowledges once for each device where the server is older than 4.2.1", async () => {
		await at.end();
		at = await site({ gatewayAckPerDevice: true });
		at.say("telemetry", { A: [{ t: 1 }], B: [{ t: 1 }], C: [{ t: 1 }] });
		deepEqual([await at.peer.kind(), await at.peer.kind(), await at.peer.kind()], Array(3).fill("puback 7"));
		ok(await at.peer.quiet());
	});

	it("processes QoS 0 without an acknowledgement", async () => {
		at.peer.publish("v1/gateway/telemetry", '{"A":[{"t":1}],"B":[{"t":1}]}', 0);
		ok(await at.peer.quiet());
		ok(await at.peer.quiet());
		deepEqual([at.latest("A", "t"), at.latest("B", "t")], ["1", "1"]);
	});

	it("trap 45 takes metadata out of an element and keeps it as an ordinary key elsewhere", async () => {
		const metadata = { connector: "modbus", receivedTs: 1, publishedTs: 2 };
		await at.tell("telemetry", { A: [{ ts: 1, values: { t: 42, metadata: 5 }, metadata }] });
		equal(at.latest("A", "t"), "42");
		equal(at.latest("A", "metadata"), "5");
		at.peer.publish("v1/devices/me/telemetry", '{"metadata":{"connector":"x"}}');
		await at.peer.kind();
		equal(at.latest("gw", "metadata"), '{"connector":"x"}');
	});

	it("14.23 stores the latencies of each connector on the gateway, every 60 s", async () => {
		const now = at.clock.now();
		const element = (receivedTs: number, publishedTs: number, connector = "modbus") => ({
			t: 1,
			metadata: { connector, receivedTs, publishedTs },
		});
		await at.tell("telemetry", { A: [element(now - 100, now - 60), element(now - 51, now - 20)] });
		await at.tell("telemetry", { B: [element(now - 5, now, "opc")] });
		at.clock.advance(59_999);
		equal(at.latest("gw", "gatewayMetrics"), undefined);
		at.clock.advance(1);
		deepEqual(JSON.parse(at.latest("gw", "gatewayMetrics") ?? ""), {
			modbus: {
				avgGwLatency: 35,
				minGwLatency: 31,
				maxGwLatency: 40,
				avgTransportLatency: 40,
				minTransportLatency: 20,
				maxTransportLatency: 60,
			},
			opc: {
				avgGwLatency: 5,
				minGwLatency: 5,
				maxGwLatency: 5,
				avgTransportLatency: 0,
				minTransportLatency: 0,
				maxTransportLatency: 0,
			},
		});
		at.clock.advance(60_000);
		equal(at.gateway.series.get("gatewayMetrics")?.length, 1);
		await at.tell("telemetry", { A: [element(now, now)] });
		at.clock.advance(60_000);
		equal(at.gateway.series.get("gatewayMetrics")?.length, 2);
	});

	it("counts 100 connectors of a gateway, however many it names", async () => {
		const metadata = (i: number) => ({ connector: `c${i}`, receivedTs: 1, publishedTs: 2 });
		const elements = Array.from({ length: 150 }, (_, i) => ({ t: 1, metadata: metadata(i) }));
		await at.tell("telemetry", { A: elements });
		at.clock.advance(60_000);
		equal(Object.keys(JSON.parse(at.latest("gw", "gatewayMetrics") ?? "{}")).length, 100);
	});

	it("14.18 registers claiming information of several devices, with nothing but PUBACK", async () => {
		await at.tell("claim", { A: { secretKey: "s", durationMs: 60000 }, B: {} });
		const { claims } = at.server.core;
		equal(claims.claim(at.named("A"), "customer", "s"), "SUCCESS");
		equal(claims.claim(at.named("B"), "customer", ""), "SUCCESS");
		ok(await at.peer.quiet());
	});

	it("closes without PUBACK for claiming information of the wrong types", async () => {
		at.say("claim", { A: { durationMs: "long" } });
		equal(await at.peer.kind(), "closed");
	});

	it("trap 2 acknowledges data that a rate limit drops, and closes", async () => {
		await at.end();
		at = await site({ rateLimits: { gateway: { telemetryDataPoints: "2:60" } } });
		await at.tell("telemetry", { A: [{ a: 1, b: 2 }] });
		at.say("telemetry", { A: [{ c: 1 }] });
		deepEqual([await at.peer.kind(), await at.peer.kind()], ["puback 7", "closed"]);
		equal(at.latest("A", "c"), undefined);
	});

	it("14.24 closes without PUBACK when a rate limit forbids to connect the device a message names", async () => {
		await at.end();
		at = await site({ rateLimits: { gateway: { messages: "2:60" } } });
		await at.tell("telemetry", { A: [{ t: 1 }] });
		at.say("telemetry", { B: [{ t: 1 }] });
		equal(await at.peer.kind(), "closed");
		equal(at.server.core.devices.byName("B"), undefined);
	});

	it("14.24 leaves a sub-device deaf whose registration met the limit", async () => {
		await at.end();
		at = await site({ rateLimits: { gateway: { messages: "1:60" } } });
		await at.tell("connect", { device: "A" });
		equal(at.named("A").session, undefined);
		await at.tell("telemetry", { A: [{ t: 1 }] });
		equal(at.latest("A", "t"), "1");
	});

	it("14.24 charges a gateway's own messages apart from its sub-devices'", async () => {
		await at.end();
		at = await site({ rateLimits: { gatewayDevice: { telemetryMessages: "1:60" } } });
		at.peer.publish("v1/devices/me/telemetry", '{"t":1}');
		await at.peer.kind();
		for (let i = 0; i < 3; i++) await at.tell("telemetry", { A: [{ t: 1 }] });
		at.peer.publish("v1/devices/me/telemetry", '{"t":1}');
		equal(await at.peer.kind(), "closed");
	});
});
