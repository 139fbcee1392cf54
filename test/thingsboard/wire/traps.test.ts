import { deepEqual, equal, ok } from "../../assert.ts";
import { type Bench, bench, hello, online, Peer } from "../server.ts";

const telemetry = "v1/devices/me/telemetry";
const attributes = "v1/devices/me/attributes";
const rpc = "v1/devices/me/rpc/request/";
const reply = "v1/devices/me/rpc/response/";

describe("thingsboard: traps of connection and acknowledgements", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		peer = await online(at);
	});
	afterEach(() => at.end());

	it("trap 1 a bad payload, a rate limit, a take-over, an oversize packet and idleness all look alike at 3.1.1", async () => {
		const limit = (texts: { messages?: string }) => at.server.core.limits.set("device", texts);
		const ends: [string, () => void][] = [
			["bad payload", () => peer.publish(telemetry, "{")],
			["rate limit", () => [1, 2].map((id) => peer.publish(`${reply}1`, "", 0, id))],
			["take-over", () => new Peer(at.server).send(hello({ username: "token" }))],
			["oversize", () => peer.socket.write(Uint8Array.of(0x30, 0x81, 0x80, 0x04))],
			["idleness", () => at.clock.advance(605_000)],
		];
		for (const [what, end] of ends) {
			limit(what === "rate limit" ? { messages: "1:60" } : {});
			end();
			deepEqual(await peer.rest(), ["closed"], what);
			limit({});
			peer = await online(at);
		}
	});

	it("trap 2 an unknown topic is acknowledged and lost", async () => {
		peer.publish("v1/devices/me/telemetri", '{"a":1}');
		equal(await peer.heard(), "puback 7");
		equal(at.device.series.size, 0);
	});

	it("trap 3 [] and gateway topics of a device that is none are never acknowledged, and the others are", async () => {
		peer.publish(telemetry, "[]", 1, 1);
		peer.publish("v1/gateway/connect", '{"device":"A"}', 1, 2);
		peer.publish(telemetry, "{}", 1, 3);
		equal(await peer.heard(), "puback 3");
		ok(await peer.quiet());
		equal(at.server.core.devices.byName("A"), undefined);
	});

	it("trap 4 a session that is said to be present has no subscriptions", async () => {
		await peer.subscribe(attributes);
		await peer.end();
		const again = new Peer(at.server);
		again.send(hello({ username: "token", clean: false }));
		const packet = await again.next();
		ok(packet !== "closed" && packet.cmd === "connack" && packet.sessionPresent);
		await at.rest.send("POST", `/api/plugins/telemetry/DEVICE/${at.device.id}/SHARED_SCOPE`, { a: 1 });
		ok(await again.quiet());
	});

	it("trap 5 the same token twice: each connection ends the other one, for ever", async () => {
		let holder = peer;
		for (let i = 0; i < 3; i++) {
			const other = await online(at);
			equal(await holder.heard(), "closed");
			holder = other;
		}
	});

	it("trap 6 a keep-alive over 600 s ends in a silent close", async () => {
		const quiet = await online(at, { keepalive: 3600 });
		await peer.rest();
		at.clock.advance(603_000);
		deepEqual(await quiet.rest(), ["closed"]);
	});

	it("trap 7 a wrong token is 5, a client id alone 2, another transport 3", async () => {
		const code = async (over: object) => {
			const other = new Peer(at.server);
			other.send(hello(over));
			return other.heard();
		};
		const coap = at.server.core.profiles.create({ name: "coap", transport: { type: "COAP" } });
		at.server.core.devices.create({ name: "c" }, "c-token").profile = coap;
		deepEqual(
			[await code({ username: "no" }), await code({ clientId: "no" }), await code({ username: "c-token" })],
			["connack 0x5", "connack 0x2", "connack 0x3"],
		);
	});

	it("trap 8 a change right after SUBACK is missed", async () => {
		const change = () =>
			at.device.saveAttributes("SHARED_SCOPE", new Map([["a", { type: "LONG", text: "1" }]]));
		const { session } = at.device;
		const send = session?.publish.bind(session);
		ok(send);
		peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: attributes, qos: 1 }] });
		while (!session?.wantsAttributes) {
			change(); // as often as there is time: none of them arrives
			await new Promise((done) => setImmediate(done));
		}
		equal(await peer.heard(), "suback 1");
		ok(await peer.quiet());
		change();
		equal((await peer.message()).text, '{"a":1}');
	});

	it("trap 9 the 65536th message of a connection carries packet id 0, and its RPC is never DELIVERED", async () => {
		await peer.subscribe(`${rpc}+`);
		at.server.core.faults.set("nextId", 65_536, at.device);
		const made = await at.rest.send("POST", `/api/rpc/oneway/${at.device.id}`, {
			method: "m",
			persistent: true,
		});
		equal((await peer.message()).id, 0);
		await at.rest.send("POST", `/api/rpc/oneway/${at.device.id}`, { method: "n" });
		const { id } = await peer.message();
		equal(id, 1);
		peer.send({ cmd: "puback", messageId: 1 });
		ok(await peer.quiet());
		const { rpcId } = made.body as { rpcId: string };
		equal(
			((await at.rest.send("GET", `/api/rpc/persistent/${rpcId}`)).body as { status: string }).status,
			"SENT",
		);
	});

	it("trap 10 topic and headers count, and an RPC reply that is too large ends the connection", async () => {
		const payload = (topic: string, qos: number) => 65_536 - 2 - topic.length - 2 * qos;
		const fill = (size: number) => `{"a":"${"x".repeat(size - 8)}"}`;
		equal(payload(telemetry, 1), 65_509);
		peer.publish(telemetry, fill(65_509));
		equal(await peer.heard(), "puback 7");
		peer.publish(telemetry, fill(65_511), 0);
		ok(await peer.quiet());
		peer.publish(`${reply}0`, fill(payload(`${reply}0`, 1) + 1));
		deepEqual(await peer.rest(), ["closed"]);
	});
});

