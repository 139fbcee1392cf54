// `npm run picture`: takes the picture of the stand-in's page for the README, with a device at work.
import type { Page } from "playwright-core";
import { args } from "./args.ts";
import { findChromium, startChromium } from "./page/browser.ts";
import { call, fetchChunks, live, offer, reading, report, type Scene, scene, share } from "./page/scene.ts";

const options = args({
	command: "npm run picture --",
	about: "Photographs the stand-in's page in Chromium (CHROMIUM or PATH).",
	options: {
		out: { help: "file to write", value: "FILE", default: "docs/page.png" },
		dark: { help: "in dark colours" },
		phone: { help: "in the size of a phone" },
		tab: {
			help: "telemetry, attributes, rpc, firmware, faults or wire",
			value: "NAME",
			default: "telemetry",
		},
	},
});

/** A life of a few seconds: the device connects, is offered a firmware, fetches most of it, and goes on working meanwhile. */
async function act(page: Page, of: Scene): Promise<void> {
	await live(of);
	await offer(of, "1.4.0", 640 * 1024);
	await report(of, { fw_state: "DOWNLOADING" });
	await fetchChunks(of, 0, 90, 12);
	await reading(of);
	await call(of, "setVent", { open: 40 });
	await fetchChunks(of, 90, 4, 12);
	await share(of, { targetHumidity: 58 });
	await reading(of);
	await fetchChunks(of, 94, 2, 12);
	await page.locator(".strip", { hasText: "60 %" }).waitFor();
}

const chromium = findChromium();
if (!chromium) {
	console.error("picture: expected Chromium on PATH or in CHROMIUM, found none");
	process.exit(2);
}
const browser = await startChromium(chromium);
const at = await scene();
try {
	const viewport = options.phone ? { width: 390, height: 844 } : { width: 1280, height: 760 };
	const page = await browser.newPage({ viewport, colorScheme: options.dark ? "dark" : "light" });
	page.on("console", (message) => console.error(`page: ${message.text()}`));
	page.on("pageerror", (error) => console.error(`page: ${error.stack}`));
	await page.goto(`${at.server.url}/#${at.device.id}/${options.tab}`);
	await page.getByRole("heading", { name: "Greenhouse 1" }).waitFor();
	await act(page, at);
	await page.screenshot({ path: options.out });
	console.log(options.out);
} finally {
	await browser.close();
	await at.close();
}
