import { bytesField, integerField, Message } from "../../../thingsboard/protobuf.ts";
import { deepEqual, equal, ok } from "../../assert.ts";
import { bench, online } from "../server.ts";
import { type GatewaySite, site } from "./site.ts";

const all = (...fields: Uint8Array[]): Buffer => Buffer.concat(fields);
const long = (key: string, value: number) =>
	all(bytesField(1, key), integerField(2, 1), integerField(4, value));
const text = (key: string, value: string) =>
	all(bytesField(1, key), integerField(2, 3), bytesField(6, value));

describe("thingsboard gateway in protobuf", () => {
	let at: GatewaySite;
	beforeEach(async () => {
		at = await site();
		at.gateway.profile.transport = { ...at.gateway.profile.transport, type: "MQTT", payloadType: "PROTOBUF" };
	});
	afterEach(() => at.end());

	const say = (topic: string, bytes: Uint8Array) =>
		at.peer.publish(`v1/gateway/${topic}`, Buffer.from(bytes));
	async function tell(topic: string, bytes: Uint8Array): Promise<void> {
		say(topic, bytes);
		equal(await at.peer.kind(), "puback 7");
	}
	async function heard(): Promise<{ topic: string; message: Message }> {
		const packet = await at.peer.next();
		if (packet === "closed" || packet.cmd !== "publish") throw new Error("expected a PUBLISH");
		return { topic: packet.topic, message: new Message(packet.payload as Buffer) };
	}
	const one = (name: string, number: number, ...fields: Uint8Array[]) =>
		bytesField(1, all(bytesField(1, name), bytesField(number, all(...fields))));
	const attribute = (name: string, key: string) => at.named(name).attributes.CLIENT_SCOPE.get(key)?.value;

	it("10 connects and disconnects", async () => {
		await tell("connect", all(bytesField(1, "A"), bytesField(2, "thermostat")));
		equal(at.named("A").profile.name, "thermostat");
		ok(at.named("A").session);
		await tell("disconnect", bytesField(1, "A"));
		equal(at.named("A").session, undefined);
		await tell("connect", bytesField(1, "B"));
		equal(at.named("B").info.type, "default");
	});

	it("10 stores telemetry, whose ts of 0 is the server's time, and attributes", async () => {
		const row = (ts: number, ...values: Uint8Array[]) =>
			bytesField(1, all(integerField(1, ts), ...values.map((value) => bytesField(2, value))));
		const rows = [row(0, long("t", 20), text("ts", "x")), row(1_000, long("t", -1))];
		await tell("telemetry", all(one("A", 3, ...rows), one("B", 3, row(0, text("s", "y")))));
		deepEqual(
			at
				.named("A")
				.series.get("t")
				?.map(({ ts, value }) => [ts, value.type, value.text]),
			[
				[1_000, "LONG", "-1"],
				[at.clock.now(), "LONG", "20"],
			],
		);
		deepEqual([at.latest("A", "ts"), at.latest("B", "s")], ["x", "y"]);
		const double = Buffer.concat([Uint8Array.of(0x29), Buffer.from([0, 0, 0, 0, 0, 0x80, 0x34, 0x40])]);
		const values = [
			all(bytesField(1, "on"), integerField(3, 1)),
			all(bytesField(1, "d"), integerField(2, 2), double),
			all(bytesField(1, "j"), integerField(2, 4), bytesField(7, '{"a":[1]}')),
		].map((value) => bytesField(1, value));
		await tell("attributes", one("A", 2, ...values));
		deepEqual(
			["on", "d", "j"].map((key) => attribute("A", key)),
			[
				{ type: "BOOLEAN", text: "true" },
				{ type: "DOUBLE", text: "20.5" },
				{ type: "JSON", text: '{"a":[1]}' },
			],
		);
	});

	it("10 registers claiming information", async () => {
		await tell("claim", one("A", 2, bytesField(1, "s"), integerField(2, 60_000)));
		equal(at.server.core.claims.claim(at.named("A"), "customer", "s"), "SUCCESS");
	});

	it("10 answers questions and pushes updates", async () => {
		await tell("attributes", one("A", 2, bytesField(1, long("a", 5))));
		const asked = all(
			integerField(1, 9),
			bytesField(2, "A"),
			integerField(3, 1),
			bytesField(4, "a"),
			bytesField(4, "b"),
		);
		await tell("attributes/request", asked);
		const { topic, message } = await heard();
		deepEqual([topic, message.text(1)], ["v1/gateway/attributes/response", "A"]);
		const answer = message.message(2);
		deepEqual([answer.integer(1), answer.integer(4)].map(Number), [9, 1]);
		const [found] = answer.messages(2);
		deepEqual([found?.message(2).text(1), Number(found?.message(2).integer(4))], ["a", 5]);
		equal(answer.messages(3).length, 0);
		const path = `/api/plugins/telemetry/DEVICE/${at.named("A").id}/SHARED_SCOPE`;
		await at.rest.send("POST", path, { k: "v" });
		const update = (await heard()).message;
		equal(update.text(1), "A");
		equal(update.message(2).messages(1)[0]?.message(2).text(6), "v");
		await at.rest.send("DELETE", `${path}?keys=k,n`);
		deepEqual((await heard()).message.message(2).texts(2), ["k", "n"]);
	});

	it("10 calls sub-devices and takes any text for an answer", async () => {
		await tell("connect", bytesField(1, "A"));
		const call = (params: unknown) =>
			at.rest.send("POST", `/api/rpc/twoway/${at.named("A").id}`, { method: "m", params });
		const first = call({ a: 1 });
		const { topic, message } = await heard();
		deepEqual([topic, message.text(1)], ["v1/gateway/rpc", "A"]);
		const rpc = message.message(2);
		deepEqual([Number(rpc.integer(1)), rpc.text(2), rpc.text(3)], [0, "m", '{"a":1}']);
		await tell("rpc", all(bytesField(1, "A"), bytesField(3, '{"ok":true}')));
		deepEqual((await first).body, { ok: true });
		const second = call(null);
		await heard();
		await tell("rpc", all(bytesField(1, "A"), integerField(2, 1), bytesField(3, "no json")));
		equal((await second).status, 406);
	});

	for (const [what, topic, bytes] of [
		["JSON", "connect", Buffer.from('{"device":"A"}')],
		["no name", "connect", Buffer.from("")],
		["no device", "telemetry", Buffer.from("")],
		["a value without a key", "attributes", one("A", 2, bytesField(1, integerField(4, 1)))],
		[
			"malformed JSON in a value",
			"attributes",
			one("A", 2, bytesField(1, all(bytesField(1, "j"), integerField(2, 4), bytesField(7, "{")))),
		],
		["malformed UTF-8", "disconnect", Buffer.from([0x0a, 1, 0xff])],
	] as const)
		it(`10 closes without PUBACK on ${what}, unlike in JSON`, async () => {
			say(topic, bytes);
			equal(await at.peer.kind(), "closed");
		});

	it("10 is what the gateway's profile says, not the sub-device's", async () => {
		await at.end();
		at = await site();
		const profile = at.server.core.profiles.ensure("proto");
		profile.transport = { ...profile.transport, type: "MQTT", payloadType: "PROTOBUF" };
		await at.tell("connect", { device: "A", type: "proto" });
		await at.tell("telemetry", { A: [{ t: 1 }] });
		equal(at.latest("A", "t"), "1");
	});
});

describe("thingsboard gateway with sendAckOnValidationException", () => {
	it("acknowledges what is no JSON and stays open, and closes for a bad element all the same", async () => {
		const at = await bench();
		const gateway = at.server.core.devices.create({ name: "gw", additionalInfo: { gateway: true } }, "gw");
		gateway.profile.transport = {
			...gateway.profile.transport,
			type: "MQTT",
			sendAckOnValidationException: true,
		};
		const peer = await online(at, { username: "gw" });
		peer.publish("v1/gateway/telemetry", "{");
		equal(await peer.kind(), "puback 7");
		ok(await peer.quiet());
		peer.publish("v1/gateway/telemetry", '{"A":[7]}');
		equal(await peer.kind(), "closed");
		await at.end();
	});
});