describe("thingsboard: traps of data", () => {
	let at: Bench;
	let peer: Peer;
	const shared = (body: string) =>
		at.rest.send("POST", `/api/plugins/telemetry/DEVICE/${at.device.id}/SHARED_SCOPE`, body);
	const last = (key: string) => at.device.series.get(key)?.at(-1);
	const stored = (key: string) => `${last(key)?.value.type} ${last(key)?.value.text}`;
	async function send(topic: string, payload: string): Promise<void> {
		peer.publish(topic, payload);
		equal(await peer.heard(), "puback 7");
	}
	async function ask(payload: string): Promise<string> {
		await send(`${attributes}/request/1`, payload);
		return (await peer.message()).text;
	}
	beforeEach(async () => {
		at = await bench();
		peer = await online(at);
	});
	afterEach(() => at.end());

	it("trap 11 digits in quotes become numbers in telemetry, client attributes and shared attributes", async () => {
		await send(telemetry, '{"a":"007","b":"1.10"}');
		await send(attributes, '{"a":"007","b":"1.10"}');
		await shared('{"c":"007","d":"1.10"}');
		deepEqual([stored("a"), stored("b")], ["LONG 7", "DOUBLE 1.1"]);
		equal(await ask("{}"), '{"client":{"a":7,"b":1.1},"shared":{"c":7,"d":1.1}}');
	});

	it("trap 12 seventeen decimals become text, NaN is text, null is nothing", async () => {
		await send(telemetry, `{"a":${0.1 + 0.2},"b":NaN,"c":null,"d":${(0.1 + 0.2).toFixed(16)}}`);
		deepEqual(
			[stored("a"), stored("b"), last("c"), stored("d")],
			["STRING 0.30000000000000004", "STRING NaN", undefined, "DOUBLE 0.3"],
		);
	});

	it("trap 13 ts without values is a key, and a ts of text ends the connection", async () => {
		await send(telemetry, '{"ts":1000,"t":1}');
		deepEqual([stored("ts"), last("t")?.ts], ["LONG 1000", at.clock.now()]);
		await send(telemetry, '{"ts":1000,"values":{"t":2}}');
		deepEqual(
			at.device.series.get("t")?.map(({ ts }) => ts),
			[1000, at.clock.now()],
		);
		peer.publish(telemetry, '{"ts":"2024-01-01","values":{}}');
		deepEqual(await peer.rest(), ["closed"]);
	});

	it("trap 14 null deletes nothing", async () => {
		await send(attributes, '{"a":1}');
		await send(attributes, '{"a":null}');
		equal(await ask('{"clientKeys":"a"}'), '{"client":{"a":1}}');
	});

	it("trap 15 a space behind the comma belongs to the key", async () => {
		await shared('{"a":1,"b":2}');
		equal(await ask('{"sharedKeys":"a, b"}'), '{"shared":{"a":1}}');
		equal(await ask('{"sharedKeys":"a,b,"}'), '{"shared":{"a":1,"b":2}}');
	});

	it("trap 16 nothing found is {}, and a scope of which nothing was found is absent", async () => {
		equal(await ask('{"clientKeys":"a","sharedKeys":"b"}'), "{}");
		await shared('{"b":1}');
		equal(await ask('{"clientKeys":"a","sharedKeys":"b"}'), '{"shared":{"b":1}}');
	});

	it("trap 17 deleted keys come on the topic of updates, also those that never existed", async () => {
		await peer.subscribe(attributes);
		await at.rest.send("DELETE", `/api/plugins/telemetry/DEVICE/${at.device.id}/SHARED_SCOPE?keys=x,y`);
		const { topic, text } = await peer.message();
		deepEqual([topic, text], [attributes, '{"deleted":["x","y"]}']);
	});

	it("trap 18 whole numbers keep 63 bits, large fractions come with an exponent", async () => {
		await send(attributes, '{"a":9223372036854775807,"b":10000000000.0}');
		equal(await ask("{}"), '{"client":{"a":9223372036854775807,"b":1.0E10}}');
	});

	it("trap 19 a topic of the profile replaces the v1 topic; the short ones stay", async () => {
		const transport = {
			type: "MQTT",
			deviceTelemetryTopic: "my/+/data",
			deviceAttributesTopic: "my/attr/#",
		} as const;
		at.device.profile = at.server.core.profiles.create({ name: "custom", transport });
		await send(telemetry, '{"a":1}');
		await send(attributes, '{"a":1}');
		equal(last("a"), undefined);
		await send("my/own/data", '{"a":2}');
		await send("v2/t", '{"b":3}');
		await send("my/attr/x/y", '{"c":4}');
		await send("v2/a/j", '{"d":5}');
		deepEqual([stored("a"), stored("b")], ["LONG 2", "LONG 3"]);
		equal(await ask("{}"), '{"client":{"c":4,"d":5}}');
	});

	it("trap 19 a filter # swallows every topic that nothing before it matches", async () => {
		const transport = { type: "MQTT", deviceTelemetryTopic: "#" } as const;
		at.device.profile = at.server.core.profiles.create({ name: "all", transport });
		await send("v1/devices/me/claim", '{"a":1}');
		equal(stored("a"), "LONG 1");
		await send(attributes, '{"b":1}');
		equal(last("b"), undefined);
	});
});

