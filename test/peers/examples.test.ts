// The examples of ThingsBoard's Python SDK as they are in its repository, which the package from PyPI does not carry: TB_SDK_EXAMPLES
// names the folder `examples` of a checkout. Left out: those that name another host or files of certificates.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "../../thingsboard/console/decode.ts";
import type { Device } from "../../thingsboard/devices.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { readAttributes } from "../../thingsboard/telemetry.ts";
import { type Body, idOf, RestClient } from "../../tools/peer/rest.ts";
import { deepEqual, equal, includes } from "../assert.ts";
import { sdkThere } from "./sdk.ts";
import { until } from "./until.ts";

const { TB_SDK_EXAMPLES: examples = "", PYTHON: python = "python3" } = process.env;
const launcher = fileURLToPath(new URL("example.py", import.meta.url));
const there = sdkThere && existsSync(join(examples, "device", "send_telemetry_pack.py"));
const example = there ? it : it.skip;
const latest = (device: Device | undefined, key: string) => device?.series.get(key)?.at(-1)?.value.text;

/** An example while it runs. */
class Running {
	text = "";
	readonly #child: ChildProcess;

	constructor(file: string, port: number, cwd: string) {
		this.#child = spawn(python, [launcher, join(examples, file), String(port)], { cwd });
		for (const stream of [this.#child.stdout, this.#child.stderr])
			stream?.on("data", (data) => {
				this.text += data;
			});
	}

	/** Its status, once it has ended by itself. */
	async ended(): Promise<number> {
		const [status] = await once(this.#child, "close");
		return Number(status);
	}

	/** Ends it as Ctrl-C does. */
	async interrupt(): Promise<void> {
		if (this.#child.exitCode !== null) return;
		const gone = once(this.#child, "close");
		this.#child.kill("SIGINT");
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), 3000);
		await gone;
		clearTimeout(timer);
	}

	/** Waits for it to print something. */
	says(part: string): Promise<void> {
		return until(() => this.text.includes(part));
	}
}

describe("Python SDK's examples (needs tb-mqtt-client, and TB_SDK_EXAMPLES names a checkout's examples)", function () {
	this.timeout(60_000);
	let server: ThingsBoard;
	let rest: RestClient;
	let folder: string;
	let running: Running[];
	beforeEach(async () => {
		running = [];
		folder = mkdtempSync(join(tmpdir(), "example-"));
		server = await startThingsBoard({ mqttPort: 0, httpPort: 0, settings: { otaPacing: 0 } });
		rest = new RestClient(server.url);
		await rest.login("tenant@thingsboard.org", "tenant");
	});
	afterEach(async () => {
		for (const one of running) await one.interrupt();
		await server.close();
		rmSync(folder, { recursive: true });
	});

	const device = (token = "A2_TEST_TOKEN") => server.core.devices.create({ name: "Test Device A2" }, token);
	const gateway = (token = "TEST_GATEWAY_TOKEN") =>
		server.core.devices.create({ name: "gw", additionalInfo: { gateway: true } }, token);
	const connacks = () => {
		const shown = server.core.wire.after(0).map(decode);
		return shown.flatMap(({ packet, detail }) => (packet === "CONNACK" ? `${packet} ${detail}` : [])).join();
	};
	const child = (name: string) => server.core.devices.byName(name);
	const start = (file: string): Running => {
		const one = new Running(file, server.mqttPort, folder);
		running.push(one);
		return one;
	};

	/**
	 * Some end without waiting for their network: what they sent last is then lost, or they wait for a thread of the SDK that waits for
	 * the connection they have ended. Those may try five times, a few seconds each.
	 */
	async function arrives(file: string, done: () => boolean): Promise<void> {
		for (let left = 5; left; left--) {
			const one = start(file);
			const timer = setTimeout(() => one.interrupt(), 4000);
			await one.ended();
			clearTimeout(timer);
			if (done()) return;
		}
		throw new Error(`${file}: expected it to arrive, in five runs it did not`);
	}

	example("device/send_telemetry_and_attr", async () => {
		const mine = device();
		const sensor = () => mine.attributes.CLIENT_SCOPE.get("sensorModel")?.value.text;
		await arrives("device/send_telemetry_and_attr.py", () => sensor() === "DHT-22");
		const past = mine.series.get("temperature")?.slice(0, 2);
		deepEqual(
			past?.map(({ ts, value }) => [ts, value.text]),
			[
				[1451649600000, "42.2"],
				[1451649601000, "42.3"],
			],
		);
	});

	example("device/send_telemetry_pack", async () => {
		device();
		const one = start("device/send_telemetry_pack.py");
		equal(await one.ended(), 0);
		includes(one.text, "Result True");
	});

	example("device/request_attributes", async () => {
		device();
		await start("device/request_attributes.py").says("{'client': {'atr1': 'value1', 'atr2': 'value2'}}");
	});

	example("device/subscription_to_attrs", async () => {
		const mine = device();
		const one = start("device/subscription_to_attrs.py");
		await until(() => mine.session?.wantsAttributes === true);
		mine.saveAttributes("SHARED_SCOPE", readAttributes('{"frequency":50}'));
		await one.says("Received data: {'frequency': 50}");
	});

	example("device/client_rpc_request", async () => {
		device();
		server.core.onClientRpc = (method) => (method === "getTime" ? '{"time":12}' : undefined);
		await start("device/client_rpc_request.py").says("response body: {'time': 12}");
	});

	example("device/firmware_update", async () => {
		const mine = device();
		const body = (await rest.ask("GET", `/api/device/${mine.id}`)) as Body;
		const info = { title: "fw", version: "2.0", type: "FIRMWARE", deviceProfileId: body.deviceProfileId };
		const id = idOf(await rest.ask("POST", "/api/otaPackage", info));
		const form = new FormData();
		form.append("file", new Blob([new Uint8Array(5000).fill(3)]), "fw.bin");
		await rest.ask("POST", `/api/otaPackage/${id}?checksumAlgorithm=SHA256`, form);
		await rest.ask("POST", "/api/device", { ...body, firmwareId: { entityType: "OTA_PACKAGE", id } });
		equal(await start("device/firmware_update.py").ended(), 0);
		deepEqual([latest(mine, "fw_state"), latest(mine, "current_fw_version")], ["UPDATED", "2.0"]);
	});

	example("device/claiming_device_pe_only", async () => {
		const mine = device("DEVICE_ACCESS_TOKEN");
		await start("device/claiming_device_pe_only.py").says("Claiming request was sent successfully.");
		await until(() => server.core.claims.claim(mine, "customer", "DEVICE_SECRET_KEY") === "SUCCESS");
	});

	example("gateway/connect_disconnect_device", async () => {
		gateway();
		await arrives("gateway/connect_disconnect_device.py", () => child("Example Name") !== undefined);
	});

	example("gateway/send_telemetry_and_attributes", async () => {
		gateway();
		const third = () => child("Test Device A2")?.attributes.CLIENT_SCOPE.get("atr3")?.value.text;
		await arrives("gateway/send_telemetry_and_attributes.py", () => third() === "value3");
		equal(latest(child("Test Device A2"), "key2"), "22");
	});

	example("gateway/request_attributes", async () => {
		gateway();
		await rest.ask("POST", "/api/device", { name: "Example Name" });
		child("Example Name")?.saveAttributes("SHARED_SCOPE", readAttributes('{"temperature":20}'));
		await start("gateway/request_attributes.py").says("{'id': 1, 'device': 'Example Name', 'value': 20}");
	});

	example("gateway/subscribe_to_attributes", async () => {
		gateway();
		const one = start("gateway/subscribe_to_attributes.py");
		await one.says("Subscribed to ImageTest|* with id 3");
		await until(() => child("ImageTest")?.session?.wantsAttributes === true);
		child("ImageTest")?.saveAttributes("SHARED_SCOPE", readAttributes('{"image":"x"}'));
		await one.says("Specific attribute callback, {'device': 'ImageTest', 'data': {'image': 'x'}}");
	});

	example("gateway/claiming_device_pe_only", async () => {
		gateway("GATEWAY_ACCESS_TOKEN");
		const one = start("gateway/claiming_device_pe_only.py");
		await one.ended(); // at once: the claim itself hardly ever gets out
		includes(one.text, "Claiming request was sent.");
		equal(connacks(), "CONNACK code 0");
	});
});
