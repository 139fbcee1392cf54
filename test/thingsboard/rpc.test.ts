import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, online, type Peer } from "./server.ts";

type Rpc = { id: { id: string }; status: string; response: unknown; request: { body: { params: string } } };
const filter = "v1/devices/me/rpc/request/+";

describe("thingsboard persistent RPC", () => {
	let at: Bench;
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(() => at.end());

	/** Calls persistently and gives the RPC's id. */
	async function call(way: "oneway" | "twoway", over: object = {}): Promise<string> {
		const { body, status } = await at.rest.send("POST", `/api/rpc/${way}/${at.device.id}`, {
			method: "m",
			params: { a: 1 },
			persistent: true,
			...over,
		});
		equal(status, 200);
		return (body as { rpcId: string }).rpcId;
	}
	const record = async (id: string) => (await at.rest.send("GET", `/api/rpc/persistent/${id}`)).body as Rpc;
	const status = async (id: string) => (await record(id)).status;

	/** A connected device that subscribed at that QoS. */
	async function device(qos: 0 | 1 = 1): Promise<Peer> {
		const peer = await online(at);
		peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos }] });
		equal(await peer.kind(), "suback 1");
		return peer;
	}

	it("14.15 waits in QUEUED for the device, goes SENT, DELIVERED at PUBACK and SUCCESSFUL with its answer", async () => {
		const id = await call("twoway");
		equal(await status(id), "QUEUED");
		const peer = await device();
		const { topic, text, id: packet } = await peer.message();
		deepEqual([topic, text], ["v1/devices/me/rpc/request/0", '{"method":"m","params":{"a":1}}']);
		equal(await status(id), "SENT");
		peer.send({ cmd: "puback", messageId: packet ?? 0 });
		ok(await peer.quiet());
		equal(await status(id), "DELIVERED");
		peer.publish("v1/devices/me/rpc/response/0", '{"ok":true}');
		equal(await peer.kind(), "puback 7");
		const { status: last, response, request } = await record(id);
		deepEqual([last, response, request.body.params], ["SUCCESSFUL", { ok: true }, '{"a":1}']);
	});

	it("14.15 keeps an answer that is no JSON as an error, and ends a one-way call at DELIVERED", async () => {
		const peer = await device();
		const two = await call("twoway");
		await peer.message();
		peer.publish("v1/devices/me/rpc/response/0", "no json");
		equal(await peer.kind(), "puback 7");
		const { status: last, response } = await record(two);
		deepEqual([last, response], ["SUCCESSFUL", { error: "no json" }]);
		const deep = "[".repeat(20_000) + "]".repeat(20_000);
		const nested = await call("twoway");
		await peer.message();
		peer.publish("v1/devices/me/rpc/response/1", deep);
		equal(await peer.kind(), "puback 7");
		deepEqual((await record(nested)).response, { error: deep });
		const one = await call("oneway");
		peer.send({ cmd: "puback", messageId: (await peer.message()).id ?? 0 });
		ok(await peer.quiet());
		equal(await status(one), "DELIVERED");
		equal(at.device.rpc.size, 0);
	});

	it("trap 24 a call at QoS 0 is DELIVERED without any acknowledgement, and expires after 10 s without expirationTime", async () => {
		const peer = await device(0);
		const id = await call("twoway");
		await peer.message();
		equal(await status(id), "DELIVERED");
		at.clock.advance(9_999);
		equal(await status(id), "DELIVERED");
		at.clock.advance(1);
		equal(await status(id), "EXPIRED");
	});

	it("14.15 is TIMEOUT after 10 s without PUBACK, is not sent again by itself, and can still be answered", async () => {
		const peer = await device();
		const id = await call("twoway", { expirationTime: at.clock.now() + 60_000 });
		equal((await peer.message()).topic, "v1/devices/me/rpc/request/0");
		at.clock.advance(10_000);
		ok(await peer.quiet());
		equal(await status(id), "TIMEOUT");
		peer.send({ cmd: "subscribe", messageId: 2, subscriptions: [{ topic: filter, qos: 1 }] });
		equal(await peer.kind(), "suback 2");
		equal((await peer.message()).topic, "v1/devices/me/rpc/request/0");
		peer.publish("v1/devices/me/rpc/response/0", "1");
		equal(await peer.kind(), "puback 7");
		equal(await status(id), "SUCCESSFUL");
	});

	it("14.15 counts timeouts as retries: with retries 0 the first is final", async () => {
		const peer = await device();
		const id = await call("twoway", { retries: 0, expirationTime: at.clock.now() + 60_000 });
		await peer.message();
		at.clock.advance(10_000);
		const { status: last, response } = await record(id);
		equal(last, "FAILED");
		ok(JSON.stringify(response).includes("Retry attempts set: 0"));
		peer.publish("v1/devices/me/rpc/response/0", "1"); // stale: acknowledged and ignored
		equal(await peer.kind(), "puback 7");
		equal(await status(id), "FAILED");
	});

	it("closes the session instead when the server is told to, and queues the call again", async () => {
		await at.end();
		at = await bench({ closeSessionOnRpcTimeout: true });
		const peer = await device();
		const id = await call("twoway", { retries: 0, expirationTime: at.clock.now() + 60_000 });
		await peer.message();
		at.clock.advance(10_000);
		equal(await peer.kind(), "closed");
		equal(await status(id), "QUEUED");
		equal((await (await device()).message()).topic, "v1/devices/me/rpc/request/0");
	});

	it("14.15 expires where no device ever subscribed, and is EXPIRED at once when its time is over", async () => {
		const id = await call("oneway", { expirationTime: at.clock.now() + 100 });
		at.clock.advance(100);
		equal(await status(id), "EXPIRED");
		equal(await status(await call("oneway", { expirationTime: at.clock.now() - 1 })), "EXPIRED");
	});

	it("lists a device's calls by status, and deletes one", async () => {
		const [first, second] = [await call("oneway"), await call("oneway", { expirationTime: 1 })];
		const list = async (query: string) => {
			const path = `/api/rpc/persistent/device/${at.device.id}?pageSize=10&page=0${query}`;
			return (await at.rest.send("GET", path)).body as { data: Rpc[]; totalElements: number };
		};
		deepEqual(
			(await list("")).data.map(({ id }) => id.id),
			[first, second],
		);
		deepEqual(
			(await list("&rpcStatus=EXPIRED")).data.map(({ id }) => id.id),
			[second],
		);
		equal((await at.rest.send("DELETE", `/api/rpc/persistent/${first}`)).status, 200);
		equal((await at.rest.send("GET", `/api/rpc/persistent/${first}`)).status, 404);
		equal(at.device.rpc.size, 0);
		equal(((await list("&rpcStatus=DELETED")) as unknown as { status: number }).status, 400);
	});

	it("answers 504, or 408 and 409 over the older path, for what is not persistent", async () => {
		const send = (prefix: string, way: string) =>
			at.rest.send("POST", `${prefix}/${way}/${at.device.id}`, { method: "m", params: 1 });
		const late = async (prefix: string) => {
			const answer = send(prefix, "twoway");
			while (!at.device.rpc.size) await at.rest.send("GET", "/api/auth/user");
			at.clock.advance(10_000);
			return (await answer).status;
		};
		deepEqual([await late("/api/rpc"), await late("/api/plugins/rpc")], [504, 409]);
		const peer = await device();
		deepEqual([await late("/api/rpc"), await late("/api/plugins/rpc")], [504, 408]);
		equal((await send("/api/rpc", "oneway")).status, 200);
		await peer.end();
	});
});
