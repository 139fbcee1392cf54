import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import { eventually, openSite, type Site, type SiteDevice } from "./harness/site.ts";

type Update = { subscriptionId: number; errorCode: number; data: Record<string, [number, string][]> };

describe("the websocket telemetry API @real", () => {
	let at: Site;
	let device: SiteDevice;
	let socket: WebSocket;
	const updates: Update[] = [];
	before(async () => {
		at = await openSite();
		device = await at.device("ws");
		socket = new WebSocket(`${at.rest.url.replace(/^http/, "ws")}/api/ws`);
		socket.on("message", (data) => updates.push(JSON.parse(data.toString())));
		await once(socket, "open");
	});
	after(async () => {
		socket?.terminate();
		await at.close();
	});

	/** Some update of that subscription whose data has that value as its last. */
	const seen = (id: number, key: string, value: string) =>
		eventually(`${key} = ${value}`, async () =>
			updates.find(({ subscriptionId, data }) => subscriptionId === id && data?.[key]?.at(-1)?.[1] === value),
		);

	it("tells telemetry and attributes of a device as they come, to who has shown a token", async () => {
		const peer = await at.online(device.token);
		await peer.acknowledged("v1/devices/me/telemetry", '{"a":1}');
		await eventually("the first value", async () => "a" in (await at.latest(device.id, "a")));
		const basis = { entityType: "DEVICE", entityId: device.id };
		socket.send(
			JSON.stringify({
				authCmd: { cmdId: 0, token: at.rest.token },
				cmds: [
					{ type: "TIMESERIES", cmdId: 1, ...basis, scope: "LATEST_TELEMETRY" },
					{ type: "ATTRIBUTES", cmdId: 2, ...basis, scope: "SHARED_SCOPE" },
				],
			}),
		);
		await seen(1, "a", "1");
		await peer.acknowledged("v1/devices/me/telemetry", '{"a":20.0}');
		await seen(1, "a", "20.0");
		await at.setAttributes(device.id, "SHARED_SCOPE", { s: "x" });
		await seen(2, "s", "x");
		await at.deleteAttributes(device.id, "SHARED_SCOPE", "s");
		await seen(2, "s", "");
		assert.ok(updates.every(({ errorCode }) => errorCode === 0));
	});
});
