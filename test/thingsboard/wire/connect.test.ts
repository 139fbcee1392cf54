import mqttPacket from "mqtt-packet";
import { deepEqual, equal, ok } from "../../assert.ts";
import { type Bench, bench, hello, online, Peer } from "../server.ts";

const v5 = { protocolVersion: 5 };
const v31 = { protocolId: "MQIsdp", protocolVersion: 3 };

describe("thingsboard: connecting", () => {
	let at: Bench;
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(() => at.end());

	/** Everything that CONNECT brings, until the connection ends or stays silent. */
	async function answer(over: object): Promise<string[]> {
		const peer = new Peer(at.server);
		peer.send(hello(over));
		const first = await peer.heard();
		return first.includes("0x") ? [first, ...(await peer.rest())] : [first];
	}

	it("14.1 accepts 3.1, 3.1.1 and 5", async () => {
		for (const version of [{}, v5, v31])
			deepEqual(await answer({ username: "token", ...version }), ["connack"]);
	});

	it("14.1 says DISCONNECT 0x81 to bytes it cannot decode only when it knows that the client speaks 5", async () => {
		const five = await online(at, v5);
		five.socket.write(Uint8Array.of(0x32, 3, 0, 9, 97));
		deepEqual(await five.rest(), ["disconnect 0x81", "closed"]);
		const four = await online(at);
		four.socket.write(Uint8Array.of(0x32, 3, 0, 9, 97));
		deepEqual(await four.rest(), ["closed"]);
	});

	for (const [what, over, three, five] of [
		["a wrong token", { username: "wrong" }, 5, 0x86],
		["a wrong user name and password", { username: "wrong", password: Buffer.from("x") }, 5, 0x86],
		["a client id that nobody has", { clientId: "lonely" }, 2, 0x85],
		["nothing at all", { clientId: "" }, 5, 0x87],
		["a blank client id", { clientId: "  " }, 5, 0x87],
	] as const)
		it(`14.2 answers ${what} with ${three}, at MQTT 5 with 0x${five.toString(16)} and DISCONNECT`, async () => {
			deepEqual(await answer(over), [`connack 0x${three}`, "closed"]);
			const code = `0x${five.toString(16)}`;
			deepEqual(await answer({ ...over, ...v5 }), [`connack ${code}`, `disconnect ${code}`, "closed"]);
		});

	it("14.2 answers a password without a user name with 5, at MQTT 5 with 0x86", async () => {
		const packet = mqttPacket.generate(hello({ username: "u", password: Buffer.from("p"), clientId: "c" }));
		// mqtt-packet refuses to write it: the user name and its flag are taken out by hand.
		const flags = 9;
		const bytes = Buffer.concat([packet.subarray(0, packet.length - 6), packet.subarray(packet.length - 3)]);
		bytes[1] = (bytes[1] ?? 0) - 3;
		bytes[flags] = (bytes[flags] ?? 0) & 0x7f;
		const peer = new Peer(at.server);
		peer.socket.write(bytes);
		deepEqual(await peer.rest(), ["connack 0x5", "closed"]);
	});

	it("14.2 answers 3 when the profile belongs to another transport", async () => {
		const profile = at.server.core.profiles.create({ name: "coap", transport: { type: "COAP" } });
		at.device.profile = profile;
		deepEqual(await answer({ username: "token" }), ["connack 0x3", "closed"]);
		deepEqual(await answer({ username: "token", ...v5 }), ["connack 0x88", "disconnect 0x88", "closed"]);
	});

	it("14.2 answers 3, at MQTT 5 0x9F, when the message that opens the session meets a rate limit", async () => {
		at.server.core.limits.set("device", { messages: "1:60" });
		deepEqual(await answer({ username: "token" }), ["connack"]);
		deepEqual(await answer({ username: "token" }), ["connack 0x3", "closed"]);
		deepEqual(await answer({ username: "token", ...v5 }), ["connack 0x9f", "disconnect 0x9f", "closed"]);
	});

	it("14.2 opens a provisioning session by user name or client id before it looks at anything else", async () => {
		deepEqual(await answer({ username: "provision", password: Buffer.from("x") }), ["connack"]);
		deepEqual(await answer({ clientId: "provision", username: "wrong" }), ["connack"]);
	});

	describe("MQTT_BASIC", () => {
		const create = (credentials: { clientId?: string; userName?: string; password?: string }) =>
			at.server.core.devices.create({ name: "basic" }, { type: "MQTT_BASIC", ...credentials });
		const password = (text: string) => ({ password: Buffer.from(text) });

		it("14.2 takes a registered client id alone", async () => {
			create({ clientId: "id" });
			deepEqual(await answer({ clientId: "id" }), ["connack"]);
		});

		it("14.2 takes client id, user name and password together, and nothing less", async () => {
			create({ clientId: "id", userName: "u", password: "p" });
			deepEqual(await answer({ clientId: "id", username: "u", ...password("p") }), ["connack"]);
			for (const over of [
				{ clientId: "id", username: "u", ...password("q") },
				{ clientId: "id", username: "u" },
			])
				deepEqual(await answer(over), ["connack 0x5", "closed"]);
			deepEqual(await answer({ clientId: "other", username: "u", ...password("p") }), [
				"connack 0x5",
				"closed",
			]);
		});

		it("14.2 ignores the client id where only a user name is registered, and checks its password", async () => {
			create({ userName: "u", password: "p" });
			deepEqual(await answer({ clientId: "any", username: "u", ...password("p") }), ["connack"]);
			deepEqual(await answer({ clientId: "any", username: "u", ...password("q") }), [
				"connack 0x5",
				"closed",
			]);
		});

		it("14.2 does not fall back to a token when the pair is known and its password is wrong", async () => {
			create({ clientId: "id", userName: "token", password: "p" });
			deepEqual(await answer({ clientId: "id", username: "token", ...password("q") }), [
				"connack 0x5",
				"closed",
			]);
			deepEqual(await answer({ clientId: "other", username: "token", ...password("q") }), ["connack"]);
		});
	});

	it("14.3 ignores will and keep-alive, and stores nothing between connections", async () => {
		const will = {
			topic: "v1/devices/me/telemetry",
			payload: Buffer.from('{"will":1}'),
			qos: 1,
			retain: true,
		};
		const first = await online(at, { will, keepalive: 1, clean: false });
		await first.subscribe("v1/devices/me/attributes");
		at.clock.advance(60_000);
		ok(await first.quiet());
		await first.end();
		equal(at.device.series.get("will"), undefined);
		const second = new Peer(at.server);
		second.send(hello({ username: "token", clean: false }));
		const packet = await second.next();
		ok(packet !== "closed" && packet.cmd === "connack" && packet.sessionPresent, "session present");
		at.device.saveAttributes("SHARED_SCOPE", new Map([["a", { type: "LONG", text: "1" }]]));
		ok(await second.quiet());
	});

	it("14.3 gives no properties in CONNACK, also to an empty client id", async () => {
		const peer = new Peer(at.server);
		peer.send(hello({ username: "token", clientId: "", ...v5 }));
		const packet = await peer.next();
		ok(packet !== "closed" && packet.cmd === "connack" && !packet.properties);
	});

	it("14.4 takes 100 packets before CONNECT and closes at the 101st", async () => {
		const peer = new Peer(at.server);
		for (let i = 1; i <= 100; i++) peer.publish("v1/devices/me/telemetry", "{}", 1, i);
		peer.send(hello({ username: "token" }));
		equal(await peer.heard(), "connack");
		for (let i = 1; i <= 100; i++) equal(await peer.heard(), `puback ${i}`);
	});

	it("14.4 loses the exception of a packet that waited: the connection stays", async () => {
		const peer = new Peer(at.server);
		peer.send(hello({ username: "token" }));
		peer.publish("v1/devices/me/telemetry", '{"ts":"x","values":{}}');
		equal(await peer.heard(), "connack");
		ok(await peer.quiet());
	});

	it("14.5 closes the older session after the new CONNACK, at MQTT 5 with 0x8E, whatever the client ids are", async () => {
		const older = await online(at, { clientId: "one", ...v5 });
		const newer = await online(at, { clientId: "two" });
		deepEqual(await older.rest(), ["disconnect 0x8e", "closed"]);
		ok(await newer.quiet());
	});

	it("14.5 closes the sessions of a device whose credentials change, at MQTT 5 with 0x98", async () => {
		const peer = await online(at, v5);
		at.server.core.devices.setCredentials(at.device, { type: "ACCESS_TOKEN", token: "other" });
		deepEqual(await peer.rest(), ["disconnect 0x98", "closed"]);
		deepEqual(await answer({ username: "token" }), ["connack 0x5", "closed"]);
		deepEqual(await answer({ username: "other" }), ["connack"]);
	});

	for (const [what, act] of [
		["PINGREQ", (peer: Peer) => peer.send({ cmd: "pingreq" })],
		["telemetry", (peer: Peer) => peer.publish("v1/devices/me/telemetry", "{}")],
		["attributes", (peer: Peer) => peer.publish("v1/devices/me/attributes", "{}")],
		["an attribute request", (peer: Peer) => peer.publish("v1/devices/me/attributes/request/1", "{}")],
		["an RPC reply", (peer: Peer) => peer.publish("v1/devices/me/rpc/response/1", "{}")],
		["a client-side RPC", (peer: Peer) => peer.publish("v1/devices/me/rpc/request/1", '{"method":"m"}')],
		["a claim", (peer: Peer) => peer.publish("v1/devices/me/claim", "{}")],
		["an unknown topic", (peer: Peer) => peer.publish("x", "")],
		["SUBSCRIBE", (peer: Peer) => void peer.subscribe("#")],
		["UNSUBSCRIBE", (peer: Peer) => peer.send({ cmd: "unsubscribe", messageId: 1, unsubscriptions: ["#"] })],
	] as const)
		it(`14.6 counts ${what} as activity`, async () => {
			const peer = await online(at);
			at.clock.advance(590_000);
			act(peer);
			await peer.heard();
			at.clock.advance(590_000);
			equal(at.device.session !== undefined, true);
			at.clock.advance(15_000);
			equal(at.device.session, undefined);
		});

	it("14.6 says 0x83 to an idle MQTT 5 session; the limit is a setting", async () => {
		await at.end();
		at = await bench({ inactivity: 5_000 });
		const peer = await online(at, v5);
		at.clock.advance(9_000);
		deepEqual(await peer.rest(), ["disconnect 0x83", "closed"]);
	});

	it("14.6 counts the PUBACK of an RPC as activity, and no other PUBACK", async () => {
		const peer = await online(at);
		await peer.subscribe("v1/devices/me/rpc/request/+");
		at.clock.advance(590_000);
		at.device.session?.publish("t", Buffer.of(1));
		await at.rest.send("POST", `/api/rpc/oneway/${at.device.id}`, { method: "m", persistent: true });
		const [other, rpc] = [await peer.message(), await peer.message()];
		equal(rpc.topic, "v1/devices/me/rpc/request/0");
		peer.send({ cmd: "puback", messageId: rpc.id ?? 0 });
		peer.publish("v1/devices/me/rpc/request/1", '{"method":"getSessionLimits"}', 0); // no activity either
		await peer.message();
		at.clock.advance(590_000);
		equal(at.device.session !== undefined, true);
		peer.send({ cmd: "puback", messageId: other.id ?? 0 });
		peer.publish("v1/devices/me/rpc/request/1", '{"method":"getSessionLimits"}', 0);
		await peer.message();
		at.clock.advance(15_000);
		equal(at.device.session, undefined);
	});

	it("14.7 has no limit on what it sends, and takes another limit on what it gets", async () => {
		await at.end();
		at = await bench({ maxPayload: 1000 });
		const peer = await online(at);
		at.device.session?.publish("t", Buffer.alloc(2_000_000));
		const packet = await peer.next();
		ok(packet !== "closed" && packet.cmd === "publish" && packet.payload.length === 2_000_000);
		peer.publish("v1/devices/me/telemetry", `{"a":"${"x".repeat(1000)}"}`);
		deepEqual(await peer.rest(), ["closed"]);
	});

	it("blocks an address after ten failures, for 60 s, when the server is told to", async () => {
		await at.end();
		at = await bench({ ipLimits: true });
		for (let i = 0; i < 10; i++) await answer({ username: "wrong" });
		const peer = new Peer(at.server);
		peer.send(hello({ username: "token" }));
		deepEqual(await peer.rest(), ["closed"]);
		at.clock.advance(60_000);
		deepEqual(await answer({ username: "token" }), ["connack"]);
	});

	it("answers DISCONNECT of MQTT 5 with DISCONNECT", async () => {
		const peer = await online(at, v5);
		peer.send({ cmd: "disconnect" });
		deepEqual(await peer.rest(), ["disconnect", "closed"]);
	});

	it("gives AUTH and what only servers send no answer", async () => {
		const peer = await online(at, v5);
		peer.send({ cmd: "auth", reasonCode: 0x18 } as mqttPacket.Packet);
		peer.send({ cmd: "pingresp" }, { cmd: "pubrel", messageId: 3 });
		ok(await peer.quiet());
	});

	it("ends only the connection whose deferred work fails", async () => {
		const peer = await online(at, v5);
		const other = new Peer(at.server);
		at.server.core.devices.create({ name: "other" }, "other");
		other.send(hello({ username: "other" }));
		equal(await other.heard(), "connack");
		Object.defineProperty(at.device, "attributes", { get: () => null });
		peer.publish("v1/devices/me/attributes/request/1", "{}", 0);
		deepEqual(await peer.rest(), ["disconnect 0x8b", "closed"]);
		ok(await other.quiet());
	});
});
