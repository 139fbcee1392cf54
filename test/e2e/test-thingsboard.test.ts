import assert from "node:assert/strict";
import { RestClient } from "../../tools/peer/rest.ts";
import { startServer } from "../../tools/start/process.ts";
import { prefix, Site } from "./harness/site.ts";
import { run } from "./program.ts";

describe("npm run test:thingsboard", function () {
	this.timeout(60_000);
	const file = "tools/test-thingsboard.ts";
	const saved = { ...process.env };
	afterEach(() => {
		for (const name of ["TB_URL", "TB_USER", "TB_PASSWORD", "TB_MQTT"]) delete process.env[name];
		Object.assign(process.env, saved);
	});

	it("says what it needs, and ends with 2, when no server is named", async () => {
		for (const name of ["TB_URL", "TB_USER", "TB_PASSWORD"]) delete process.env[name];
		const { status, text } = await run(file, []);
		assert.equal(status, 2);
		assert.match(text, /missing: TB_URL, TB_USER, TB_PASSWORD/);
	});

	it("runs the tagged specs against the server that is named, and leaves nothing behind", async () => {
		const { program, url, mqttPort } = await startServer(["--port", "0", "--http-port", "0"]);
		const user = { TB_USER: "tenant@thingsboard.org", TB_PASSWORD: "tenant" };
		Object.assign(process.env, user, { TB_URL: url, TB_MQTT: `127.0.0.1:${mqttPort}` });
		const { status, text } = await run(file, ["--only", "e2e/rest.test"]);
		const rest = new RestClient(url);
		await rest.login(user.TB_USER, user.TB_PASSWORD);
		const packages = await rest.ask("GET", "/api/otaPackages?pageSize=100&page=0");
		await program.end();
		assert.equal(status, 0, text);
		assert.match(text, /\n[1-9]\d* passed, 0 failed\n$/);
		assert.ok(!JSON.stringify(packages).includes(prefix), "a package is left behind");
	});

	it("--clean deletes what a killed run has left behind, and nothing else", async () => {
		const { program, url } = await startServer(["--port", "0", "--http-port", "0", "--device", "mine=t"]);
		const user = { TB_USER: "tenant@thingsboard.org", TB_PASSWORD: "tenant" };
		Object.assign(process.env, user, { TB_URL: url });
		const rest = new RestClient(url);
		await rest.login(user.TB_USER, user.TB_PASSWORD);
		const site = new Site(rest, { host: "127.0.0.1", port: 1 });
		const device = await site.device("left");
		await site.assign(device.id, await site.package("1", Uint8Array.of(1)));
		await site.profile("left");
		await site.customer("left");
		const { status, text } = await run(file, ["--clean"]);
		const { data } = (await rest.ask("GET", "/api/tenant/devices?pageSize=9&page=0")) as { data: object[] };
		await program.end();
		assert.equal(status, 0, text);
		assert.match(text, /^4 deleted$/m);
		assert.equal(data.length, 1);
	});

	it("ends with 2 when the server does not let us in", async () => {
		Object.assign(process.env, { TB_URL: "http://127.0.0.1:1", TB_USER: "u", TB_PASSWORD: "p" });
		assert.equal((await run(file, [])).status, 2);
	});
});
