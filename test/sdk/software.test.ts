// Mods in the simulator: examples/software.ts gets a real .xsa by MQTT, runs it, gets a broken one, and drops it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assign, findGoal, type Goal, profileOf } from "../../tools/publish/goal.ts";
import { provide } from "../../tools/publish/package.ts";
import { Board, commission, wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { buildHost, buildMod, findSDK, root, type SDK } from "../../tools/sdk/sdk.ts";
import { ok } from "../assert.ts";
import { eventually, openSite, type Site, type SiteDevice } from "../e2e/harness/site.ts";

const work = join(root, ".test/sdk/software");
const Title = "thingsboard-xs example"; // of examples/manifest.json
const Patience = 40_000; // ms
const Ballast = 64; // bytes: the SDK packs no empty resource

/** A module that takes the place of app.ts. */
const appOf = (build: string, more = ""): string => `
export const build: string = ${JSON.stringify(build)};
let count = 0;
export function readings() {
	${more}
	return { build, count: ++count };
}
`;

/** The manifest of the examples, for this one. */
function manifest(): string {
	mkdirSync(work, { recursive: true });
	const text = readFileSync(join(root, "examples/manifest.json"), "utf8")
		.replace('"./telemetry"', '"./software"')
		.replaceAll('"../', `"${root}`)
		.replaceAll('"./', `"${join(root, "examples/")}`);
	const file = join(work, "manifest.json");
	writeFileSync(file, text);
	return file;
}

describe("software packages in the simulator (needs MODDABLE)", () => {
	let sdk: SDK;
	let display: Display;
	let at: Site;
	let device: SiteDevice;
	let board: Board;
	const lines: string[] = [];

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		sdk = findSDK();
		const library = await buildHost(sdk, manifest(), join(work, "host"));
		at = await openSite();
		device = await at.device("sdk-software");
		display = await openDisplay();
		const state = join(work, "state");
		wipe(state);
		commission(state, { ...at.mqtt, token: device.token });
		const onLine = (line: string): void => void lines.push(line);
		board = new Board({ moddable: sdk.moddable, display: display.name, library, state, onLine });
	});
	after(async () => {
		await board?.stop();
		display?.close();
		await at?.close();
	});
	afterEach(function () {
		if (this.currentTest?.isFailed()) console.log(lines.slice(-60).join("\n"));
		lines.length = 0;
	});

	const saw = (text: string) =>
		eventually(text, async () => lines.some((line) => line.includes(text)), Patience);
	const told = (key: string, value: string) =>
		eventually(
			`${key} ${value}`,
			async () => String((await at.latest(device.id, key))[key]?.value).startsWith(value),
			Patience,
		);

	async function offer(version: string, source: string, change = (_: Uint8Array) => {}): Promise<void> {
		const bytes = new Uint8Array(readFileSync(await buildMod(sdk, source, join(work, version), Ballast)));
		ok(bytes.length < 8192, `${bytes.length} bytes`);
		change(bytes);
		const goal: Goal = { kind: "device", name: device.name };
		const found = await findGoal(at.rest, goal);
		const pack = { title: Title, version, type: "SOFTWARE", bytes } as const;
		const { id } = await provide(at.rest, pack, profileOf(goal, found));
		await assign(at.rest, goal, found, "SOFTWARE", id);
	}

	it("are not needed", async () => {
		await saw("mod none, app example");
		await told("current_sw_version", "none");
	});

	it("take the place of the module app", async () => {
		await offer("m1", appOf("first"));
		await saw("mod m1, app first");
		await told("sw_state", "UPDATED");
		await told("build", "first");
	});

	it("take the place of another mod", async () => {
		await offer("m2", appOf("second"));
		await saw("mod m2, app second");
		await told("build", "second");
		await told("current_sw_version", "m2");
	});

	it("are refused when they are for another XS", async () => {
		await offer("m3", appOf("third"), (bytes) => bytes.set([16], 17));
		await told("sw_error", "OTA_IMAGE: image engine: expected XS");
		await told("build", "second");
	});

	it("are refused when they would replace a module that the image needs", async () => {
		await offer("m5", appOf("fifth"), (bytes) => {
			const at = Buffer.from(bytes.buffer).indexOf("check\0");
			ok(at > 0, "mcrun's own module");
			bytes.set(Buffer.from("timer"), at);
		});
		await told("sw_error", 'OTA_INSPECTION: mod modules: expected app, app/… and mod/… alone, got "timer"');
		await told("build", "second");
	});

	it("are taken away when they crash", async () => {
		await offer("m4", appOf("fourth", 'throw new Error("crash");'));
		await saw("mod none, app example");
		await told("sw_error", "OTA_REVERTED: m4");
		await told("sw_state", "FAILED");
		await told("build", "example");
	});
});
