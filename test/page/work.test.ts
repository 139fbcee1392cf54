// The page while a device works: a whole update, the wire, and faults.
import type { Page } from "playwright-core";
import type { RawDevice } from "../../tools/peer/device.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { needs, onPage, Rig } from "./rig.ts";

const rig = new Rig();
const chunkSize = 1000;

/** Uploads a package on the page and assigns it. */
async function offer(page: Page, bytes: Buffer): Promise<void> {
	const file = { name: "boiler-1.1.0.bin", mimeType: "application/octet-stream", buffer: bytes };
	await page.getByLabel("File", { exact: true }).setInputFiles(file);
	equal(await page.getByLabel("Title").inputValue(), "boiler");
	equal(await page.getByLabel("Version").inputValue(), "1.1.0");
	await page.getByRole("button", { name: "Upload" }).click();
	await page.getByRole("button", { name: "Assign boiler 1.1.0" }).click();
	await page.getByRole("button", { name: "Take boiler 1.1.0 away" }).waitFor();
}

const say = (raw: RawDevice, values: object) =>
	raw.acknowledged("v1/devices/me/telemetry", JSON.stringify(values));

async function chunk(raw: RawDevice, index: number): Promise<Buffer> {
	raw.publish(`v2/fw/request/1/chunk/${index}`, String(chunkSize), 0);
	return (await raw.message(`v2/fw/response/1/chunk/${index}`)).payload;
}

const linesOf = (page: Page) =>
	page.getByRole("list", { name: "Packets, newest last" }).getByRole("listitem");

