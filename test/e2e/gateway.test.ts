// The gateway API, call by call, driven and looked at by REST: by the real gateway in the real engine, and by the same on Node.
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { buildFirmware } from "../../hosts/virtual/factory.ts";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { idOf } from "../../tools/peer/rest.ts";
import { boardWith, type TestBoard } from "./harness/board.ts";
import { eventually, openSite, type Site, type SiteDevice } from "./harness/site.ts";
import { root } from "./program.ts";

const guest = "test/e2e/guests/gateway.ts";
const done = { code: null };

/** Something that is a gateway, until it is ended. */
type Run = (at: Site, token: string) => Promise<() => Promise<unknown>>;

const onNode: Run = async ({ mqtt }, token) => {
	const { NODE_V8_COVERAGE: _, ...outer } = process.env;
	const env = {
		...outer,
		TS_PATHS: "bench/telemetry/paths.json",
		SERVER: JSON.stringify({ host: mqtt.host, port: mqtt.port, token }),
	};
	const args = ["--import", "./tools/ts.mjs", "test/e2e/guests/gateway-node.ts"];
	const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args, { cwd: root, env });
	child.stderr.pipe(process.stderr);
	let text = "";
	while (!text.includes("ready")) text += String((await once(child.stdout, "data"))[0]);
	return async () => {
		child.stdin.end();
		await once(child, "close");
	};
};

const onXS: Run = async ({ mqtt }, token) => {
	const board = await boardWith(guest, { host: mqtt.host, port: mqtt.port, token });
	await board.saw("ready");
	return async () => board.close();
};

for (const [where, run] of Object.entries({ Node: onNode, "XS (needs the XS worker)": onXS }))
	(where === "Node" || workerBuilt() ? describe : describe.skip)(
		`The gateway API on ${where} @real`,
		function () {
			this.timeout(60_000);
			let at: Site;
			let gateway: SiteDevice;
			let end: (() => Promise<unknown>) | undefined;
			let a: string;
			let id: string;

			before(async () => {
				at = await openSite();
				gateway = await at.device("gateway", { additionalInfo: { gateway: true } });
				end = await run(at, gateway.token);
				a = at.name('child "Ä"');
				at.forget(a);
				assert.deepEqual(await tell("connect", { device: a, type: "default" }), done);
				id = await idOfChild(a);
			});
			after(async () => {
				await end?.();
				await at.close();
			});

			/** What the gateway answers when it is told to do something. */
			const tell = (method: string, params: object = {}) => at.rpc(gateway.id, method, params);
			const find = (name: string) =>
				at.rest.ask("GET", `/api/tenant/devices?deviceName=${encodeURIComponent(name)}`);
			const idOfChild = async (name: string) => idOf(await find(name));
			/** What children heard, until there is something of that name. */
			const heard = (name: string) =>
				eventually(name, async () => {
					const list = (await tell("heard")) as unknown as Record<string, unknown>[];
					return list.find((one) => name in one);
				});
			const latest = (device: string, key: string) =>
				eventually(key, async () => (await at.latest(device, key))[key]?.value);

			it("1, 2 connects a child with its profile, and disconnects it", async () => {
				const other = at.name("thermometer");
				at.forget(other);
				await tell("connect", { device: other, type: "default" });
				const made = await find(other);
				assert.equal(made.type, "default");
				assert.ok(((await tell("devices")) as unknown as string[]).includes(other));
				assert.deepEqual(await tell("disconnect", { device: other }), done);
				assert.ok(!((await tell("devices")) as unknown as string[]).includes(other));
			});

			it("3 sends telemetry, with times and latency", async () => {
				const readings = [{ t: 1 }, { ts: 1_700_000_000_000, values: { t: 0.5, s: "x" } }];
				const metadata = { connector: "udp", receivedTs: Date.now() };
				assert.deepEqual(await tell("sendTelemetry", { device: a, readings, metadata }), done);
				assert.equal(await latest(id, "t"), 1);
				assert.deepEqual(
					(await at.series(id, "t")).map(({ value }) => value),
					[0.5, 1],
				);
			});

			it("4 sends attributes", async () => {
				assert.deepEqual(await tell("sendAttributes", { device: a, values: { model: "x", n: 1 } }), done);
				const stored = async () => Object.keys(await at.attributes(id, "CLIENT_SCOPE")).length > 0;
				await eventually("attributes", stored);
				assert.deepEqual(await at.attributes(id, "CLIENT_SCOPE"), { model: "x", n: 1 });
			});

			it("5, 6 asks for client and shared attributes, one and several", async () => {
				await at.setAttributes(id, "SHARED_SCOPE", { limit: 7, mode: "auto" });
				const ask = (keys: object) => tell("requestAttributes", { device: a, keys });
				assert.deepEqual(await ask({ client: ["model"] }), { client: { model: "x" } });
				assert.deepEqual(await ask({ client: ["model", "n", "none"] }), { client: { model: "x", n: 1 } });
				assert.deepEqual(await ask({ shared: ["limit"] }), { shared: { limit: 7 } });
				assert.deepEqual(await ask({ client: ["none"], shared: ["limit", "mode"] }), {
					shared: { limit: 7, mode: "auto" },
				});
			});

			it("7 hears of attributes that are set and deleted", async () => {
				await tell("watch", { device: a, keys: ["limit"] });
				await at.setAttributes(id, "SHARED_SCOPE", { limit: 8 });
				assert.deepEqual(await heard("watched"), { watched: a, values: { limit: 8 }, deleted: [] });
				await at.deleteAttributes(id, "SHARED_SCOPE", "limit");
				assert.deepEqual(await heard("watched"), { watched: a, values: {}, deleted: ["limit"] });
			});

			it("8, 9 is called, and answers", async () => {
				for (const params of [{ pin: 1 }, "text"])
					assert.deepEqual(await at.rpc(id, "toggle", params), { device: a, method: "toggle", params });
			});

			it("10 lets a customer claim the child", async () => {
				const customer = await at.customer("claimer");
				await at.setAttributes(id, "SERVER_SCOPE", { claimingAllowed: true });
				assert.deepEqual(await tell("claim", { device: a, secretKey: "s", durationMs: 60_000 }), done);
				const path = `/api/customer/device/${encodeURIComponent(a)}/claim`;
				const answer = await customer.rest.ask("POST", path, { secretKey: "s" });
				assert.equal(answer.response, "SUCCESS");
			});

			it("11 follows a rename and a deletion", async () => {
				const [b, c] = [at.name("before"), at.name("after")];
				at.forget(c);
				await tell("connect", { device: b });
				const device = await at.rest.ask("GET", `/api/device/${await idOfChild(b)}`);
				await at.rest.ask("POST", "/api/device", { ...device, name: c });
				assert.deepEqual(await heard("renamed"), { renamed: c, oldName: b });
				assert.deepEqual(await tell("sendTelemetry", { device: c, readings: { t: 5 } }), done);
				assert.equal(await latest(idOf(device), "t"), 5);
				assert.deepEqual(await at.rpc(idOf(device), "toggle"), { device: c, method: "toggle", params: {} });
				assert.equal((await at.rest.send("GET", `/api/tenant/devices?deviceName=${b}`)).status, 404);
				await at.rest.send("DELETE", `/api/device/${idOf(device)}`);
				assert.deepEqual(await heard("deleted"), { deleted: c });
				assert.deepEqual(await tell("sendTelemetry", { device: c, readings: { t: 6 } }), {
					code: "TB_CHILD",
				});
				assert.equal((await at.rest.send("GET", `/api/tenant/devices?deviceName=${c}`)).status, 404);
			});

			it("is a device of its own beside its children", async () => {
				assert.deepEqual(await tell("own", { own: 1 }), done);
				assert.equal(await latest(gateway.id, "own"), 1);
			});

			it("reports nothing that went wrong", async () => {
				const { malformed, unknown, dropped, callbackErrors } = await tell("stats");
				assert.deepEqual(
					{ malformed, unknown, dropped, callbackErrors },
					{ malformed: 0, unknown: 0, dropped: 0, callbackErrors: 0 },
				);
			});
		},
	);

