import { deepEqual, equal, ok } from "../assert.ts";
import { type GatewaySite, site } from "./gateway/site.ts";
import { online, type Peer } from "./server.ts";

describe("thingsboard faults of calls and answers", () => {
	let at: GatewaySite;
	let peer: Peer;
	beforeEach(async () => {
		at = await site();
		peer = await online(at);
	});
	afterEach(() => at.end());

	const fault = (device: string, name: string, value: number) =>
		at.rest.send("POST", "/api/standin/faults", { device, [name]: value });
	const call = (id: string) => at.rest.send("POST", `/api/rpc/twoway/${id}`, { method: "m" });

	it("duplicateRpc: a call comes twice with one id, under two packet ids, and is answered once", async () => {
		await peer.subscribe("v1/devices/me/rpc/request/+");
		await fault("d", "duplicateRpc", 1);
		const pending = call(at.device.id);
		const [first, second] = [await peer.message(), await peer.message()];
		equal(first.topic, "v1/devices/me/rpc/request/0");
		equal(second.topic, first.topic);
		ok(first.id !== second.id);
		for (const reply of ["1", "2"]) peer.publish("v1/devices/me/rpc/response/0", reply, 0);
		equal((await pending).body, 1);
		const next = call(at.device.id);
		equal((await peer.message()).topic, "v1/devices/me/rpc/request/1");
		peer.publish("v1/devices/me/rpc/response/1", "3", 0);
		equal((await next).body, 3);
	});

	it("lateRpc: a call comes when its caller has given up, and the answer is acknowledged and lost", async () => {
		await peer.subscribe("v1/devices/me/rpc/request/+");
		await fault("d", "lateRpc", 20_000);
		const pending = call(at.device.id);
		while (!at.device.rpc.size) await at.rest.send("GET", `/api/device/${at.device.id}`);
		ok(await peer.quiet());
		at.clock.advance(10_000);
		equal((await pending).status, 504);
		at.clock.advance(10_000);
		equal((await peer.message()).topic, "v1/devices/me/rpc/request/0");
		peer.publish("v1/devices/me/rpc/response/0", "1");
		equal(await peer.kind(), "puback 7");
	});

	it("duplicateRpc and lateRpc strike sub-devices of a gateway too", async () => {
		await at.tell("connect", { device: "A" });
		await fault("A", "duplicateRpc", 1);
		await fault("A", "lateRpc", 1_000);
		const pending = call(at.named("A").id);
		while (!at.named("A").rpc.size) await at.rest.send("GET", `/api/device/${at.device.id}`);
		ok(await at.peer.quiet());
		at.clock.advance(1_000);
		deepEqual((await at.heard()).json, (await at.heard()).json);
		await at.tell("rpc", { device: "A", id: 0, data: 1 });
		equal((await pending).body, 1);
	});

	it("delayAnswers: what a device asked for comes late, attributes and client-side RPC alike", async () => {
		await fault("d", "delayAnswers", 5_000);
		peer.publish("v1/devices/me/attributes/request/1", "{}", 0);
		peer.publish("v1/devices/me/rpc/request/2", '{"method":"getSessionLimits"}');
		equal(await peer.kind(), "puback 7");
		ok(await peer.quiet());
		at.clock.advance(5_000);
		const topics = [(await peer.message()).topic, (await peer.message()).topic].sort();
		deepEqual(topics, ["v1/devices/me/attributes/response/1", "v1/devices/me/rpc/response/2"]);
	});

	it("delayAnswers: a client-side RPC's answer that is later than its timeout comes after the error", async () => {
		at.server.core.onClientRpc = () => "7";
		await fault("d", "delayAnswers", 61_000);
		peer.publish("v1/devices/me/rpc/request/2", '{"method":"getTime"}');
		equal(await peer.kind(), "puback 7");
		ok(await peer.quiet());
		at.clock.advance(60_000);
		deepEqual((await peer.message()).text, '{"error":"timeout"}');
		at.clock.advance(1_000);
		deepEqual((await peer.message()).text, "7");
	});

	it("delayAnswers: what a gateway asked of a sub-device comes late", async () => {
		await at.tell("connect", { device: "A" });
		await fault("A", "delayAnswers", 5_000);
		await at.tell("attributes/request", { id: 1, device: "A", client: true, key: "k" });
		ok(await at.peer.quiet());
		at.clock.advance(5_000);
		equal((await at.heard()).topic, "v1/gateway/attributes/response");
	});
});
