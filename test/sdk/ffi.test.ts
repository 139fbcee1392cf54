// hosts/esp32's own files inside XS 17.7, through the SDK's real FFI, over C stubs of ESP-IDF's functions.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { Simulator } from "../../tools/sdk/mcsim.ts";
import { buildHost, findSDK, root } from "../../tools/sdk/sdk.ts";
import { deepEqual, equal } from "../assert.ts";

const work = join(root, ".test/sdk/ffi");
const folder = join(root, "test/sdk/ffi");

/** The test's manifest with the bindings of the chip's: one table, not two. */
function manifest(): string {
	const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));
	const { functions } = read(join(root, "hosts/esp32/manifest_app.json")).ffi;
	const sources = [join(folder, "stubs.c"), join(root, "hosts/esp32/identity.c")];
	const file = join(folder, "manifest.json");
	const made = JSON.stringify({ ...read(file), ffi: { sources, functions } })
		.replaceAll('"../../../', `"${root}`)
		.replaceAll('"./', `"${folder}/`);
	mkdirSync(work, { recursive: true });
	const path = join(work, "manifest.json");
	writeFileSync(path, made);
	return path;
}

describe("hosts/esp32 over the real FFI (needs MODDABLE)", () => {
	let display: Display;
	let told: Record<string, unknown>[] = [];

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		const sdk = findSDK();
		const library = await buildHost(sdk, manifest(), work);
		display = await openDisplay();
		const directory = join(work, "state");
		wipe(directory);
		mkdirSync(directory, { recursive: true });
		const lines: string[] = [];
		const onLine = (line: string) => void (line.startsWith("{") && lines.push(line));
		const common = { moddable: sdk.moddable, display: display.name, library, directory };
		const end = await new Simulator({ ...common, timeout: 20_000, onLine }).end;
		equal(end.status, 0, end.text);
		told = lines.map((line) => JSON.parse(line));
	});
	after(() => display?.close());

	it("carries handles, offsets and buffers to the slots' functions, and their codes back", () => {
		deepEqual(told[0], {
			running: ["ota_0", 0x20000, "VALID"],
			next: ["ota_1", 0x20000, "NEW", "UNDEFINED"],
			bytes: [255, 255, 0x55, 0x55],
			noImage: "ESP_ERR_OTA_VALIDATE_FAILED",
			revert: "ESP_ERR_OTA_ROLLBACK_FAILED",
		});
	});

	it("carries numbers, texts and bytes to NVS and back", () => {
		deepEqual(told[1], {
			same: [true, true, true, true, true],
			found: [0, 255, 7],
			gone: true,
			full: "ESP_ERR_NVS_NOT_ENOUGH_SPACE",
			cleared: true,
		});
	});

	it("carries unsigned 32 and signed 64 bits", () => {
		deepEqual(told[2], {
			uptime: 5_000_000_000,
			freeMemory: 123_456,
			resetReason: "PANIC",
			bootId: 0xfffffff0,
			random: 0xfffffff0,
		});
	});

	it("reaches the partition xs, and asks XS whether a mod is mapped", () => {
		deepEqual(told[3], { mapped: false, size: 0x40000, bytes: [0x55, 0x55, 255, 255] });
	});
});