(workerBuilt() ? describe : describe.skip)("A gateway (needs the XS worker) @real", function () {
	this.timeout(120_000);
	let at: Site;
	let board: TestBoard | undefined;

	before(async () => {
		at = await openSite();
	});
	afterEach(() => {
		board?.close();
		board = undefined;
	});
	after(() => at.close());

	it("updates itself while its children go on, and has them again afterwards", async () => {
		const gateway = await at.device("updating", { additionalInfo: { gateway: true } });
		const child = at.name("bystander");
		at.forget(child);
		const { host, port } = at.mqtt;
		board = await boardWith(guest, { host, port, token: gateway.token, child });
		await board.saw("ready 1.0.0");
		await at.rpc(gateway.id, "connect", { device: child });
		const image = await buildFirmware({
			entry: `${root}/${guest}`,
			version: "2.0.0",
			build: "2",
			title: "test",
		});
		await at.assign(gateway.id, await at.package("2.0.0", new Uint8Array(image), { title: "test" }));
		await board.saw("ota DOWNLOADING");
		const readings = { during: 1 };
		assert.deepEqual(await at.rpc(gateway.id, "sendTelemetry", { device: child, readings }), done);
		await board.saw("ready 2.0.0");
		const state = async () => (await at.latest(gateway.id, "fw_state")).fw_state?.value === "UPDATED";
		await eventually("UPDATED", state);
		const id = idOf(await at.rest.ask("GET", `/api/tenant/devices?deviceName=${child}`));
		assert.equal((await at.latest(id, "during")).during?.value, 1);
		assert.deepEqual(await at.rpc(id, "toggle"), { device: child, method: "toggle", params: {} });
	});

	it("is told clearly where the server takes it for none, and goes on as a device", async () => {
		const device = await at.device("no-gateway");
		const { host, port } = at.mqtt;
		board = await boardWith(guest, { host, port, token: device.token });
		await board.saw("ready");
		const readings = { t: 1 };
		for (const [method, params] of [
			["connect", { device: "X" }],
			["sendTelemetry", { device: "X", readings }],
		] as const)
			await at.rest.send("POST", `/api/rpc/oneway/${device.id}`, { method, params });
		await eventually("TB_NOT_GATEWAY", async () =>
			JSON.stringify(await at.rpc(device.id, "heard")).includes("TB_NOT_GATEWAY"),
		);
		assert.deepEqual(await at.rpc(device.id, "own", { own: 2 }), done);
		assert.deepEqual(await at.rpc(device.id, "devices"), ["X"]);
		assert.equal((await at.rest.send("GET", "/api/tenant/devices?deviceName=X")).status, 404);
	});
});
