// A small greenhouse on a stand-in: devices with a past, one of them connected and in the middle of an update.
import type { Device } from "../../thingsboard/devices.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { readAttributes, readTelemetry } from "../../thingsboard/telemetry.ts";
import { RawDevice } from "../peer/device.ts";
import { type Body, idOf, RestClient } from "../peer/rest.ts";

const token = "GREENHOUSE_1";
const minute = 60_000;
const chunkSize = 4096;

/** What a picture or a spec works with. */
export interface Scene {
	server: ThingsBoard;
	device: Device;
	raw: RawDevice;
	close(): Promise<void>;
}

/** Starts server and device. */
export async function scene(): Promise<Scene> {
	const server = await startThingsBoard({ mqttPort: 0, httpPort: 0, settings: { otaPacing: 0 } });
	const { devices } = server.core;
	const device = devices.create({ name: "Greenhouse 1", type: "climate" }, token);
	devices.create({ name: "Greenhouse 2", type: "climate" }, "GREENHOUSE_2");
	devices.create({ name: "Pump house", type: "pump" }, "PUMP_1");
	devices.create({ name: "Weather mast", type: "weather" }, "MAST_1");
	for (let ago = 5 * minute; ago > 0; ago -= 4000) device.store(readTelemetry(row(Date.now() - ago), 0));
	device.saveAttributes(
		"SHARED_SCOPE",
		readAttributes('{"telemetryInterval":4,"targetHumidity":62,"fan":"auto"}'),
	);
	const broker = { host: "127.0.0.1", port: server.mqttPort };
	const raw = await RawDevice.online(broker, token, { clientId: "gh-1" });
	const others = ["PUMP_1", "MAST_1"].map((name) => RawDevice.online(broker, name, { clientId: name }));
	const online = [raw, ...(await Promise.all(others))];
	const close = async () => {
		for (const one of online) await one.end();
		await server.close();
	};
	return { server, device, raw, close };
}

/** A climate that breathes: slow waves with a little noise, the same at every run. */
function values(at: number): object {
	const t = at / 1000;
	const noise = (seed: number) => (((Math.sin(t * 12.9898 + seed) * 43758.5453) % 1) - 0.5) * 0.3;
	const round = (value: number) => Number(value.toFixed(2));
	return {
		temperature: round(23.4 + 1.8 * Math.sin(t / 47) + noise(1)),
		humidity: round(61 + 6 * Math.sin(t / 61 + 1) + 2 * noise(2)),
		soilMoisture: round(38 - 5 * ((t / 140) % 1) + noise(3)),
		light: Math.round(18_400 + 2600 * Math.sin(t / 83) + 400 * noise(4)),
		co2: Math.round(512 + 38 * Math.sin(t / 53 + 2) + 12 * noise(5)),
		freeHeap: 41_200 - Math.round(700 * ((t / 20) % 1)),
	};
}

const row = (at: number): string => JSON.stringify({ ts: at, values: values(at) });

/** What the device says first: attributes, subscriptions, and a few readings. */
export async function live({ raw }: Scene): Promise<void> {
	await raw.subscribe("v1/devices/me/attributes", "v1/devices/me/rpc/request/+");
	raw.send({
		cmd: "subscribe",
		messageId: 100,
		subscriptions: [{ topic: "v2/fw/response/+/chunk/+", qos: 0 }],
	});
	await raw.acknowledged(
		"v1/devices/me/attributes",
		'{"host":"esp32","slot":"ota_0","resetReason":"power-on"}',
	);
	const running = { current_fw_title: "greenhouse", current_fw_version: "1.3.0", fw_state: "UPDATED" };
	await raw.acknowledged("v1/devices/me/telemetry", JSON.stringify({ ...running, vent: "half open" }));
	await reading({ raw } as Scene);
}

/** Uploads a package and gives it to the device. */
export async function offer({ server, device }: Scene, version: string, size: number): Promise<void> {
	const rest = await login(server);
	const body = await rest.ask("GET", `/api/device/${device.id}`);
	const { deviceProfileId } = body as { deviceProfileId: object };
	const info = { title: "greenhouse", version, type: "FIRMWARE", deviceProfileId };
	const id = idOf(await rest.ask("POST", "/api/otaPackage", info));
	const form = new FormData();
	form.append("file", new Blob([new Uint8Array(size).fill(7)]), `greenhouse-${version}.bin`);
	await rest.ask("POST", `/api/otaPackage/${id}?checksumAlgorithm=SHA256`, form);
	await rest.ask("POST", "/api/device", {
		...(body as object),
		firmwareId: { entityType: "OTA_PACKAGE", id },
	});
}

/** Fetches `count` chunks from number `first`, one every `pause` milliseconds, and says so as a device does. */
export async function fetchChunks(
	{ raw }: Scene,
	first: number,
	count: number,
	pause: number,
): Promise<void> {
	for (let index = first; index < first + count; index++) {
		raw.publish(`v2/fw/request/1/chunk/${index}`, String(chunkSize), 0);
		await raw.message(`v2/fw/response/1/chunk/${index}`);
		await new Promise((done) => setTimeout(done, pause));
	}
}

/** One reading of now. */
export const reading = (of: Scene): Promise<void> => report(of, values(Date.now()));

/** Calls the device, which answers. */
export async function call({ server, device, raw }: Scene, method: string, params: object): Promise<void> {
	const answer = (await login(server)).ask("POST", `/api/rpc/twoway/${device.id}`, { method, params });
	const { topic } = await raw.message("v1/devices/me/rpc/request/");
	raw.publish(topic.replace("request", "response"), JSON.stringify({ ok: true, ...params }));
	await answer;
}

/** Sets shared attributes, which reach the device. */
export async function share({ server, device, raw }: Scene, values: Body): Promise<void> {
	raw.take();
	await (await login(server)).ask("POST", `/api/plugins/telemetry/DEVICE/${device.id}/SHARED_SCOPE`, values);
	await raw.message("v1/devices/me/attributes");
}

async function login({ url }: ThingsBoard): Promise<RestClient> {
	const rest = new RestClient(url);
	await rest.login("tenant@thingsboard.org", "tenant");
	return rest;
}

export const report = ({ raw }: Scene, values: object): Promise<void> =>
	raw.acknowledged("v1/devices/me/telemetry", JSON.stringify(values));
