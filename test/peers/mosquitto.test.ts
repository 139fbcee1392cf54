// mosquitto_pub and mosquitto_sub against the stand-in: a client everybody has at hand.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Device } from "../../thingsboard/devices.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { readAttributes } from "../../thingsboard/telemetry.ts";
import { deepEqual, equal, includes } from "../assert.ts";
import { until } from "./until.ts";

const there = ["mosquitto_pub", "mosquitto_sub"].every((name) => !spawnSync(name, ["--help"]).error);
const tool = there ? it : it.skip;
const telemetry = "v1/devices/me/telemetry";

describe("mosquitto_pub and mosquitto_sub (needs mosquitto-clients)", function () {
	this.timeout(30_000);
	let server: ThingsBoard;
	let device: Device;
	let children: ChildProcess[];
	beforeEach(async () => {
		children = [];
		server = await startThingsBoard({ mqttPort: 0, httpPort: 0 });
		device = server.core.devices.create({ name: "d" }, "token");
	});
	afterEach(async () => {
		for (const child of children) child.kill("SIGKILL");
		await server.close();
	});

	/** Starts one; resolves with its status and what it printed. */
	async function run(name: string, args: string[], input = ""): Promise<{ status: number; said: string }> {
		const child = spawn(name, ["-h", "127.0.0.1", "-p", String(server.mqttPort), ...args], { stdio: "pipe" });
		children.push(child);
		child.stdin.end(input);
		const said = Promise.all([text(child.stdout), text(child.stderr)]);
		const [status] = await once(child, "close");
		return { status: Number(status), said: (await said).join("") };
	}

	for (const version of ["mqttv31", "mqttv311", "mqttv5"]) {
		const basis = ["-V", version, "-u", "token", "-q", "1"];

		tool(`publishes one message, then many, over ${version}`, async () => {
			const one = await run("mosquitto_pub", [...basis, "-t", telemetry, "-m", '{"temperature":21.5}']);
			deepEqual(one, { status: 0, said: "" });
			equal(device.series.get("temperature")?.at(-1)?.value.text, "21.5");
			const lines = Array.from({ length: 200 }, (_, i) => `{"ts":${i + 1},"values":{"i":${i}}}`).join("\n");
			deepEqual(await run("mosquitto_pub", [...basis, "-t", telemetry, "-l"], `${lines}\n`), {
				status: 0,
				said: "",
			});
			equal(device.series.get("i")?.length, 200);
		});

		tool(`subscribes and prints what the server pushes, over ${version}`, async () => {
			const sub = run("mosquitto_sub", [...basis, "-t", "v1/devices/me/attributes", "-C", "1", "-v"]);
			await until(() => device.session?.wantsAttributes === true);
			device.saveAttributes("SHARED_SCOPE", readAttributes('{"interval":5}'));
			deepEqual(await sub, { status: 0, said: 'v1/devices/me/attributes {"interval":5}\n' });
		});
	}

	tool("is told at 3.1.1 and 5 that its token is wrong", async () => {
		const args = ["-u", "wrong", "-t", telemetry, "-m", "{}"];
		const old = await run("mosquitto_pub", ["-V", "mqttv311", ...args]);
		deepEqual([old.status, /not authori[sz]ed/i.test(old.said)], [5, true], old.said);
		const now = await run("mosquitto_pub", ["-V", "mqttv5", ...args]);
		deepEqual([now.status > 0, /Bad User Name or Password/i.test(now.said)], [true, true], now.said);
	});

	tool("is told that a filter is not on the list", async () => {
		const { said } = await run("mosquitto_sub", ["-u", "token", "-t", "some/topic", "-W", "5"]);
		includes(said, "All subscription requests were denied");
	});
});
