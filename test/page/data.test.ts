// Devices, telemetry, attributes and calls on the page.
import type { Page } from "playwright-core";
import { readAttributes } from "../../thingsboard/telemetry.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { needs, onPage, Rig } from "./rig.ts";

const rig = new Rig();

/** Waits until an element with this text is there. */
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

describe(`page's data ${needs}`, function () {
	this.timeout(30_000);
	before(() => rig.startBrowser());
	after(() => rig.stopBrowser());
	beforeEach(() => rig.start());
	afterEach(() => rig.stop());

	describe("devices", () => {
		onPage("are listed with their state, which follows the wire", async () => {
			rig.server.core.devices.create({ name: "Second" });
			const page = await rig.open();
			const nav = page.getByRole("navigation", { name: "Devices" });
			equal(await nav.getByRole("listitem").count(), 2);
			await sees(page, "0 of 2 online");
			const raw = await rig.online();
			await sees(page, "1 of 2 online");
			await raw.end();
			await sees(page, "0 of 2 online");
			await nav.getByRole("button", { name: "Second" }).click();
			await page.getByRole("heading", { level: 1, name: "Second" }).waitFor();
			ok(page.url().includes(rig.server.core.devices.byName("Second")?.id ?? "?"), page.url());
		});

		onPage("are made and deleted with the keyboard alone", async () => {
			const page = await rig.open();
			await page.getByRole("button", { name: "New device" }).press("Enter");
			await page.keyboard.type("Made here");
			await page.keyboard.press("Tab");
			await page.keyboard.type("MY_TOKEN");
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { level: 1, name: "Made here" }).waitFor();
			equal(rig.server.core.devices.byCredentialsId("MY_TOKEN")?.info.name, "Made here");
			await page.getByRole("button", { name: "Delete", exact: true }).press("Enter");
			await page.getByRole("dialog").waitFor();
			await page.keyboard.press("Escape");
			await page.getByRole("dialog").waitFor({ state: "detached" });
			ok(rig.server.core.devices.byName("Made here"), "Escape does not delete");
			await page.getByRole("button", { name: "Delete", exact: true }).press("Enter");
			await page.getByRole("dialog").getByRole("button", { name: "Delete" }).press("Enter");
			await page.getByRole("heading", { level: 1, name: "Boiler" }).waitFor();
			equal(rig.server.core.devices.byName("Made here"), undefined);
		});

		onPage("give their access token to the clipboard", async () => {
			const page = await rig.open();
			await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
			await page.getByRole("button", { name: "Copy token" }).click();
			await sees(page, "In the clipboard: the access token.");
			equal(await page.evaluate(() => navigator.clipboard.readText()), "token");
		});

		onPage("say in a line what the server refused", async () => {
			const page = await rig.open();
			await page.getByRole("button", { name: "New device" }).click();
			await page.getByLabel("Name").fill("Boiler");
			await page.getByRole("button", { name: "Create" }).click();
			await sees(page, /such name already exists/);
			rig.forgive("400");
		});
	});

	describe("telemetry", () => {
		onPage("appears as it comes: numbers as charts, texts as rows", async () => {
			const page = await rig.open();
			await sees(page, "Nothing yet");
			const raw = await rig.online();
			await raw.acknowledged("v1/devices/me/telemetry", '{"temperature":21.5,"mode":"eco"}');
			const card = page.locator(".card", { hasText: "temperature" });
			await card.getByText("21.5").waitFor();
			equal(await card.locator("canvas").count(), 1);
			await page.locator(".rows", { hasText: "eco" }).waitFor();
			await raw.acknowledged("v1/devices/me/telemetry", '{"temperature":22.5}');
			await card.getByText("22.5").waitFor();
			const picture = card.getByRole("img", { name: "temperature over time, latest 22.5" });
			equal(await picture.count(), 1);
		});

		onPage("of the past is there when the page is opened, and drawn", async () => {
			const raw = await rig.online();
			const rows = [50, 40, 30].map((ago) => ({ ts: Date.now() - ago * 1000, values: { level: ago } }));
			await raw.acknowledged("v1/devices/me/telemetry", JSON.stringify(rows));
			const page = await rig.open();
			const card = page.locator(".card", { hasText: "level" });
			await card.getByText("30").first().waitFor();
			const plot = card.locator(".u-over");
			const { width = 0 } = (await plot.boundingBox()) ?? {};
			await plot.hover({ position: { x: width * (1 - 50 / 300), y: 40 } });
			await card.locator(".value", { hasText: "50" }).waitFor();
		});

		onPage("is drawn by the server's clock, which a fault can let jump", async () => {
			const raw = await rig.online();
			rig.server.core.faults.set("clockJump", 86_400_000);
			const page = await rig.open();
			await raw.acknowledged("v1/devices/me/telemetry", '{"tomorrow":7}');
			const card = page.locator(".card", { hasText: "tomorrow" });
			await card.getByText("now").waitFor();
			const plot = card.locator(".u-over");
			const { width = 0 } = (await plot.boundingBox()) ?? {};
			await plot.hover({ position: { x: width - 2, y: 40 } });
			await card.locator(".hint", { hasText: /\d\d:\d\d:\d\d/ }).waitFor();
		});

		onPage("with markup in names, keys and values stays text", async () => {
			const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
			rig.device.info = { ...rig.device.info, name: evil };
			const raw = await rig.online();
			await raw.acknowledged("v1/devices/me/telemetry", JSON.stringify({ [evil]: evil, [`${evil}2`]: 1 }));
			await raw.acknowledged("v1/devices/me/attributes", JSON.stringify({ [evil]: evil }));
			for (const tab of ["telemetry", "attributes", "rpc", "firmware", "faults"]) {
				const page = await rig.open(tab);
				await page.locator(".lines li", { hasText: "onerror" }).first().waitFor();
				await page.locator(".lines li", { hasText: "onerror" }).first().locator("summary").click();
				equal(await page.locator("img:not([src^='/page/'])").count(), 0);
				equal(await page.locator("script").count(), 1);
				await page.close();
			}
		});
	});

	describe("attributes", () => {
		onPage("are read, written, pushed to the device and deleted", async () => {
			const raw = await rig.online();
			await raw.subscribe("v1/devices/me/attributes");
			await raw.acknowledged("v1/devices/me/attributes", '{"serial":"A-7"}');
			const page = await rig.open("attributes");
			await page.getByRole("region", { name: "Client attributes" }).getByText('"A-7"').waitFor();
			const shared = page.getByRole("region", { name: "Shared attributes" });
			await shared.getByLabel("New Shared key").fill("interval");
			await shared.getByLabel("New Shared value").fill("5");
			await page.keyboard.press("Enter");
			equal((await raw.message("v1/devices/me/attributes")).text, '{"interval":5}');
			await shared.getByRole("button", { name: "Edit interval" }).click();
			await shared.getByLabel("Value of interval").fill("nine");
			await page.keyboard.press("Enter");
			equal((await raw.message("v1/devices/me/attributes")).text, '{"interval":"nine"}');
			await shared.getByRole("button", { name: "Delete interval" }).click();
			equal((await raw.message("v1/devices/me/attributes")).text, '{"deleted":["interval"]}');
			await shared.getByText("None.").waitFor();
		});

		onPage("follow the device by themselves, and leave alone what is being written", async () => {
			const raw = await rig.online();
			const page = await rig.open("attributes");
			const client = page.getByRole("region", { name: "Client attributes" });
			await client.getByText("None.").waitFor();
			await raw.acknowledged("v1/devices/me/attributes", '{"slot":"ota_0"}');
			await client.getByText('"ota_0"').waitFor();
			const server = page.getByRole("region", { name: "Server attributes" });
			await server.getByLabel("New Server key").fill("note");
			await server.getByLabel("New Server value").fill('{"a":[1]}');
			await server.getByRole("button", { name: "Add" }).click();
			await server.getByText('{"a":[1]}').waitFor();
			await server.getByRole("button", { name: "Edit note" }).click();
			await server.getByLabel("Value of note").fill("half wri");
			rig.device.saveAttributes("SERVER_SCOPE", readAttributes('{"other":true}'));
			await page.getByLabel("New Server key").click();
			equal(await server.getByLabel("Value of note").inputValue(), "half wri");
			await server.getByLabel("Value of note").click();
			await page.keyboard.press("Escape");
			await server.getByRole("button", { name: "Edit note" }).waitFor();
		});
	});

	onPage("numbers keep their notation: 20.0 is no 20, and a LONG is more than a double", async () => {
		const raw = await rig.online();
		await raw.acknowledged("v1/devices/me/attributes", '{"long":9223372036854775807,"double":20.0}');
		const page = await rig.open("attributes");
		const client = page.getByRole("region", { name: "Client attributes" });
		await client.getByText("9223372036854775807").waitFor();
		await client.getByText("20.0").waitFor();
		const shared = page.getByRole("region", { name: "Shared attributes" });
		await shared.getByLabel("New Shared key").fill("double");
		await shared.getByLabel("New Shared value").fill("30.0");
		await page.keyboard.press("Enter");
		await shared.getByText("30.0").waitFor();
		equal(rig.device.attributes.SHARED_SCOPE.get("double")?.value.type, "DOUBLE");
	});

	describe("calls", () => {
		onPage("two-way show the answer", async () => {
			const raw = await rig.online();
			await raw.subscribe("v1/devices/me/rpc/request/+");
			const page = await rig.open("rpc");
			await page.getByLabel("Method").fill("setLamp");
			await page.getByLabel("Parameters").fill('{"on":true}');
			await page.getByRole("button", { name: "Call" }).click();
			const { topic, text } = await raw.message("v1/devices/me/rpc/request/");
			deepEqual(JSON.parse(text), { method: "setLamp", params: { on: true } });
			raw.publish(topic.replace("request", "response"), '{"lamp":"burns"}');
			const calls = page.getByRole("list", { name: "Calls" });
			await calls.getByText(/answered after \d+ ms/).waitFor();
			await calls.getByText('"burns"').waitFor();
			await calls.getByRole("button", { name: "Again" }).click();
			await raw.message("v1/devices/me/rpc/request/");
		});

		onPage("one-way say that they are sent, persistent ones are followed to their end", async () => {
			const raw = await rig.online();
			await raw.subscribe("v1/devices/me/rpc/request/+");
			const page = await rig.open("rpc");
			const calls = page.getByRole("list", { name: "Calls" });
			await page.getByLabel("Kind").selectOption("one-way");
			await page.getByRole("button", { name: "Call" }).click();
			await raw.message("v1/devices/me/rpc/request/");
			await calls.getByText(/sent after/).waitFor();
			await page.getByLabel("Kind").selectOption("persistent two-way");
			await page.getByRole("button", { name: "Call" }).click();
			const { topic } = await raw.message("v1/devices/me/rpc/request/");
			await calls.getByText("delivered").waitFor();
			raw.publish(topic.replace("request", "response"), '{"late":1}');
			await calls.getByText("successful").waitFor();
			await calls.getByText('"late": 1').waitFor();
		});
	});
});
