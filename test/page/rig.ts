// A stand-in in this process, a browser without a window, and a page that must not complain.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Device } from "../../thingsboard/devices.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { findChromium, startChromium } from "../../tools/page/browser.ts";
import { RawDevice } from "../../tools/peer/device.ts";

const chromium = findChromium();

/** `it` where there is a Chromium; elsewhere every spec is skipped, and `needs` in its title says why. */
export const onPage = (title: string, run: () => Promise<void>): Mocha.Test =>
	(chromium ? it : it.skip)(title, run);
export const needs = "(needs Chromium, named by CHROMIUM or on PATH)";

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

/** How a page is looked at. */
export interface Look {
	size?: "desktop" | "phone";
	colour?: "light" | "dark";
	/** Done before the page is opened; then the caller waits for what is to come. */
	before?: (page: Page) => Promise<void>;
}

export class Rig {
	server!: ThingsBoard;
	device!: Device;
	#browser: Browser | undefined;
	#complaints: string[] = [];
	#raw: RawDevice[] = [];

	/** For `before`: one browser for all specs of a file. */
	async startBrowser(): Promise<void> {
		if (chromium) this.#browser = await startChromium(chromium);
	}

	/** For `after`. */
	async stopBrowser(): Promise<void> {
		await this.#browser?.close();
	}

	/** For `beforeEach`: a server with one device, token `token`. */
	async start(): Promise<void> {
		this.#complaints = [];
		this.server = await startThingsBoard({ mqttPort: 0, httpPort: 0, settings: { otaPacing: 0 } });
		this.device = this.server.core.devices.create({ name: "Boiler" }, "token");
	}

	/** For `afterEach`: ends everything; throws when a page complained on its console. */
	async stop(): Promise<void> {
		for (const context of this.#browser?.contexts() ?? []) await context.close();
		for (const raw of this.#raw.splice(0)) await raw.end();
		await this.server.close();
		if (this.#complaints.length) throw new Error(`the page complained: ${this.#complaints.join("; ")}`);
	}

	/** The page, at the tab, once it has shown its device. */
	async open(tab = "telemetry", { size = "desktop", colour = "light", before }: Look = {}): Promise<Page> {
		const options: BrowserContextOptions = {
			viewport: size === "phone" ? phone : desktop,
			hasTouch: size === "phone",
			colorScheme: colour,
		};
		const page = await (this.#browser as Browser).newPage(options);
		page.setDefaultTimeout(10_000);
		page.on("pageerror", (error) => this.#complaints.push(String(error)));
		page.on("console", (message) => {
			if (message.type() === "error") this.#complaints.push(message.text());
		});
		page.on("dialog", (dialog) => this.#complaints.push(`a dialog: ${dialog.message()}`));
		await before?.(page);
		await page.goto(`${this.server.url}/#${this.device.id}/${tab}`);
		const heading = page.getByRole("heading", { level: 1, name: this.device.info.name });
		if (!before) await heading.waitFor();
		return page;
	}

	/** Takes back complaints that were expected. */
	forgive(...parts: string[]): void {
		this.#complaints = this.#complaints.filter((text) => !parts.some((part) => text.includes(part)));
	}

	/** A connected device of raw MQTT. */
	async online(token = "token"): Promise<RawDevice> {
		const raw = await RawDevice.online({ host: "127.0.0.1", port: this.server.mqttPort }, token);
		this.#raw.push(raw);
		return raw;
	}
}
