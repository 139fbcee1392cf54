import assert from "node:assert/strict";
import { eventually, openSite, type Site, type SiteDevice } from "./harness/site.ts";

describe("REST and one device @real", () => {
	let at: Site;
	let device: SiteDevice;
	before(async () => {
		at = await openSite();
		device = await at.device("rest");
	});
	after(() => at.close());

	it("keeps what a device sends, typed, and gives the latest of it", async () => {
		const peer = await at.online(device.token);
		await peer.acknowledged("v1/devices/me/telemetry", '{"a":"007","b":20.0,"c":true,"d":{"x":1}}');
		const seen = await eventually("four values", async () => {
			const latest = await at.latest(device.id, "a", "b", "c", "d");
			return Object.keys(latest).length === 4 && latest;
		});
		const values = Object.fromEntries(Object.entries(seen).map(([key, { value }]) => [key, value]));
		assert.deepEqual(values, { a: 7, b: 20, c: true, d: { x: 1 } });
		await peer.end();
	});

	it("pushes shared attributes, and the list of deleted ones, to a subscribed device", async () => {
		const peer = await at.online(device.token);
		assert.deepEqual(await peer.subscribe("v1/devices/me/attributes"), [1]);
		const first = await eventually("the subscription", async () => {
			await at.setAttributes(device.id, "SHARED_SCOPE", { k: 1 });
			return peer.message("v1/devices/me/attributes", 1000).catch(() => undefined);
		});
		assert.equal(first.text, '{"k":1}');
		await at.deleteAttributes(device.id, "SHARED_SCOPE", "k", "never");
		const deleted = await peer.pick("the deleted list", (packet) => {
			return packet.cmd === "publish" && packet.payload.includes("deleted");
		});
		assert.equal(deleted.cmd === "publish" && String(deleted.payload), '{"deleted":["k","never"]}');
		await peer.end();
	});

	it("calls a device and gives its answer", async () => {
		const peer = await at.online(device.token);
		await peer.subscribe("v1/devices/me/rpc/request/+");
		const answer = at.rpc(device.id, "ping", { n: 1 });
		const { topic, text } = await peer.message("v1/devices/me/rpc/request/");
		assert.deepEqual(JSON.parse(text), { method: "ping", params: { n: 1 } });
		peer.publish(topic.replace("request", "response"), '{"pong":1}');
		assert.deepEqual(await answer, { pong: 1 });
		await peer.end();
	});

	it("serves an assigned package in chunks", async () => {
		const id = await at.package("v1", Uint8Array.of(1, 2, 3, 4, 5));
		await at.assign(device.id, id);
		const peer = await at.online(device.token);
		peer.publish("v2/fw/request/1/chunk/1", "3");
		const { topic, payload } = await peer.message("v2/fw/");
		assert.equal(topic, "v2/fw/response/1/chunk/1");
		assert.deepEqual([...payload], [4, 5]);
		await at.assign(device.id, null);
		await peer.end();
	});

	it("refuses a second device of that name with 400, and a token that nobody gave with 401", async () => {
		const again = await at.rest.send("POST", "/api/device", { name: device.name });
		assert.equal(again.status, 400);
		assert.deepEqual((again.body as { status: number; errorCode: number }).errorCode, 31);
		const stranger = await fetch(`${at.rest.url}/api/device/${device.id}`, {
			headers: { "X-Authorization": "Bearer nonsense" },
		});
		assert.equal(stranger.status, 401);
	});
});
