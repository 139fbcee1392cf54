// ThingsBoard's own Python SDK against the stand-in: device, gateway and provisioning, as its README uses them.
import { createHash } from "node:crypto";
import { decode } from "../../thingsboard/console/decode.ts";
import type { Device } from "../../thingsboard/devices.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { type Body, idOf, RestClient } from "../../tools/peer/rest.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { callback, Sdk, sdkThere } from "./sdk.ts";
import { until } from "./until.ts";

const sdk = sdkThere ? it : it.skip;
const latest = (device: Device | undefined, key: string) => device?.series.get(key)?.at(-1)?.value.text;

describe("Python SDK (needs Python with tb-mqtt-client; PYTHON names it)", function () {
	this.timeout(60_000);
	let server: ThingsBoard;
	let rest: RestClient;
	let open: Sdk[];
	beforeEach(async () => {
		open = [];
		server = await startThingsBoard({ mqttPort: 0, httpPort: 0, settings: { otaPacing: 0 } });
		rest = new RestClient(server.url);
		await rest.login("tenant@thingsboard.org", "tenant");
	});
	afterEach(async () => {
		for (const one of open) await one.end();
		await server.close();
	});

	async function connected(kind: "device" | "gateway", token: string, chunkSize = 0): Promise<Sdk> {
		const one = new Sdk(kind, server.mqttPort, token, chunkSize);
		open.push(one);
		await one.event("connected");
		const subacks = () => said("out").filter(({ packet }) => packet === "SUBACK").length;
		await until(() => subacks() >= (kind === "gateway" ? 7 : 4));
		return one;
	}

	/** What went over the wire in one direction. */
	const said = (way: "in" | "out") =>
		server.core.wire
			.after(0)
			.map(decode)
			.filter(({ direction }) => direction === way);

	const device = (name = "d") => server.core.devices.create({ name }, "token");
	const gateway = () => {
		const additionalInfo = { gateway: true };
		return server.core.devices.create({ name: "gw", additionalInfo }, "gateway");
	};

	sdk("device: sends telemetry in all its forms, and attributes", async () => {
		const mine = device();
		const client = await connected("device", "token");
		const forms = [
			{ temperature: 41.9, enabled: false, version: "v1.2.2" },
			[{ humidity: 70 }, { enabled: true }],
			{ ts: 1451649600000, values: { past: 42.2 } },
			[
				{ ts: 1451649600000, values: { level: 1 } },
				{ ts: 1451649601000, values: { level: 2 } },
			],
		];
		for (const form of forms) equal(await client.call("send_telemetry", form), 0);
		equal(await client.call("send_attributes", { model: "DHT-22", ports: [1, 2] }), 0);
		deepEqual(
			["temperature", "humidity", "enabled", "version", "past", "level"].map((key) => latest(mine, key)),
			["41.9", "70", "true", "v1.2.2", "42.2", "2"],
		);
		equal(mine.series.get("level")?.length, 2);
		equal(mine.attributes.CLIENT_SCOPE.get("ports")?.value.text, "[1,2]");
	});

	sdk("device: requests attributes and hears of changes, one key or all", async () => {
		const mine = device();
		const client = await connected("device", "token");
		await client.call("send_attributes", { a: 1 });
		await rest.ask("POST", `/api/plugins/telemetry/DEVICE/${mine.id}/SHARED_SCOPE`, { b: "x" });
		await client.call("request_attributes", ["a"], ["b"], callback("asked"));
		deepEqual((await client.event("asked"))[0], { client: { a: 1 }, shared: { b: "x" } });
		await client.call("subscribe_to_attribute", "interval", callback("one"));
		await client.call("subscribe_to_all_attributes", callback("all"));
		await rest.ask("POST", `/api/plugins/telemetry/DEVICE/${mine.id}/SHARED_SCOPE`, { interval: 5 });
		deepEqual((await client.event("one"))[0], { interval: 5 });
		deepEqual((await client.event("all"))[0], { interval: 5 });
		await rest.ask("DELETE", `/api/plugins/telemetry/DEVICE/${mine.id}/SHARED_SCOPE?keys=interval`);
		deepEqual((await client.event("all"))[0], { deleted: ["interval"] });
	});

	sdk("device: answers calls of the server and calls it", async () => {
		const mine = device();
		server.core.onClientRpc = (method) => (method === "getTime" ? '{"time":12}' : undefined);
		const client = await connected("device", "token");
		await client.call("set_server_side_rpc_request_handler", callback("rpc"));
		const answer = rest.ask("POST", `/api/rpc/twoway/${mine.id}`, { method: "ping", params: { n: 1 } });
		const [id, body] = await client.event("rpc");
		deepEqual([id, body], ["0", { method: "ping", params: { n: 1 } }]);
		await client.call("send_rpc_reply", id, { pong: 1 });
		deepEqual(await answer, { pong: 1 });
		await client.call("send_rpc_call", "getTime", {}, callback("time"));
		deepEqual((await client.event("time"))[1], { time: 12 });
	});

	sdk("device: is claimed with the key it gave", async () => {
		const mine = device();
		const client = await connected("device", "token");
		equal(await client.call("claim", "SECRET", 30_000), 0);
		equal(server.core.claims.claim(mine, "customer", "SECRET"), "SUCCESS");
	});

	sdk("device: keeps the limits that the server tells it", async () => {
		const mine = device();
		server.core.limits.set("device", {
			messages: "20:1",
			telemetryMessages: "10:1",
			telemetryDataPoints: "100:1",
		});
		const client = await connected("device", "token");
		// It asks on a thread of its own; what is sent before the answer knows no limit.
		await until(() => said("in").some(({ packet }) => packet === "PUBACK"));
		for (let i = 0; i < 30; i++) equal(await client.call("send_telemetry", { ts: 1 + i, values: { i } }), 0);
		equal(mine.series.get("i")?.length, 30);
		equal(server.core.wire.after(0).filter(({ direction }) => direction === "close").length, 0);
	});

	for (const [how, chunkSize] of [
		["chunk by chunk", 1000],
		["in one piece", 0],
	] as const)
		sdk(`device: updates its firmware ${how}`, async () => {
			const mine = device();
			const client = await connected("device", "token", chunkSize);
			const bytes = Uint8Array.from({ length: 4321 }, (_, i) => (i * 7) % 256);
			await assign(mine, bytes);
			await client.call("get_firmware_update");
			const hash = createHash("sha256").update(bytes).digest("hex");
			deepEqual(await client.event("firmware"), [4321, hash, "2.0"]);
			await until(() => latest(mine, "fw_state") === "UPDATED");
			equal(latest(mine, "current_fw_version"), "2.0");
			// From the wire: the SDK sends two of them in one millisecond, of which the server keeps the last.
			const states = said("in").flatMap(({ text = "" }) => /"fw_state":"(\w+)"/.exec(text)?.[1] ?? []);
			const steps = states
				.filter((state) => state !== "IDLE")
				.filter((state, i, all) => state !== all[i - 1]);
			deepEqual(steps, ["DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING", "UPDATED"]);
		});

	sdk("gateway: connects devices, sends for them, asks for them and hears of changes", async () => {
		gateway();
		const client = await connected("gateway", "gateway");
		equal(await client.call("gw_connect_device", "child", "sensor"), 0);
		equal(await client.call("gw_send_telemetry", "child", { ts: 1451649600000, values: { t: 1 } }), 0);
		equal(await client.call("gw_send_telemetry", "child", [{ t: 2 }, { h: 3 }]), 0);
		equal(await client.call("gw_send_attributes", "child", { model: "X" }), 0);
		const child = server.core.devices.byName("child");
		deepEqual([latest(child, "t"), latest(child, "h"), child?.info.type], ["2", "3", "sensor"]);
		equal(child?.attributes.CLIENT_SCOPE.get("model")?.value.text, "X");
		await rest.ask("POST", `/api/plugins/telemetry/DEVICE/${child?.id}/SHARED_SCOPE`, { set: 7 });
		await client.call("gw_request_shared_attributes", "child", ["set"], callback("shared"));
		deepEqual((await client.event("shared"))[0], { id: 1, device: "child", value: 7 });
		await client.call("gw_request_client_attributes", "child", ["model"], callback("client"));
		deepEqual((await client.event("client"))[0], { id: 2, device: "child", value: "X" });
		await client.call("gw_subscribe_to_attribute", "child", "set", callback("change"));
		await rest.ask("POST", `/api/plugins/telemetry/DEVICE/${child?.id}/SHARED_SCOPE`, { set: 8 });
		deepEqual((await client.event("change"))[0], { device: "child", data: { set: 8 } });
		equal(await client.call("gw_disconnect_device", "child"), 0);
		equal(child?.session, undefined);
	});

	sdk("gateway: answers calls for its devices, claims them, and is a device itself", async () => {
		const mine = gateway();
		const client = await connected("gateway", "gateway");
		await client.call("gw_set_server_side_rpc_request_handler", callback("rpc"));
		await client.call("gw_connect_device", "child");
		const child = server.core.devices.byName("child") as Device;
		const answer = rest.ask("POST", `/api/rpc/twoway/${child.id}`, { method: "load", params: null });
		const [request] = (await client.event("rpc")) as [
			{ device: string; data: { id: number; method: string } },
		];
		deepEqual([request.device, request.data.method, request.data.id], ["child", "load", 0]);
		await client.call("gw_send_rpc_reply", "child", request.data.id, 42);
		equal(await answer, 42);
		equal(await client.call("gw_claim", "child", "SECRET", 30_000), 0);
		equal(server.core.claims.claim(child, "customer", "SECRET"), "SUCCESS");
		equal(await client.call("send_telemetry", { own: 1 }), 0);
		equal(latest(mine, "own"), "1");
	});

	sdk("provisioning: gets a token, and connects with it", async () => {
		const profile = (await rest.ask("POST", "/api/deviceProfile", {
			...{ name: "p", type: "DEFAULT", transportType: "DEFAULT", provisionType: "ALLOW_CREATE_NEW_DEVICES" },
			provisionDeviceKey: "key",
			profileData: {
				configuration: { type: "DEFAULT" },
				transportConfiguration: { type: "DEFAULT" },
				provisionConfiguration: { type: "ALLOW_CREATE_NEW_DEVICES", provisionDeviceSecret: "secret" },
				alarms: null,
			},
		})) as Body;
		ok(idOf(profile), "expected a profile");
		const maker = new Sdk("provision", server.mqttPort);
		open.push(maker);
		const given = (await maker.call("provision", "key", "secret", { device_name: "made" })) as Record<
			string,
			string
		>;
		deepEqual([given.status, given.credentialsType], ["SUCCESS", "ACCESS_TOKEN"]);
		const client = await connected("device", String(given.credentialsValue));
		equal(await client.call("send_telemetry", { alive: 1 }), 0);
		equal(latest(server.core.devices.byName("made"), "alive"), "1");
		equal(await maker.call("provision", "key", "wrong", { device_name: "other" }), null);
	});

	async function assign(target: Device, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		const body = (await rest.ask("GET", `/api/device/${target.id}`)) as { deviceProfileId: object };
		const info = { title: "fw", version: "2.0", type: "FIRMWARE", deviceProfileId: body.deviceProfileId };
		const id = idOf(await rest.ask("POST", "/api/otaPackage", info));
		const form = new FormData();
		form.append("file", new Blob([bytes]), "fw.bin");
		await rest.ask("POST", `/api/otaPackage/${id}?checksumAlgorithm=SHA256`, form);
		await rest.ask("POST", "/api/device", { ...body, firmwareId: { entityType: "OTA_PACKAGE", id } });
	}
});
