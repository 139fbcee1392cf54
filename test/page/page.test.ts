// The page as a whole: how it opens, how it is used, how it looks.
import { startThingsBoard } from "../../thingsboard/server.ts";
import { readAttributes } from "../../thingsboard/telemetry.ts";
import { deepEqual, equal } from "../assert.ts";
import { contrasts, nameless } from "./contrast.ts";
import { needs, onPage, Rig } from "./rig.ts";

const rig = new Rig();
const tabs = ["Telemetry", "Attributes", "RPC", "Firmware", "Faults"];

describe(`page ${needs}`, function () {
	this.timeout(30_000);
	before(() => rig.startBrowser());
	after(() => rig.stopBrowser());
	beforeEach(() => rig.start());
	afterEach(() => rig.stop());

	onPage("asks for a password when the demo tenant is refused", async () => {
		let refused = 0;
		const page = await rig.open("telemetry", {
			before: async (page) => {
				await page.route("**/api/auth/login", (route) =>
					refused++ ? route.continue() : route.fulfill({ status: 401, json: { message: "no" } }),
				);
			},
		});
		await page.getByLabel("Password").fill("wrong");
		await page.keyboard.press("Enter");
		await page.getByRole("alert").getByText(/./).waitFor();
		await page.getByLabel("Password").fill("tenant");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { level: 1, name: "Boiler" }).waitFor();
		rig.forgive("401");
	});

	onPage("goes by keyboard: skip link, arrows between tabs, Home and End", async () => {
		const page = await rig.open();
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		equal(await page.evaluate(() => document.activeElement?.id), "main");
		await page.getByRole("tab", { name: "Telemetry" }).focus();
		const seen: (string | null)[] = [];
		for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "End", "Home"]) {
			await page.keyboard.press(key);
			seen.push(await page.locator("[role=tab][aria-selected=true]").textContent());
			equal(await page.evaluate(() => document.activeElement?.textContent), seen.at(-1));
		}
		deepEqual(seen, ["Attributes", "RPC", "Attributes", "Faults", "Telemetry", "Faults", "Telemetry"]);
		equal(await page.getByRole("tabpanel").count(), 1);
	});

	onPage("names every control for a screen reader", async () => {
		rig.device.saveAttributes("SHARED_SCOPE", readAttributes('{"a":1}'));
		const page = await rig.open();
		for (const name of tabs) {
			await page.getByRole("tab", { name }).click();
			await page.getByRole("tabpanel", { name }).waitFor();
			deepEqual(await page.evaluate(nameless), [], name);
		}
	});

	onPage("fits a phone: nothing is wider than the screen, and every part can be reached", async () => {
		const raw = await rig.online();
		const long = `{"temperature":21.5,"text":"${"long".repeat(60)}"}`;
		await raw.acknowledged("v1/devices/me/telemetry", long);
		await raw.acknowledged("v1/devices/me/attributes", long);
		const page = await rig.open("telemetry", { size: "phone" });
		for (const name of [...tabs, "Wire"]) {
			await page.getByRole("tab", { name }).tap();
			await page.getByRole("tabpanel", { name }).waitFor();
			const [wide, main, shown] = await page.evaluate(() => [
				document.documentElement.scrollWidth,
				document.querySelector("main")?.scrollWidth,
				document.querySelector("main")?.clientWidth,
			]);
			deepEqual([wide, main], [390, shown], name);
		}
		await page.getByText("…/telemetry").first().waitFor();
		await page.getByRole("button", { name: "Devices" }).tap();
		await page.getByRole("navigation", { name: "Devices" }).waitFor();
		await page.keyboard.press("Escape");
		await page.getByRole("navigation", { name: "Devices" }).waitFor({ state: "hidden" });
	});

	for (const [colour, ground] of [
		["light", "rgb(245, 246, 247)"],
		["dark", "rgb(15, 18, 22)"],
	] as const)
		onPage(`can be read in ${colour} colours: contrast of 4.5 and more`, async () => {
			const page = await rig.open("firmware", { colour });
			deepEqual(await page.evaluate(contrasts), []);
			equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), ground);
		});

	onPage("finds its server again, and goes on with what it shows there", async () => {
		const page = await rig.open();
		await page.getByText("live", { exact: true }).waitFor();
		const { httpPort } = rig.server;
		await rig.server.close();
		await page.getByText("connecting").waitFor();
		rig.server = await startThingsBoard({ mqttPort: 0, httpPort });
		rig.device = rig.server.core.devices.create({ name: "Reborn" }, "token");
		await page.getByRole("heading", { level: 1, name: "Reborn" }).waitFor();
		const raw = await rig.online();
		await raw.acknowledged("v1/devices/me/telemetry", '{"after":1}');
		await page.locator(".card", { hasText: "after" }).waitFor();
		rig.forgive("ERR_", "401", "404", "WebSocket");
	});

	onPage("says what to do when there is no device", async () => {
		rig.server.core.devices.delete(rig.device);
		const page = await rig.open("telemetry", { before: async () => undefined });
		await page.getByRole("heading", { name: "No device yet" }).waitFor();
		await page.getByRole("button", { name: "New device" }).waitFor();
	});
});
