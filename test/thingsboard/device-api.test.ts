import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, online, type Peer } from "./server.ts";

const telemetry = "v1/devices/me/telemetry";
const attributes = "v1/devices/me/attributes";

describe("thingsboard device topics", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		peer = await online(at);
	});
	afterEach(() => at.end());

	const latest = (key: string) => at.device.series.get(key)?.at(-1)?.value.text;

	it("14.8 acknowledges telemetry and stores it", async () => {
		peer.publish(telemetry, '{"t":21.5}');
		equal(await peer.kind(), "puback 7");
		equal(latest("t"), "21.5");
	});

	it("14.10 processes QoS 0 without an acknowledgement and QoS 2 with PUBACK", async () => {
		peer.publish(telemetry, '{"a":1}', 0);
		ok(await peer.quiet());
		peer.publish(telemetry, '{"b":2}', 2);
		equal(await peer.kind(), "puback 7");
		deepEqual([latest("a"), latest("b")], ["1", "2"]);
	});

	it("14.8 answers [] and gateway topics with silence, unknown topics with PUBACK", async () => {
		peer.publish(telemetry, "[]");
		peer.publish("v1/gateway/telemetry", "{}");
		ok(await peer.quiet());
		peer.publish("my/topic", "x");
		equal(await peer.kind(), "puback 7");
	});

	for (const [topic, payload] of [
		[telemetry, "{"],
		[telemetry, ""],
		[telemetry, '{"ts":"x","values":{}}'],
		[attributes, "[]"],
		["v1/devices/me/attributes/request/x", "{}"],
		["v1/devices/me/attributes/request/1", ""],
		["v1/devices/me/attributes/request/2147483648", "{}"],
		["v1/devices/me/rpc/response/x", "{}"],
		["v1/devices/me/rpc/request/1", "{}"],
		["v1/devices/me/claim", "["],
		["v2/fw/request/1/chunk/0", "4096\n"],
		["v2/fw/request/1/chunk/2147483648", "1"],
	] as const)
		it(`closes without PUBACK on ${JSON.stringify(payload)} to ${topic}`, async () => {
			peer.publish(topic, payload);
			equal(await peer.kind(), "closed");
		});

	it("14.10 grants only string-equal filters, at QoS 1 at most, and 0x80 for each other", async () => {
		const filters = [
			attributes,
			"#",
			"v2/fw/response/+",
			"v2/fw/response/+/chunk/+",
			"v1/devices/me/rpc/request/1",
		];
		deepEqual(await peer.subscribe(...filters), [1, 128, 128, 1, 128]);
	});

	it("14.13 stores client attributes and answers requests by scope", async () => {
		peer.publish(attributes, '{"a":1,"b":"x","n":null}');
		await peer.kind();
		await at.rest.send(
			"POST",
			`/api/plugins/telemetry/DEVICE/${at.device.id}/SHARED_SCOPE`,
			'{"c":20.0,"v":"1.10"}',
		);
		const ask = async (payload: string) => {
			peer.publish("v1/devices/me/attributes/request/3", payload);
			equal(await peer.kind(), "puback 7");
			return (await peer.message()).text;
		};
		equal(
			await ask('{"clientKeys":"a,b","sharedKeys":"c"}'),
			'{"client":{"a":1,"b":"x"},"shared":{"c":20.0}}',
		);
		equal(await ask('{"clientKeys":"zz"}'), "{}");
		equal(await ask('{"clientKeys":"a, b"}'), '{"client":{"a":1}}');
		equal(await ask("{}"), '{"client":{"a":1,"b":"x"},"shared":{"c":20.0,"v":1.1}}');
		equal(await ask('{"sharedKeys":""}'), "{}");
	});

	it("14.11 answers without a subscription at QoS 1, with packet ids from 1", async () => {
		peer.publish("v1/devices/me/attributes/request/9", "{}", 0);
		deepEqual(await peer.message(), {
			topic: "v1/devices/me/attributes/response/9",
			text: "{}",
			qos: 1,
			id: 1,
		});
		peer.publish("v2/a/req/j/10", "{}", 0);
		deepEqual(await peer.message(), { topic: "v2/a/res/j/10", text: "{}", qos: 1, id: 2 });
	});

	it("14.13 acknowledges a negative request id and never answers it", async () => {
		peer.publish("v1/devices/me/attributes/request/-1", "{}");
		equal(await peer.kind(), "puback 7");
		ok(await peer.quiet());
	});

	it("14.14 pushes shared attributes only to a subscribed session, deletions as a list of what was asked", async () => {
		const path = `/api/plugins/telemetry/DEVICE/${at.device.id}/SHARED_SCOPE`;
		await at.rest.send("POST", path, { a: 1 });
		ok(await peer.quiet());
		await peer.subscribe(attributes);
		await at.rest.send("POST", path, { a: 1, b: { x: [] } });
		deepEqual(await peer.message(), { topic: attributes, text: '{"a":1,"b":{"x":[]}}', qos: 1, id: 1 });
		await at.rest.send("DELETE", `${path}?keys=a,never`);
		equal((await peer.message()).text, '{"deleted":["a","never"]}');
		peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [attributes] });
		equal(await peer.kind(), "unsuback 5");
		await at.rest.send("POST", path, { a: 2 });
		ok(await peer.quiet());
	});

	it("14.16 answers a client-side RPC with the timeout error after 60 s", async () => {
		peer.publish("v1/devices/me/rpc/request/4", '{"method":"getTime"}');
		equal(await peer.kind(), "puback 7");
		at.clock.advance(60_000);
		const { topic, text } = await peer.message();
		deepEqual([topic, text], ["v1/devices/me/rpc/response/4", '{"error":"timeout"}']);
	});

	it("14.16 answers getSessionLimits after its PUBACK", async () => {
		peer.publish("v1/devices/me/rpc/request/1", '{"method":"getSessionLimits","params":{}}');
		equal(await peer.kind(), "puback 7");
		const { maxPayloadSize, rateLimits } = JSON.parse((await peer.message()).text);
		deepEqual([maxPayloadSize, rateLimits.messages], [65_536, null]);
	});

	it("acknowledges a claim and says nothing more", async () => {
		peer.publish("v1/devices/me/claim", "");
		equal(await peer.kind(), "puback 7");
		ok(await peer.quiet());
	});
});