describe(`page at work ${needs}`, function () {
	this.timeout(30_000);
	before(() => rig.startBrowser());
	after(() => rig.stopBrowser());
	beforeEach(() => rig.start());
	afterEach(() => rig.stop());

	for (const size of ["desktop", "phone"] as const)
		onPage(`shows an update from the upload to UPDATED, at the size of a ${size}`, async () => {
			const raw = await rig.online();
			await raw.subscribe("v1/devices/me/attributes", "v2/fw/response/+/chunk/+");
			await say(raw, { current_fw_title: "boiler", current_fw_version: "1.0.0" });
			const page = await rig.open("firmware", { size });
			const view = page.getByRole("region", { name: "Firmware", exact: true });
			await view.getByText("boiler 1.0.0").waitFor();
			const bytes = Buffer.from(Array.from({ length: 4000 }, (_, i) => i % 251));
			await offer(page, bytes);
			await view.getByText("boiler 1.1.0").waitFor();
			await view.getByText("INITIATED", { exact: true }).waitFor();
			await say(raw, { fw_state: "DOWNLOADING" });
			const parts = [await chunk(raw, 0), await chunk(raw, 1)];
			await view.getByText(/2\.0 kB of 4\.0 kB, 50 %/).waitFor();
			equal(await view.getByRole("progressbar").getAttribute("value"), "50");
			await page.locator(".strip", { hasText: "DOWNLOADING" }).waitFor();
			parts.push(await chunk(raw, 2), await chunk(raw, 3));
			ok(Buffer.concat(parts).equals(bytes), "expected the bytes that were uploaded");
			await view.getByText(/4\.0 kB of 4\.0 kB, 100 % at .*\/s/).waitFor();
			for (const fw_state of ["DOWNLOADED", "VERIFIED", "UPDATING"]) {
				await say(raw, { fw_state });
				await view.getByText(fw_state, { exact: true }).waitFor();
			}
			await say(raw, { fw_state: "UPDATED", current_fw_version: "1.1.0" });
			await view.getByText("UPDATED", { exact: true }).waitFor();
			equal(await view.locator(".steps .done").count(), 7);
			await page.locator(".strip").waitFor({ state: "detached" });
		});

	onPage("shows why an update failed, and takes the package away", async () => {
		const raw = await rig.online();
		await raw.subscribe("v1/devices/me/attributes");
		const page = await rig.open("firmware");
		await offer(page, Buffer.alloc(100));
		await say(raw, { fw_state: "FAILED", fw_error: "checksum: expected 12, got 34" });
		await page.getByRole("alert").getByText("expected 12, got 34").waitFor();
		await page.locator(".strip.bad", { hasText: "expected 12, got 34" }).waitFor();
		await page.getByRole("button", { name: "Take boiler 1.1.0 away" }).click();
		await page.getByRole("button", { name: "Delete boiler 1.1.0" }).click();
		await page.getByRole("region", { name: "Packages" }).getByRole("listitem").waitFor({ state: "detached" });
		equal(rig.server.core.packages.all().length, 0);
		equal(rig.device.firmwareId, null);
	});

	onPage("shows why an update is held, as long as it is", async () => {
		const raw = await rig.online();
		const page = await rig.open("firmware");
		await say(raw, { ota_hold: "paused by ota_pause", fw_state: "QUEUED" });
		const view = page.getByRole("region", { name: "Firmware", exact: true });
		await view.getByRole("definition").getByText("paused by ota_pause").waitFor();
		equal(await view.getByText("Held", { exact: true }).count(), 1);
		await say(raw, { ota_hold: "" });
		await view.getByText("Held", { exact: true }).waitFor({ state: "detached" });
		await say(raw, { sw_hold: "the battery is at 10 %", sw_state: "QUEUED" });
		const software = page.getByRole("region", { name: "Software", exact: true });
		await software.getByText("the battery is at 10 %").waitFor();
		await say(raw, { sw_state: "UPDATED" }); // which leaves the last hold behind
		await software.getByText("the battery is at 10 %").waitFor({ state: "detached" });
	});

	onPage("shows what went over the wire, decoded, filtered and in full", async () => {
		const page = await rig.open();
		const raw = await rig.online();
		await say(raw, { temperature: 21.5 });
		raw.send({ cmd: "pingreq" });
		const lines = linesOf(page);
		await lines.filter({ hasText: "PUBACK" }).waitFor();
		const packets = async () => await lines.locator(".packet").allTextContents();
		deepEqual(await packets(), ["opened", "CONNECT", "CONNACK", "PUBLISH", "PUBACK"]);
		await page.getByLabel("Pings").check();
		await lines.filter({ hasText: "PINGRESP" }).waitFor();
		await page.getByLabel("Filter packets").fill("temperature");
		deepEqual(await packets(), ["PUBLISH"]);
		await lines.first().locator("summary").press("Enter");
		await lines.getByText('"temperature": 21.5').waitFor();
		await lines.getByText(/QoS 1 · id \d+ · payload 20 bytes/).waitFor();
		await page.getByLabel("Filter packets").fill("");
		await page.getByRole("button", { name: "Pause" }).click();
		const held = await lines.count();
		await say(raw, { later: 1 });
		await page.locator(".card", { hasText: "later" }).waitFor();
		equal(await lines.count(), held);
		await page.getByRole("button", { name: "Go on" }).click();
		await lines.filter({ hasText: "later" }).waitFor();
		await page.getByRole("button", { name: "Clear" }).click();
		equal(await lines.count(), 0);
	});

	onPage("shows another device's packets only when asked", async () => {
		rig.server.core.devices.create({ name: "Other" }, "other");
		const page = await rig.open();
		await say(await rig.online("other"), { foreign: 1 });
		await say(await rig.online(), { own: 1 });
		const lines = linesOf(page);
		await lines.filter({ hasText: "own" }).waitFor();
		equal(await lines.filter({ hasText: "foreign" }).count(), 0);
		await page.getByLabel("This device only").uncheck();
		await lines.filter({ hasText: "foreign" }).getByText("Other").waitFor();
	});

	onPage("shows a gateway's messages to the device they are about", async () => {
		const additionalInfo = { gateway: true };
		rig.server.core.devices.create({ name: "gw", additionalInfo }, "gateway");
		const raw = await rig.online("gateway");
		await raw.acknowledged("v1/gateway/telemetry", '{"Boiler":[{"own":1}]}');
		await raw.acknowledged("v1/gateway/telemetry", '{"Other":[{"foreign":1}]}');
		const page = await rig.open();
		const lines = linesOf(page);
		await lines.filter({ hasText: "own" }).waitFor();
		equal(await lines.filter({ hasText: "foreign" }).count(), 0);
		await page.getByRole("navigation").getByText("3 of 3 online").waitFor();
	});

	onPage("has a row for every fault, and lets it strike", async () => {
		const raw = await rig.online();
		const page = await rig.open("faults");
		const items = page.locator(".faults > li");
		await items.first().waitFor();
		const names = rig.server.core.faults.rows.map(({ name }) => name);
		deepEqual((await items.locator(".name").allTextContents()).sort(), names.sort());
		await page.getByRole("spinbutton", { name: "refuse, CONNACK code" }).fill("3");
		await page.getByRole("button", { name: "refuse: arm" }).click();
		await items.filter({ hasText: "armed: 3" }).waitFor();
		await page.getByRole("button", { name: "refuse: clear" }).click();
		await items.filter({ hasText: "armed" }).waitFor({ state: "detached" });
		deepEqual(rig.device.faults.all(), {});
		await page.getByRole("button", { name: "close: do it now" }).click();
		await raw.closed();
		await page.getByRole("button", { name: "refuse: arm" }).click();
		await items.filter({ hasText: "armed: 3" }).waitFor();
		await rig.online().catch(() => undefined); // refused, and used up by it
		await items.filter({ hasText: "armed" }).waitFor({ state: "detached" });
	});
});
