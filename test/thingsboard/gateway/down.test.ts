import { deepEqual, equal, ok } from "../../assert.ts";
import { type GatewaySite, punished, site } from "./site.ts";

const shared = (id: string) => `/api/plugins/telemetry/DEVICE/${id}/SHARED_SCOPE`;

describe("thingsboard gateway questions and calls", () => {
	let at: GatewaySite;
	beforeEach(async () => {
		at = await site();
		await at.tell("attributes", { A: { a: 1, b: "x" } });
		await at.rest.send("POST", shared(at.named("A").id), { s: true, t: 20.5 });
		await at.peer.message();
	});
	afterEach(() => at.end());

	async function ask(question: object): Promise<unknown> {
		await at.tell("attributes/request", { id: 3, device: "A", client: true, ...question });
		const { topic, json } = await at.heard();
		equal(topic, "v1/gateway/attributes/response");
		return json;
	}

	it("trap 43 answers value for one key that was asked for and values for several, however many are found", async () => {
		const of = { id: 3, device: "A" };
		deepEqual(await ask({ key: "a" }), { ...of, value: 1 });
		deepEqual(await ask({ keys: ["b"] }), { ...of, value: "x" });
		deepEqual(await ask({ keys: ["b", "b"] }), { ...of, value: "x" });
		deepEqual(await ask({ keys: ["a", "b"] }), { ...of, values: { a: 1, b: "x" } });
		deepEqual(await ask({ keys: ["a", "zz"] }), { ...of, values: { a: 1 } });
		deepEqual(await ask({ key: "zz" }), of);
		deepEqual(await ask({ keys: ["yy", "zz"] }), of);
	});

	it("14.23 asks one scope at a time, and both without keys", async () => {
		const of = { id: 3, device: "A" };
		deepEqual(await ask({ client: false, keys: ["a", "s"] }), { ...of, values: { s: true } });
		deepEqual(await ask({ client: "TRUE", key: "s" }), of);
		deepEqual(await ask({ keys: [] }), { ...of, values: { a: 1, b: "x", s: true, t: 20.5 } });
	});

	it("trap 43 gives value for a scope of one attribute when everything is asked for; of two such scopes the last wins", async () => {
		await at.tell("attributes", { B: { a: 1 } });
		deepEqual(await ask({ device: "B", keys: [] }), { id: 3, device: "B", value: 1 });
		await at.rest.send("POST", shared(at.named("B").id), { s: 2 });
		await at.peer.message();
		deepEqual(await ask({ device: "B", keys: [] }), { id: 3, device: "B", value: 2 });
		deepEqual(await ask({ device: "C", keys: [] }), { id: 3, device: "C" });
	});

	it("reads ids as Java does: negative ones are answered too, fractions are cut", async () => {
		deepEqual(await ask({ id: -1, key: "zz" }), { id: -1, device: "A" });
		deepEqual(await ask({ id: 4294967297.5, key: "zz" }), { id: 1, device: "A" });
		deepEqual(await ask({ id: "5", key: "zz" }), { id: 5, device: "A" });
	});

	for (const question of [
		{ device: "A", client: true, key: "a" },
		{ id: 1, client: true, key: "a" },
		{ id: 1, device: "A", key: "a" },
		{ id: 1, device: "A", client: true },
		{ id: "x", device: "A", client: true, key: "a" },
		{ id: 1, device: "A", client: null, key: "a" },
		{ id: 1, device: "A", client: true, key: null },
		{ id: 1, device: "A", client: true, keys: "a" },
		{ id: 1, device: "A", client: true, keys: [{}] },
		[],
	])
		it(`14.8 acknowledges the question ${JSON.stringify(question)} and closes`, () =>
			punished(at, "attributes/request", question));

	for (const answer of [
		{ id: 0, data: 1 },
		{ device: "A", data: 1 },
		{ device: "A", id: 0 },
		{ device: "A", id: null, data: 1 },
		7,
	])
		it(`14.8 acknowledges the RPC answer ${JSON.stringify(answer)} and closes`, () =>
			punished(at, "rpc", JSON.stringify(answer)));

	it("14.23 pushes shared attributes of a connected sub-device, without any subscription", async () => {
		await at.rest.send("POST", shared(at.named("A").id), { k: 1, v: "1.10" });
		deepEqual(await at.heard(), {
			topic: "v1/gateway/attributes",
			json: { device: "A", data: { k: 1, v: 1.1 } },
		});
		await at.rest.send("DELETE", `${shared(at.named("A").id)}?keys=k,never`);
		deepEqual((await at.heard()).json, { device: "A", data: { deleted: ["k", "never"] } });
		await at.tell("disconnect", { device: "A" });
		await at.rest.send("POST", shared(at.named("A").id), { k: 1 });
		ok(await at.peer.quiet());
	});

	it("14.23 sends at the QoS of the gateway's subscription, else at 1", async () => {
		await at.rest.send("POST", shared(at.named("A").id), { k: 1 });
		equal((await at.peer.message()).qos, 1);
		at.peer.send({
			cmd: "subscribe",
			messageId: 1,
			subscriptions: [{ topic: "v1/gateway/attributes", qos: 0 }],
		});
		await at.peer.kind();
		await at.rest.send("POST", shared(at.named("A").id), { k: 1 });
		equal((await at.peer.message()).qos, 0);
	});

	it("14.23 calls sub-devices with ids of their own, from 0, and gives their answers back", async () => {
		await at.tell("connect", { device: "B" });
		const call = (name: string, method: string) =>
			at.rest.send("POST", `/api/rpc/twoway/${at.named(name).id}`, { method, params: { on: true } });
		const first = call("A", "toggle");
		deepEqual(await at.heard(), {
			topic: "v1/gateway/rpc",
			json: { device: "A", data: { id: 0, method: "toggle", params: { on: true } } },
		});
		const second = call("A", "again");
		equal(((await at.heard()).json as { data: { id: number } }).data.id, 1);
		const other = call("B", "other");
		equal(((await at.heard()).json as { data: { id: number } }).data.id, 0);
		await at.tell("rpc", { device: "B", id: 0, data: { success: true } });
		await at.tell("rpc", { device: "A", id: 1, data: null });
		await at.tell("rpc", { device: "A", id: 0, data: "done" });
		deepEqual((await other).body, { success: true });
		deepEqual((await second).body, null);
		deepEqual((await first).body, "done");
	});

	it("14.23 delivers calls that waited when the sub-device connects", async () => {
		const waiting = at.server.core.devices.create({ name: "W" });
		const call = at.rest.send("POST", `/api/rpc/twoway/${waiting.id}`, { method: "m" });
		while (!waiting.rpc.size) await at.rest.send("GET", `/api/device/${waiting.id}`);
		at.say("connect", { device: "W" });
		deepEqual((await at.heard()).json, { device: "W", data: { id: 0, method: "m", params: null } });
		equal(await at.peer.kind(), "puback 7");
		await at.tell("rpc", { device: "W", id: 0, data: 1 });
		equal((await call).body, 1);
	});

	it("trap 48 repeats a persistent one-way call at every connect, though the gateway acknowledges it", async () => {
		const { id } = at.named("A");
		const { body } = await at.rest.send("POST", `/api/rpc/oneway/${id}`, { method: "m", persistent: true });
		const status = async () => {
			const { rpcId } = body as { rpcId: string };
			return ((await at.rest.send("GET", `/api/rpc/persistent/${rpcId}`)).body as { status: string }).status;
		};
		const acknowledge = async () => {
			const { id: messageId = 0, text } = await at.peer.message();
			deepEqual(JSON.parse(text), { device: "A", data: { id: 0, method: "m", params: null } });
			at.peer.send({ cmd: "puback", messageId });
		};
		await acknowledge();
		ok(await at.peer.quiet());
		equal(await status(), "SENT");
		await at.tell("disconnect", { device: "A" });
		at.say("connect", { device: "A" });
		await acknowledge();
		equal(await at.peer.kind(), "puback 7");
		equal(await status(), "SENT");
	});

	it("acknowledges an answer to a call that is not there", async () => {
		await at.tell("rpc", { device: "A", id: 99, data: 1 });
		ok(await at.peer.quiet());
	});

	it("trap 46 tells the gateway itself, by RPC on its device topic, that a device of it was renamed or deleted", async () => {
		await at.peer.subscribe("v1/devices/me/rpc/request/+");
		const { id } = at.named("A");
		const { body } = await at.rest.send("GET", `/api/device/${id}`);
		await at.rest.send("POST", "/api/device", { ...(body as object), name: "A2" });
		deepEqual(await at.heard(), {
			topic: "v1/devices/me/rpc/request/0",
			json: { method: "gateway_device_renamed", params: { A: "A2" } },
		});
		await at.rest.send("POST", shared(id), { k: 1 });
		deepEqual(
			(await at.heard()).json,
			{ device: "A", data: { k: 1 } },
			"the old name, while the session lasts",
		);
		await at.rest.send("DELETE", `/api/device/${id}`);
		deepEqual(await at.heard(), {
			topic: "v1/devices/me/rpc/request/1",
			json: { method: "gateway_device_deleted", params: "A2" },
		});
	});

	it("trap 46 repeats a notice until the gateway acknowledges it", async () => {
		const requests = "v1/devices/me/rpc/request/+";
		await at.rest.send("DELETE", `/api/device/${at.named("A").id}`);
		for (let i = 0; i < 2; i++) {
			at.peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: requests, qos: 1 }] });
			equal(await at.peer.kind(), "suback 1");
			equal((await at.peer.message()).topic, "v1/devices/me/rpc/request/0");
		}
		at.peer.send({ cmd: "puback", messageId: 3 });
		deepEqual(await at.peer.subscribe(requests), [1]);
		equal(at.gateway.rpc.size, 0);
	});

	it("trap 46 keeps a notice for a gateway that is away", async () => {
		await at.peer.end();
		const { id } = at.named("A");
		await at.rest.send("DELETE", `/api/device/${id}`);
		equal(at.gateway.rpc.size, 1);
		await at.rest.send("DELETE", `/api/device/${at.device.id}`);
		equal(at.gateway.rpc.size, 1, "a device that no gateway ever connected");
	});
});
