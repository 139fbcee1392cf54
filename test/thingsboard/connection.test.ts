import mqttPacket from "mqtt-packet";
import { connack, publish } from "../../thingsboard/mqtt/packets.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, hello, online, Peer } from "./server.ts";

describe("thingsboard connection", () => {
	let at: Bench;
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(() => at.end());

	async function raw(...bytes: number[]): Promise<string> {
		const peer = new Peer(at.server);
		peer.socket.write(Uint8Array.from(bytes));
		return peer.kind();
	}

	async function answer(over: object): Promise<unknown> {
		const peer = new Peer(at.server);
		peer.send(hello(over));
		const packet = await peer.next();
		if (packet === "closed" || packet.cmd !== "connack") return packet;
		return [packet.returnCode, packet.sessionPresent, packet.returnCode ? await peer.kind() : "open"];
	}

	it("14.1 closes without CONNACK on an unknown protocol level", async () => {
		equal(await raw(0x10, 13, 0, 4, 77, 81, 84, 84, 6, 2, 0, 30, 0, 1, 99), "closed");
	});

	it("14.1 closes without CONNACK on bytes that are no MQTT", async () => {
		equal(await raw(0x00, 0), "closed");
		equal(await raw(0x10, 0xff, 0xff, 0xff, 0xff, 1), "closed");
	});

	it("14.1 accepts 3.1 with a client id of 1 to 23 characters and closes on any other", async () => {
		const old = { protocolId: "MQIsdp", protocolVersion: 3, username: "token" };
		deepEqual(await answer(old), [0, false, "open"]);
		equal(await answer({ ...old, clientId: "x".repeat(24) }), "closed");
	});

	it("14.2 matches the token whatever client id and password are", async () => {
		deepEqual(await answer({ username: "token", password: Buffer.from("x"), clientId: "any" }), [
			0,
			false,
			"open",
		]);
		deepEqual(await answer({ username: "token", clientId: "" }), [0, false, "open"]);
	});

	it("14.2 refuses a wrong token with 5, a lone client id with 2, nothing at all with 5, and closes", async () => {
		deepEqual(await answer({ username: "wrong" }), [5, false, "closed"]);
		deepEqual(await answer({ username: "wrong", password: Buffer.from("x") }), [5, false, "closed"]);
		deepEqual(await answer({ clientId: "lonely" }), [2, false, "closed"]);
		deepEqual(await answer({ clientId: "" }), [5, false, "closed"]);
	});

	it("14.3 says session-present as the inverse of clean-session, also when it refuses", async () => {
		deepEqual(await answer({ username: "token", clean: false }), [0, true, "open"]);
		deepEqual(await answer({ username: "wrong", clean: false }), [5, true, "closed"]);
	});

	it("14.4 answers packets that came before CONNACK after it, in order", async () => {
		const peer = new Peer(at.server);
		peer.send(hello({ username: "token" }), { cmd: "pingreq" }, ...[1, 2].map(telemetry));
		const kinds = [await peer.kind(), await peer.kind(), await peer.kind(), await peer.kind()];
		deepEqual(kinds, ["connack", "pingresp", "puback 1", "puback 2"]);
	});

	it("14.4 closes on the 101st packet without CONNECT and is silent until then", async () => {
		const peer = new Peer(at.server);
		peer.send(...Array.from({ length: 101 }, (_, i) => telemetry(i + 1)));
		equal(await peer.kind(), "closed");
	});

	it("14.5 lets a new session take over: the older one is closed", async () => {
		const older = await online(at);
		const newer = await online(at);
		equal(await older.kind(), "closed");
		ok(await newer.quiet());
		ok(at.device.session?.wantsRpc === false);
	});

	it("14.6 closes a session after 600 s without activity; PINGREQ counts, the keep-alive value does not", async () => {
		const peer = await online(at, { keepalive: 1 });
		at.clock.advance(599_000);
		ok(await peer.quiet());
		at.clock.advance(599_000);
		ok(await peer.quiet());
		at.clock.advance(603_000);
		equal(await peer.kind(), "closed");
	});

	it("14.6 does not count firmware requests and getSessionLimits as activity", async () => {
		await at.rest.assign(at.device, await at.rest.firmware("v1", new Uint8Array(4)));
		const peer = await online(at);
		at.clock.advance(590_000);
		peer.publish("v2/fw/request/1/chunk/0", "4");
		peer.publish("v1/devices/me/rpc/request/1", '{"method":"getSessionLimits"}');
		for (let i = 0; i < 4; i++) await peer.kind();
		at.clock.advance(15_000);
		equal(await peer.kind(), "closed");
	});

	it("14.7 closes on a remaining length over 65536 before the packet has come", async () => {
		const peer = await online(at);
		peer.socket.write(Uint8Array.of(0x30, 0x81, 0x80, 0x04));
		equal(await peer.kind(), "closed");
	});

	it("14.7 takes a remaining length of exactly 65536", async () => {
		const peer = await online(at);
		const topic = "v1/devices/me/telemetry";
		peer.publish(topic, `{"a":"${"x".repeat(65_536 - topic.length - 4 - 8)}"}`);
		equal(await peer.kind(), "puback 7");
	});

	for (const [what, bytes] of [
		[
			"packet id 0 in PUBLISH",
			publish({ topic: "v1/devices/me/telemetry", payload: Buffer.from("{}"), qos: 1, id: 0 }),
		],
		["packet id 0 in PUBACK", Uint8Array.of(0x40, 2, 0, 0)],
		[
			"a wildcard in a publish topic",
			publish({ topic: "v1/devices/+/telemetry", payload: Buffer.from("{}"), qos: 0, id: 1 }),
		],
		["QoS 3", Uint8Array.of(0x36, 5, 0, 1, 97, 0, 1)],
		["a topic longer than its packet", Uint8Array.of(0x30, 3, 0, 9, 97)],
	] as const)
		it(`closes on ${what}`, async () => {
			const peer = await online(at);
			peer.socket.write(bytes);
			equal(await peer.kind(), "closed");
		});

	it("understands packets that come byte by byte", async () => {
		const peer = new Peer(at.server);
		const bytes = mqttPacket.generate(hello({ username: "token" }));
		for (const byte of bytes) peer.socket.write(Uint8Array.of(byte));
		equal(await peer.kind(), "connack");
	});

	it("serves a byte duplex without a socket", async () => {
		const sent: Uint8Array[] = [];
		const idle = () => undefined;
		const wire = {
			onBytes: idle as (bytes: Uint8Array) => void,
			onGone: idle,
			close: idle,
			write: (b: Uint8Array) => sent.push(b),
		};
		at.server.accept(wire);
		wire.onBytes(mqttPacket.generate(hello({ username: "token" })));
		await new Promise((done) => setImmediate(done));
		deepEqual(Buffer.concat(sent), [0x20, 2, 0, 0]);
		wire.onGone();
		equal(at.device.session, undefined);
	});

	it("gives up a device that has stopped reading when 64 MB wait for it", async () => {
		const peer = await online(at);
		peer.socket.pause();
		let sent = 0;
		for (const chunk = Buffer.alloc(1 << 20); at.device.session && sent < 100; sent++) {
			at.device.session.publish("t", chunk);
			await new Promise((done) => setImmediate(done));
		}
		ok(sent >= 64 && sent < 100, `${sent} MB`);
		peer.socket.destroy();
	});

	it("ends although a device has stopped reading", async () => {
		const peer = await online(at);
		peer.socket.pause();
		for (let i = 0; i < 200; i++) at.device.session?.publish("t", Buffer.alloc(60_000));
		await at.end();
		peer.socket.destroy();
	});

	it("authenticates a second CONNECT on the same connection again", async () => {
		const peer = await online(at);
		peer.send(hello({ username: "token" }));
		equal(await peer.kind(), "connack");
		ok(await peer.quiet());
	});

	it("closes the session of a device that is deleted", async () => {
		const peer = await online(at);
		equal((await at.rest.send("DELETE", `/api/device/${at.device.id}`)).status, 200);
		equal(await peer.kind(), "closed");
	});

	it("writes CONNACK byte for byte", () => {
		deepEqual(connack(true, 5), [0x20, 2, 1, 5]);
	});
});

const telemetry = (messageId: number) =>
	({
		cmd: "publish",
		topic: "v1/devices/me/telemetry",
		payload: "{}",
		qos: 1,
		messageId,
		dup: false,
		retain: false,
	}) as const;
