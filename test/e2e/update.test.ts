// The application as it is shipped (main.ts) and an operator: rules that hold an update up, its progress, and chunks over TLS.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFirmware, type FirmwareOptions } from "../../hosts/virtual/factory.ts";
import { decode, type Shown } from "../../thingsboard/console/decode.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { Authority, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import { RestClient } from "../../tools/peer/rest.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";
import { boardWith, type TestBoard } from "./harness/board.ts";
import { eventually, Site, type SiteDevice } from "./harness/site.ts";

const host = "127.0.0.1";

/** A certificate as NVS has it: DER. */
const der = (pem: string): ArrayBuffer =>
	Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64")).buffer;

describe("an update of the shipped application", function () {
	this.timeout(120_000);
	const folder = mkdtempSync(join(tmpdir(), "update-"));
	const boards: TestBoard[] = [];
	let ca: Authority;
	let server: ThingsBoard;
	let site: Site;
	let image: Uint8Array<ArrayBuffer>;
	let update: string;

	before(async () => {
		ca = await Authority.make();
		const identity = await ca.issue({ name: "server", hosts: loopbackHosts });
		server = await startThingsBoard({
			...{ mqttPort: 0, httpPort: 0, mqttsPort: 0, tls: { ...identity, ca: ca.cert } },
		});
		const rest = new RestClient(server.url);
		await rest.login("tenant@thingsboard.org", "tenant");
		site = new Site(rest, { host, port: server.mqttPort }, { end: () => server.close() });
		image = Uint8Array.from(await buildFirmware({ title: "test", version: "2.0.0", build: "second" }));
		update = await site.package("2.0.0", image, { title: "test" });
	});
	afterEach(() => {
		for (const board of boards.splice(0)) board.close();
	});
	after(async () => {
		await site?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	async function connected({ token }: SiteDevice, over: Partial<FirmwareOptions> = {}): Promise<TestBoard> {
		const board = await boardWith("main.ts", { host, port: server.mqttPort, token }, over);
		boards.push(board);
		await board.saw("tb: connected");
		return board;
	}

	const assign = ({ id }: SiteDevice): Promise<void> => site.assign(id, update);

	/** Waits until the server has that value as the latest one; `since`: told after that moment. */
	const told = ({ id }: SiteDevice, key: string, value: unknown, since = 0): Promise<boolean> =>
		eventually(`${key} ${value}`, async () => {
			const point = (await site.latest(id, key))[key];
			return point !== undefined && point.value === value && point.ts >= since;
		});

	/** What the device itself has told; the server adds states of its own. */
	const states = async ({ id }: SiteDevice): Promise<unknown[]> =>
		(await site.series(id, "fw_state"))
			.map(({ value }) => value)
			.filter((value) => !["QUEUED", "INITIATED"].includes(String(value)));

	/** What this device has published on topics that match. */
	const published = (device: SiteDevice, topic: RegExp): Shown[] =>
		server.core.wire
			.after(0)
			.map(decode)
			.filter((shown) => shown.deviceId === device.id && shown.direction === "in")
			.filter((shown) => shown.packet === "PUBLISH" && topic.test(shown.topic ?? ""));

	it("waits for ota_pause, also over a restart, says so, and goes on when the attribute is deleted", async () => {
		const device = await site.device("pause");
		await site.setAttributes(device.id, "SHARED_SCOPE", { ota_pause: true });
		const board = await connected(device);
		await assign(device);
		await told(device, "ota_hold", "paused by ota_pause");
		board.board.powerCut();
		const restarted = Date.now();
		board.board.powerOn();
		await board.saw("tb: connected");
		await told(device, "ota_hold", "paused by ota_pause", restarted);
		deepEqual([await states(device), published(device, /^v2\/fw\/request/).length], [[], 0]);
		await site.deleteAttributes(device.id, "SHARED_SCOPE", "ota_pause");
		await told(device, "fw_state", "UPDATED");
		await told(device, "build", "second");
		equal((await site.latest(device.id, "ota_hold")).ota_hold?.value, "");
	});

	it("obeys ota_battery where the application measures one", async () => {
		const device = await site.device("battery");
		const app = join(folder, "app.ts");
		const none = "export const battery: (() => number | undefined) | undefined = undefined;";
		const source = readFileSync(join(root, "app.ts"), "utf8");
		ok(source.includes(none), "app.ts has no battery");
		writeFileSync(app, source.replace(none, "export const battery = () => 40;"));
		await site.setAttributes(device.id, "SHARED_SCOPE", { ota_battery: 50 });
		await connected(device, { app });
		await assign(device);
		await told(device, "ota_hold", "ota_battery: expected at least 50, got 40");
		deepEqual(await states(device), []);
		await site.setAttributes(device.id, "SHARED_SCOPE", { ota_battery: 40 });
		await told(device, "fw_state", "UPDATED");
	});

	it("tells its progress in rising steps, and one report", async () => {
		const device = await site.device("progress");
		await connected(device);
		await assign(device);
		await told(device, "fw_state", "UPDATED");
		const texts = published(device, /^v1\/devices\/me\/telemetry$/).map(({ text = "" }) => text);
		const steps = texts.flatMap((text) => {
			const step = /"fw_progress":(\d+)/.exec(text)?.[1];
			return step === undefined ? [] : [Number(step)];
		});
		const blocks = Math.floor(image.length / 65_536);
		ok(new Set(steps).size >= blocks && blocks > 1, `${steps} of ${blocks} blocks`);
		deepEqual(
			steps,
			[...steps].sort((a, b) => a - b),
		);
		ok((steps[0] ?? 0) > 0 && (steps.at(-1) ?? 101) <= 100, String(steps));
		ok(
			steps.includes((await site.latest(device.id, "fw_progress")).fw_progress?.value as number),
			"at the server",
		);
		const reports = texts.filter((text) => text.includes('"ota_report"'));
		deepEqual([reports.length, reports[0]?.includes('"reset":"SW"')], [1, true]);
	});

	it("tells why it failed, and the same report", async () => {
		const device = await site.device("failed");
		await connected(device);
		await site.assign(device.id, await site.package("3.0.0", image, { title: "test" })); // the image says 2.0.0
		await told(device, "fw_state", "FAILED");
		const { fw_error, ota_report } = await site.latest(device.id, "fw_error", "ota_report");
		includes(String(fw_error?.value), "OTA_IDENTITY");
		const report = ota_report?.value as Record<string, unknown>;
		deepEqual(Object.keys(report), ["bytes", "seconds", "rate", "retries", "resumes", "reset"]);
		deepEqual([report.bytes, report.reset], [512, "POWERON"]);
	});

	it("asks for no chunk above 4096 bytes over TLS", async () => {
		const device = await site.device("tls");
		const { token } = device;
		const tb = { host, port: server.mqttsPort ?? 0, token, tls: 1 };
		const board = await boardWith("main.ts", tb, {}, { tls: { ca: der(ca.cert) } });
		boards.push(board);
		await board.saw("tb: connected");
		await assign(device);
		await told(device, "fw_state", "UPDATED");
		const sizes = published(device, /^v2\/fw\/request\/\d+\/chunk\/\d+$/).map(({ text }) => Number(text));
		ok(sizes.length >= image.length / 4096, `${sizes.length} requests for ${image.length} bytes`);
		deepEqual(
			sizes.filter((size) => !(size > 0 && size <= 4096)),
			[],
		);
	});
});
