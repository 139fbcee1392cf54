// The ESP32 build as mcconfig generates it, without ESP-IDF. Nothing here is compiled for, or run on, a chip.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../../tools/esp-idf/used.ts";
import { find, findSDK, generateESP32, root, run } from "../../tools/sdk/sdk.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

const read = (...path: string[]): string => readFileSync(join(...path), "utf8");

/** What hosts/esp32 calls of ESP-IDF, as TypeScript sees it; prototypes of ESP-IDF v6.0, pointers as 32-bit handles. */
const Prototypes = [
	"esp_get_free_heap_size(): number",
	"esp_ota_get_next_update_partition(arg0: number): number",
	"esp_ota_get_running_partition(): number",
	"esp_ota_get_state_partition(arg0: number, arg1: ArrayBuffer): number",
	"esp_ota_invalidate_inactive_ota_data_slot(): number",
	"esp_ota_mark_app_invalid_rollback_and_reboot(): number",
	"esp_ota_mark_app_valid_cancel_rollback(): number",
	"esp_ota_set_boot_partition(arg0: number): number",
	"esp_partition_erase_range(arg0: number, arg1: number, arg2: number): number",
	"esp_partition_find_first(arg0: number, arg1: number, arg2: string): number",
	"esp_partition_read(arg0: number, arg1: number, arg2: ArrayBuffer, arg3: number): number",
	"esp_partition_write(arg0: number, arg1: number, arg2: ArrayBuffer, arg3: number): number",
	"esp_random(): number",
	"esp_reset_reason(): number",
	"esp_restart(): void",
	"esp_timer_get_time(): bigint",
];

describe("ESP32 generation (needs MODDABLE)", () => {
	let directory = "";
	let modules = "";

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		directory = await generateESP32(findSDK(), "devkit", join(root, ".test/sdk/esp32"));
		modules = join(directory, "modules");
	});

	it("takes the project's partition table unchanged", () => {
		equal(read(find(directory, "partitions.csv")), read(root, "hosts/esp32/partitions.csv"));
	});

	it("merges every line of our sdkconfig over the SDK's own", () => {
		// The SDK writes `n` as an empty value, which Kconfig takes for n; of two lines the later one counts.
		const values = new Map<string, string>();
		for (const [, name, value] of read(find(directory, "sdkconfig.mc")).matchAll(/^CONFIG_(\w+)=(.*)$/gm))
			values.set(String(name), String(value));
		const ours = settings().filter(({ file }) => file === "sdkconfig.defaults");
		ok(ours.length > 10, `expected our lines, got ${ours.length}`);
		deepEqual(
			ours.map(({ name }) => `${name}=${values.get(name)}`),
			ours.map(({ name, value }) => `${name}=${value === "n" ? "" : value}`),
		);
	});

	it("gives the image the project's version", () => {
		const { version } = JSON.parse(read(root, "package.json")) as { version: string };
		includes(read(find(directory, "sdkconfig.mc")), `CONFIG_APP_PROJECT_VER="${version}"`);
	});

	it("generates the FFI of the slots and of the system, in C and in TypeScript", () => {
		const types = read(directory, "mc.ffi.d.ts");
		deepEqual([...types.matchAll(/^\t\t(esp_.*);$/gm)].map(([, prototype]) => prototype).sort(), Prototypes);
		const source = read(directory, "mc.ffi.c");
		for (const prototype of Prototypes) includes(source, `${prototype.split("(")[0]}(`);
	});

	it("leaves out setup/network, which would wait for Wi-Fi before main", () => {
		ok(!existsSync(join(modules, "setup/network.xsb")));
		ok(!read(directory, "makefile").includes("setup/network"), "setup/network is still in the makefile");
	});

	it("keeps the application's module replaceable: app is not preloaded", () => {
		const preloads = /^PRELOADS =([\s\S]*?)\n\n/m.exec(read(directory, "makefile"))?.[1] ?? "";
		ok(preloads.includes("-p guards/mqtt-socket.xsb"), "expected the guards among the preloaded modules");
		ok(!/-p app\.xsb/.test(preloads), "app.xsb is preloaded");
	});

	for (const name of ["device", "errors", "limits", "link", "slots", "store", "system"])
		it(`compiles host/${name} against the SDK's typings`, async () => {
			await run(findSDK(), modules, "tsc", ["--noEmit", "-p", `host/${name}-tsconfig.json`]);
		});
});