describe("thingsboard server-side RPC", () => {
	const requests = "v1/devices/me/rpc/request/+";
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		peer = await online(at);
	});
	afterEach(() => at.end());

	const call = (way: string, body: object = { method: "m", params: { a: 1 } }) =>
		at.rest.send("POST", `/api/rpc/${way}/${at.device.id}`, body);

	it("14.15 delivers method and params with ids from 0 and gives the device's JSON back", async () => {
		await peer.subscribe(requests);
		const pending = call("twoway");
		const { topic, text } = await peer.message();
		deepEqual([topic, text], ["v1/devices/me/rpc/request/0", '{"method":"m","params":{"a":1}}']);
		peer.publish("v1/devices/me/rpc/response/0", '{"ok":true}');
		deepEqual(await pending, { status: 200, body: { ok: true } });
		equal(await peer.kind(), "puback 7");
	});

	it("ends a one-way call when it is pushed", async () => {
		await peer.subscribe(requests);
		deepEqual(await call("oneway", { method: "m" }), { status: 200, body: undefined });
		equal((await peer.message()).text, '{"method":"m","params":null}');
	});

	it("14.15 keeps calls for an offline device, delivers them at SUBSCRIBE and again at each, with the same id", async () => {
		const pending = call("twoway");
		while (!at.device.rpc.size) await at.rest.send("GET", `/api/device/${at.device.id}`);
		await subscribeRaw(peer);
		equal((await peer.message()).topic, "v1/devices/me/rpc/request/0");
		await subscribeRaw(peer);
		equal((await peer.message()).topic, "v1/devices/me/rpc/request/0");
		peer.publish("v1/devices/me/rpc/response/0", "1", 0);
		equal((await pending).body, 1);
	});

	it("14.15 answers 504 when nobody replied until expiry, and ignores the late reply", async () => {
		const pending = call("twoway", { method: "m", timeout: 1 });
		while (!at.device.rpc.size) await at.rest.send("GET", `/api/device/${at.device.id}`);
		at.clock.advance(4_999);
		equal(at.device.rpc.size, 1);
		at.clock.advance(1);
		equal((await pending).status, 504);
		peer.publish("v1/devices/me/rpc/response/0", "{}");
		equal(await peer.kind(), "puback 7");
	});

	it("answers 406 for a reply that is no JSON", async () => {
		await peer.subscribe(requests);
		const pending = call("twoway");
		await peer.message();
		peer.publish("v1/devices/me/rpc/response/0", "not json", 0);
		equal((await pending).status, 406);
	});

	async function subscribeRaw(of: Peer): Promise<void> {
		of.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: requests, qos: 1 }] });
		equal(await of.kind(), "suback 1");
	}
});
