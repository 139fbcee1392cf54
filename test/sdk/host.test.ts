// The simulator's host modules and the runner around them, with a small application that does as it is told.
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Boot, Otadata } from "../../hosts/simulator/otadata.ts";
import { Board, wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { type End, Simulator } from "../../tools/sdk/mcsim.ts";
import { buildHost, findSDK, root, type SDK } from "../../tools/sdk/sdk.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

const work = join(root, ".test/sdk/host");
const state = join(work, "state");

describe("Simulator host (needs MODDABLE)", () => {
	let sdk: SDK;
	let display: Display;
	let library = "";
	let lines: string[] = [];

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		sdk = findSDK();
		library = await buildHost(sdk, join(root, "test/sdk/host/manifest.json"), work);
		display = await openDisplay();
	});
	after(() => display?.close());
	beforeEach(() => {
		wipe(state);
		mkdirSync(state, { recursive: true });
		lines = [];
	});

	const onLine = (line: string) => void (line.startsWith("#") || lines.push(line));
	const keep = (file: string, value: unknown) => writeFileSync(join(state, file), JSON.stringify(value));
	const kept = (file: string) => JSON.parse(readFileSync(join(state, file), "utf8"));
	const task = (name: string) => keep("store.json", { test: { task: name } });
	const record = (ota_0: Otadata["ota_0"], ota_1: Otadata["ota_1"]) => keep("otadata.json", { ota_0, ota_1 });
	const told = (): unknown[] => lines.map((line) => JSON.parse(line));

	/** One boot without a bootloader, as when the simulator is started by hand. */
	function boot(name: string, options: { boot?: Boot; timeout?: number } = {}): Promise<End> {
		task(name);
		if (options.boot) keep("boot.json", options.boot);
		const { timeout = 20_000 } = options;
		const common = { moddable: sdk.moddable, display: display.name, library, directory: state };
		return new Simulator({ ...common, timeout, onLine }).end;
	}

	const board = (name: string, onBoot: (told: Boot) => void) => {
		task(name);
		return new Board({
			moddable: sdk.moddable,
			display: display.name,
			library,
			state,
			timeout: 20_000,
			onLine,
			onBoot,
		});
	};

	it("gives the traced status", async () => {
		const { reason, status } = await boot("exit");
		deepEqual([reason, status], ["exit", 7]);
	});

	it("tells an exception that escaped a callback", async () => {
		const { reason, status, text } = await boot("abort");
		deepEqual([reason, status], ["abort", 70]);
		includes(text, "XS abort");
	});

	it("ends a program that does not end", async () => {
		const { reason, status } = await boot("hang", { timeout: 3000 });
		deepEqual([reason, status, told()], ["timeout", 4, ["hanging"]]);
	});

	it("is up, with a valid clock", async () => {
		await boot("link");
		deepEqual(told(), [{ up: true, same: true, clockValid: true }]);
	});

	it("started by hand is a power-on of ota_0", async () => {
		await boot("system");
		const [{ draws, ...rest }] = told() as [{ draws: [number, number] }];
		deepEqual(rest, { reset: "POWERON", bootId: 0, host: "simulator", slot: "ota_0" });
		ok(draws[0] !== draws[1], "two draws are the same");
	});

	it("takes its boot from the bootloader once", async () => {
		const chosen: Boot = { slot: "ota_1", resetReason: "SW", bootId: 9 };
		await boot("system", { boot: chosen });
		await boot("system");
		const seen = (told() as Record<string, unknown>[]).map(({ slot, reset, bootId }) => [
			slot,
			reset,
			bootId,
		]);
		deepEqual(seen, [
			["ota_1", "SW", 9],
			["ota_0", "POWERON", 0],
		]);
	});

	it("verifies signatures by the SDK's own ECDSA", async () => {
		const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const { x = "", y = "" } = publicKey.export({ format: "jwk" });
		const message = Buffer.from("the image's digest");
		const values = {
			key: Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]),
			message,
			signature: sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" }),
		};
		const kept = Object.entries(values).map(([name, bytes]) => [name, { hex: bytes.toString("hex") }]);
		keep("store.json", { test: { task: "signature", ...Object.fromEntries(kept) } });
		const common = { moddable: sdk.moddable, display: display.name, library, directory: state };
		await new Simulator({ ...common, timeout: 20_000, onLine }).end;
		deepEqual(told(), [[true, false, false]]);
	});

	it("writes slots as NOR flash does, and refuses with the chip's codes", async () => {
		equal((await boot("slots")).status, 0);
		deepEqual(told(), [
			{ fallen: 0x30, erased: 0xff, size: 0x1d0000, state: "UNDEFINED" },
			{
				align: "ESP_ERR_INVALID_ARG",
				length: "ESP_ERR_INVALID_SIZE",
				past: "ESP_ERR_INVALID_SIZE",
				eraseAlign: "ESP_ERR_INVALID_ARG",
				eraseLength: "ESP_ERR_INVALID_SIZE",
				activate: "ESP_ERR_OTA_VALIDATE_FAILED",
			},
		]);
	});

	it("keeps a log over restarts, as the chip's partition does", async () => {
		const large = "x".repeat(3000);
		for (const found of [[], ["two", large], ["two", large, "two", large]]) {
			lines = [];
			equal((await boot("log")).status, 0);
			deepEqual(told(), [found]);
		}
	});

	it("begins no update while the running image is on trial", async () => {
		record({ sequence: 3, state: "PENDING_VERIFY" }, { sequence: 2, state: "VALID" });
		equal((await boot("trial")).status, 0);
		deepEqual(told(), [
			{ begin: "ESP_ERR_OTA_ROLLBACK_INVALID_STATE", state: "PENDING_VERIFY" },
			{ begin: "accepted", state: "VALID" },
		]);
	});

	it("keeps NVS's types and enforces its limits", async () => {
		equal((await boot("store")).status, 0);
		deepEqual(told(), [
			[-(2 ** 31), "grün", [0, 255]],
			{
				deleted: true,
				name: "RangeError",
				namespace: "RangeError",
				float: "RangeError",
				large: "RangeError",
				long: "RangeError",
				view: "TypeError",
			},
		]);
	});

	it("restarts with reset reason SW, and with PANIC after a crash", async () => {
		const boots: Boot[] = [];
		const restarted = board("restart", (told) => {
			boots.push(told);
			task(boots.length === 1 ? "abort" : "exit");
			if (boots.length === 1) task("restart");
			if (boots.length === 2) task("abort");
		});
		includes(await restarted.gone, "ended with 7");
		deepEqual(
			boots.map(({ resetReason, bootId }) => [resetReason, bootId]),
			[
				["POWERON", 1],
				["SW", 2],
				["PANIC", 3],
			],
		);
	});

	it("gives up after five crashes in a row", async () => {
		let boots = 0;
		const reason = await board("abort", () => {
			boots += 1;
		}).gone;
		includes(reason, "5 crashes in a row");
		equal(boots, 5);
	});

	it("marks a reverted image INVALID beside a recorded one", async () => {
		record({ sequence: 3, state: "PENDING_VERIFY" }, { sequence: 2, state: "VALID" });
		const { status } = await boot("revert", { boot: { slot: "ota_0", resetReason: "SW", bootId: 2 } });
		equal(status, 64);
		deepEqual(kept("otadata.json").ota_0, { sequence: 3, state: "INVALID" });
	});

	it("leaves a reverted trial to the bootloader while the other image has no record", async () => {
		record({ sequence: 0, state: "UNDEFINED" }, { sequence: 2, state: "PENDING_VERIFY" });
		const { status } = await boot("revert", { boot: { slot: "ota_1", resetReason: "SW", bootId: 2 } });
		equal(status, 64);
		deepEqual(kept("otadata.json").ota_1, { sequence: 2, state: "PENDING_VERIFY" });
	});

	it("refuses to revert a confirmed image when there is none to go back to", async () => {
		record({ sequence: 0, state: "UNDEFINED" }, { sequence: 2, state: "VALID" });
		const { reason, status } = await boot("revert", {
			boot: { slot: "ota_1", resetReason: "SW", bootId: 2 },
		});
		deepEqual([reason, status, told()], ["exit", 0, [{ revert: "ESP_ERR_OTA_ROLLBACK_FAILED" }]]);
	});
});
