// The gateway of ThingsBoard's Python SDK and ours do the same, each on a server of its own: they leave the same state.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { Rest } from "../thingsboard/server.ts";
import { root } from "./program.ts";
import { PythonProgram, pythonWithSdk } from "./python.ts";

const python = pythonWithSdk();

interface Stage {
	server: ThingsBoard;
	rest: Rest;
	gateway: string;
}

describe("ThingsBoard's Python SDK and our gateway", function () {
	this.timeout(120_000);
	const open: ThingsBoard[] = [];
	const children: { kill(signal: NodeJS.Signals): unknown }[] = [];
	afterEach(async () => {
		for (const child of children.splice(0)) child.kill("SIGKILL");
		for (const server of open.splice(0)) await server.close();
	});

	async function stage(): Promise<Stage> {
		const server = await startThingsBoard({ mqttPort: 0, httpPort: 0 });
		open.push(server);
		const rest = new Rest(server.url);
		await rest.login();
		const gateway = server.core.devices.create({ name: "gw", additionalInfo: { gateway: true } }, "token");
		return { server, rest, gateway: gateway.id };
	}

	/** What test/python/gateway.py does, call by call. */
	async function theirs({ server, rest }: Stage): Promise<void> {
		const program = new PythonProgram(python ?? "", "gateway.py", [server.mqttPort, "token"]);
		children.push(program);
		await program.event("ready");
		await finish(server, rest);
		equal(await program.end(), 0);
	}

	async function ours({ server, rest, gateway }: Stage): Promise<void> {
		const { NODE_V8_COVERAGE: _, ...outer } = process.env;
		const SERVER = JSON.stringify({ host: "127.0.0.1", port: server.mqttPort, token: "token" });
		const args = ["--import", "./tools/ts.mjs", "test/e2e/guests/gateway-node.ts"];
		const env = { ...outer, TS_PATHS: "bench/telemetry/paths.json", SERVER };
		const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args, { cwd: root, env });
		children.push(child);
		await once(child.stdout, "data");
		const tell = async (method: string, params: object) =>
			(await rest.send("POST", `/api/rpc/twoway/${gateway}`, { method, params })).body;
		const done = { code: null };
		const a = { device: "Device A" };
		const b = { device: "Device B" };
		deepEqual(await tell("connect", { ...a, type: "thermostat" }), done);
		const readings = [{ t: 1 }, { ts: 1451649600512, values: { t: 2 } }];
		deepEqual(await tell("sendTelemetry", { ...a, readings }), done);
		deepEqual(await tell("connect", b), done);
		deepEqual(await tell("sendAttributes", { ...b, values: { model: "x" } }), done);
		deepEqual(await tell("requestAttributes", { ...b, keys: { client: ["model"] } }), {
			client: { model: "x" },
		});
		deepEqual(await tell("requestAttributes", { ...a, keys: { shared: ["limit", "none"] } }), {});
		deepEqual(await tell("claim", { ...a, secretKey: "secret", durationMs: 60_000 }), done);
		await finish(server, rest);
		deepEqual(await tell("disconnect", a), done);
		child.stdin.end();
		await once(child, "close");
	}

	/** What the server's side does to both. */
	async function finish({ core }: ThingsBoard, rest: Rest): Promise<void> {
		const a = core.devices.byName("Device A");
		ok(a, "Device A");
		await rest.send("POST", `/api/plugins/telemetry/DEVICE/${a.id}/SHARED_SCOPE`, { limit: 5 });
		const { status } = await rest.send("POST", `/api/rpc/twoway/${a.id}`, { method: "m", params: {} });
		equal(status, 200);
		equal(core.claims.claim(a, "customer", "secret"), "SUCCESS");
	}

	/** All that is left of the two devices, without the times that the server gave. */
	function left({ server, gateway }: Stage): object {
		return ["gw", "Device A", "Device B"].map((name) => {
			const device = server.core.devices.byName(name);
			ok(device, name);
			const info = device.info.additionalInfo as { lastConnectedGateway?: string } | undefined;
			return {
				name,
				profile: device.profile.name,
				customer: device.customerId,
				ofGateway: info?.lastConnectedGateway === gateway,
				series: [...device.series].map(([key, points]) => [
					key,
					points.map(({ value }) => value).sort((x, y) => Number(x.text) - Number(y.text)),
				]),
				early: device.series.get("t")?.filter(({ ts }) => ts === 1451649600512).length,
				client: [...device.attributes.CLIENT_SCOPE].map(([key, { value }]) => [key, value]),
				shared: [...device.attributes.SHARED_SCOPE].map(([key, { value }]) => [key, value]),
				connected: device.session !== undefined,
			};
		});
	}

	(python ? it : it.skip)("leave the same state on the server (needs tb-mqtt-client)", async () => {
		const [first, second] = [await stage(), await stage()];
		await theirs(first);
		await ours(second);
		deepEqual(left(second), left(first));
	});
});