describe("thingsboard: traps of RPC", () => {
	let at: Bench;
	let peer: Peer;
	const call = (way: string, body: object = { method: "m" }) =>
		at.rest.send("POST", `/api/rpc/${way}/${at.device.id}`, body);
	beforeEach(async () => {
		at = await bench();
		peer = await online(at);
		await peer.subscribe(`${rpc}+`);
	});
	afterEach(() => at.end());

	it("trap 20 the first id is 0", async () => {
		const pending = call("twoway");
		equal((await peer.message()).topic, `${rpc}0`);
		peer.publish(`${reply}0`, "1", 0);
		equal((await pending).body, 1);
	});

	it("trap 21 another server begins at 0 again, with other calls", async () => {
		await call("oneway");
		equal((await peer.message()).topic, `${rpc}0`);
		await at.end();
		at = await bench();
		peer = await online(at);
		await peer.subscribe(`${rpc}+`);
		await call("oneway", { method: "other" });
		const { topic, text } = await peer.message();
		deepEqual([topic, text], [`${rpc}0`, '{"method":"other","params":null}']);
	});

	it("trap 22 a call that is not answered is delivered again at every SUBSCRIBE", async () => {
		const pending = call("twoway");
		equal((await peer.message()).topic, `${rpc}0`);
		for (let i = 0; i < 2; i++) {
			peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: `${rpc}+`, qos: 1 }] });
			equal(await peer.heard(), "suback 1");
			equal((await peer.message()).topic, `${rpc}0`);
		}
		peer.publish(`${reply}0`, "1", 0);
		await pending;
	});

	it("trap 23 one-way and two-way look alike, and the answer to a one-way call is acknowledged and ignored", async () => {
		await call("oneway");
		const one = await peer.message();
		const pending = call("twoway");
		equal((await peer.message()).text, one.text);
		peer.publish(`${reply}0`, '{"one":1}');
		equal(await peer.heard(), "puback 7");
		peer.publish(`${reply}1`, '{"two":2}');
		deepEqual((await pending).body, { two: 2 });
	});

	it("trap 25 a client-side RPC gets the timeout error after a minute, also getSessionLimits on a v2 topic", async () => {
		peer.publish("v2/r/req/j/5", '{"method":"getSessionLimits"}');
		equal(await peer.heard(), "puback 7");
		ok(await peer.quiet());
		at.clock.advance(60_000);
		const { topic, text } = await peer.message();
		deepEqual([topic, text], ["v2/r/res/j/5", '{"error":"timeout"}']);
	});

	it("trap 25 of 10 001 calls that wait at once the last one is never answered", async () => {
		for (let id = 0; id <= 10_000; id++) peer.publish(`${rpc}${id}`, '{"method":"m"}', 0);
		ok(await peer.quiet());
		at.clock.advance(60_000);
		for (let id = 0; id < 10_000; id++) equal((await peer.message()).topic, `${reply}${id}`);
		ok(await peer.quiet());
	});
});
