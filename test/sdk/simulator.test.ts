// The application, main.ts as it is, in Moddable's desktop simulator against the stand-in: read back by REST, step by step.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XSVersion } from "../../hosts/simulator/archive.ts";
import type { Boot, Otadata } from "../../hosts/simulator/otadata.ts";
import { nextApp, nextVersion } from "../../tools/next-app.ts";
import { Board, commission, wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { buildHost, buildMod, findSDK, root, type SDK } from "../../tools/sdk/sdk.ts";
import { type Program, startServer } from "../../tools/start/process.ts";
import { Rest } from "../../tools/start/rest.ts";
import { type Offer, play } from "../../tools/start/scenario.ts";
import { deepEqual, equal, includes } from "../assert.ts";

const work = join(root, ".test/sdk");
const state = join(work, "state");
const draw = (): string => randomBytes(6).toString("hex");
const Ballast = 150_000; // bytes: some dozens of chunks, and more than one erase block
const Question = 200; // ms between two questions to the server

describe("main.ts in the simulator (needs MODDABLE)", () => {
	let sdk: SDK;
	let display: Display;
	let server: Program;
	let rest: Rest;
	let board: Board;
	let id = "";
	let since = 0; // epoch ms of power-on
	const token = draw();
	const factory = draw();
	const boots: Boot[] = [];
	const lines: string[] = [];
	let title = "";
	let version = "";

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		sdk = findSDK();
		({ name: title, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
		const library = await buildHost(sdk, join(root, "manifest.json"), join(work, "main"), { build: factory });
		const started = await startServer(["--port", "0", "--http-port", "0"]);
		server = started.program;
		rest = new Rest(started.url);
		await rest.login("tenant@thingsboard.org", "tenant");
		id = ((await rest.device("Simulator", token)) as { id: { id: string } }).id.id;
		wipe(state);
		commission(state, { host: "127.0.0.1", port: started.mqttPort, token });
		display = await openDisplay();
		const { moddable } = sdk;
		since = Date.now();
		board = new Board({
			...{ moddable, display: display.name, library, state },
			onLine: (line) => lines.push(line),
			onBoot: (boot) => boots.push(boot),
		});
	});

	after(async () => {
		await board?.stop();
		display?.close();
		await server?.end();
	});

	afterEach(function () {
		if (this.currentTest?.isFailed()) console.log(lines.slice(-60).join("\n"));
		lines.length = 0;
	});

	/** The next version's archive, built now; `change` makes its source worse. */
	async function next(current: string, change = (source: string) => source): Promise<Offer> {
		version = nextVersion(current);
		const build = draw();
		const source = nextApp(readFileSync(join(root, "app.ts"), "utf8"), title, { version, build });
		const file = await buildMod(sdk, change(source), join(work, "mod"), Ballast);
		return { title, version, build, image: new Uint8Array(readFileSync(file)) };
	}

	/** Offers an image; resolves with the reason that the device reports when it gives the update up. */
	async function refused(offer: Offer): Promise<string> {
		const since = Date.now();
		await rest.assign(id, await rest.firmware(offer.title, offer.version, offer.image));
		const ended = board.gone.then((reason) => Promise.reject(new Error(`the board is off: ${reason}`)));
		const asked = (async () => {
			while (!(await rest.series(id, "fw_state", since)).some(({ value }) => value === "FAILED"))
				await new Promise((resolve) => setTimeout(resolve, Question));
			return (await rest.series(id, "fw_error", since)).at(-1)?.value ?? "";
		})();
		return Promise.race([asked, ended]);
	}

	const record = (): Otadata => JSON.parse(readFileSync(join(state, "otadata.json"), "utf8"));

	it("is built by the XS that the host believes in", async () => {
		const { image } = await next("0.0.0");
		equal(`${image[16]}.${image[17]}`, XSVersion); // atom VERS: major, minor
	});

	it("lives a device's whole life, firmware update included", async () => {
		const scene = { rest, deviceId: id, since, offer: next, gone: board.gone, patience: 60 };
		equal(await play(scene), undefined);
	});

	it("was restarted once for it, and runs the confirmed image of the other slot", () => {
		deepEqual(
			boots.map(({ slot, resetReason }) => [slot, resetReason]),
			[
				["ota_0", "POWERON"],
				["ota_1", "SW"],
			],
		);
		equal(record().ota_1.state, "VALID");
	});

	it("goes back to the running version when a new one crashes, and says so", async () => {
		const bad = await next(version, (source) => `${source}\nthrow new Error("crash");\n`);
		boots.length = 0;
		includes(await refused(bad), bad.version);
		deepEqual(
			boots.map(({ slot, resetReason }) => [slot, resetReason]),
			[
				["ota_0", "SW"],
				["ota_1", "PANIC"],
			],
		);
		equal(record().ota_0.state, "ABORTED");
	});

	it("refuses an image of another XS, and keeps running", async () => {
		const other = await next(version);
		other.image[17] = (other.image[17] ?? 0) + 1;
		boots.length = 0;
		includes(await refused(other), "ESP_ERR_OTA_VALIDATE_FAILED");
		deepEqual(boots, []);
	});

	it("refuses an image that is no archive, and keeps running", async () => {
		const other = await next(version);
		other.image.fill(0x7f, 4, 8);
		includes(await refused(other), "ESP_ERR_OTA_VALIDATE_FAILED");
		deepEqual(boots, []);
	});

	it("still obeys the server after all that", async () => {
		deepEqual(await rest.rpc(id, "ping", 5), { pong: 5 });
	});
});
