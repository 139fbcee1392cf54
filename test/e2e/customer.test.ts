import assert from "node:assert/strict";
import { idOf, type RestClient } from "../../tools/peer/rest.ts";
import { eventually, openSite, type Site } from "./harness/site.ts";

describe("customers, claiming and credentials @real", () => {
	let at: Site;
	let customer: { id: string; rest: RestClient };
	before(async () => {
		at = await openSite();
		customer = await at.customer("owner");
	});
	after(() => at.close());

	it("lets a customer claim a device with its secret, use it, and give it back", async () => {
		const device = await at.device("claimed");
		const claim = (secretKey: string) =>
			customer.rest.send("POST", `/api/customer/device/${device.name}/claim`, { secretKey });
		assert.equal((await customer.rest.send("GET", `/api/device/${device.id}`)).status, 403);
		const peer = await at.online(device.token);
		await peer.acknowledged("v1/devices/me/claim", '{"secretKey":"s","durationMs":60000}');
		const claimed = await eventually("the claim", async () => {
			const { status, body } = await claim("s");
			return status === 200 && (body as { response: string });
		});
		assert.equal(claimed.response, "SUCCESS");
		assert.equal((await claim("s")).status, 400);
		const seen = await customer.rest.ask("GET", `/api/device/${device.id}`);
		assert.equal(idOf({ id: seen.customerId }), customer.id);
		const back = await customer.rest.send("DELETE", `/api/customer/device/${device.name}/claim`);
		assert.equal(back.status, 200);
		assert.equal((await customer.rest.send("GET", `/api/device/${device.id}`)).status, 403);
	});

	it("keeps a customer's user from what is the tenant's", async () => {
		const { status, body } = await customer.rest.send("GET", "/api/tenant/devices?pageSize=1&page=0");
		assert.equal(status, 403);
		assert.equal((body as { errorCode: number }).errorCode, 20);
	});

	it("gives a new pair of tokens for a refresh token", async () => {
		const { refreshToken } = customer.rest;
		const pair = await at.rest.ask("POST", "/api/auth/token", { refreshToken });
		customer.rest.use(pair);
		const user = await customer.rest.ask("GET", "/api/auth/user");
		assert.equal(user.authority, "CUSTOMER_USER");
		const wrong = await at.rest.send("POST", "/api/auth/token", { refreshToken: customer.rest.token });
		assert.equal(wrong.status, 401);
	});

	it("closes a device's session when its credentials change, and lets the new ones in", async () => {
		const device = await at.device("credentials");
		const peer = await at.online(device.token);
		const path = `/api/device/${device.id}/credentials`;
		const before = await at.rest.ask("GET", path);
		assert.deepEqual([before.credentialsType, before.credentialsId], ["ACCESS_TOKEN", device.token]);
		const clientId = at.name("client");
		await at.rest.ask("POST", "/api/device/credentials", {
			...before,
			credentialsType: "MQTT_BASIC",
			credentialsId: null,
			credentialsValue: JSON.stringify({ clientId, userName: "u", password: "p" }),
		});
		await peer.closed();
		const basic = await at.online("u", { clientId, password: Buffer.from("p") });
		await basic.acknowledged("v1/devices/me/telemetry", '{"a":1}');
	});
});
