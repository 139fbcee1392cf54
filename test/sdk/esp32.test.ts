// The ESP32 build as mcconfig generates it, without ESP-IDF. Nothing here is compiled for, or run on, a chip.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bindings, settings } from "../../tools/esp-idf/used.ts";
import { find, findSDK, generateESP32, root, run } from "../../tools/sdk/sdk.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

const read = (...path: string[]): string => readFileSync(join(...path), "utf8");

/** The SDK's TypeScript type of each FFI type. Whatever is a pointer is an ArrayBuffer. */
const types: Record<string, string> = {
	int32_t: "number",
	uint32_t: "number",
	int64_t: "bigint",
	uint64_t: "bigint",
	"char *": "string",
	void: "void",
};
const typeOf = (type: string): string => types[type] ?? "ArrayBuffer";

/** What the manifest binds, as the generated declaration file must have it. */
const prototypes = Object.entries(bindings(read(root, "hosts/esp32/manifest_app.json"))).map(
	([name, { arguments: list, returns }]) =>
		`${name}(${list.map((type, index) => `arg${index}: ${typeOf(type)}`).join(", ")}): ${typeOf(returns)}`,
);

for (const target of ["devkit", "s3devkit", "c3devkit"])
	describe(`ESP32 generation for ${target} (needs MODDABLE)`, () => {
		let directory = "";
		let modules = "";

		before(async function () {
			if (!process.env.MODDABLE) return this.skip();
			directory = await generateESP32(findSDK(), target, join(root, `.test/sdk/${target}`));
			modules = join(directory, "modules");
		});

		it("takes the project's partition table unchanged", () => {
			equal(read(find(directory, "partitions.csv")), read(root, "hosts/esp32/partitions.csv"));
		});

		it("merges every line of our sdkconfig over the SDK's own", () => {
			// Where our `n` overrides a line of the SDK it becomes an empty value, which Kconfig takes for n, too.
			const values = new Map<string, string>();
			for (const [, name, value] of read(find(directory, "sdkconfig.mc")).matchAll(/^CONFIG_(\w+)=(.*)$/gm))
				values.set(String(name), String(value));
			const ours = settings().filter(({ file }) => file === "sdkconfig.defaults");
			ok(ours.length > 10, `expected our lines, got ${ours.length}`);
			deepEqual(
				ours.map(({ name }) => `${name}=${values.get(name) || "n"}`),
				ours.map(({ name, value }) => `${name}=${value}`),
			);
		});

		it("gives the image the project's version", () => {
			const { version } = JSON.parse(read(root, "package.json")) as { version: string };
			includes(read(find(directory, "sdkconfig.mc")), `CONFIG_APP_PROJECT_VER="${version}"`);
		});

		it("generates the FFI that the manifest binds, in C and in TypeScript", () => {
			const found = [...read(directory, "mc.ffi.d.ts").matchAll(/^\t\t((?!constructor)\w+\(.*);$/gm)].map(
				([, text]) => text,
			);
			deepEqual(found.sort(), prototypes.sort());
			const source = read(directory, "mc.ffi.c");
			for (const prototype of prototypes) includes(source, `${prototype.split("(")[0]}(`);
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

		for (const name of [
			"clock",
			"device",
			"errors",
			"limits",
			"link",
			"pins",
			"restart",
			"signature",
			"region",
			"slots",
			"station",
			"store",
			"system",
		])
			it(`compiles host/${name} against the SDK's typings`, async () => {
				await run(findSDK(), modules, "tsc", ["--noEmit", "-p", `host/${name}-tsconfig.json`]);
			});
	});

describe("ESP32 generation of the examples, with mods (needs MODDABLE)", () => {
	let directory = "";

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		const output = join(root, ".test/sdk/examples-devkit");
		directory = await generateESP32(findSDK(), "devkit", output, join(root, "examples/manifest.json"));
	});

	it("lets XS look for a mod, and leaves app for it to replace", () => {
		const makefile = read(directory, "makefile");
		includes(read(directory, "mc.defines.h"), "MODDEF_XS_MODS (1)");
		ok(!/-p app\.xsb/.test(makefile), "app.xsb is preloaded");
		ok(/-p ota\/mod-slots\.xsb/.test(makefile), "expected ota/mod-slots among the preloaded modules");
	});

	it("compiles host/mods against the SDK's typings", async () => {
		await run(findSDK(), join(directory, "modules"), "tsc", ["--noEmit", "-p", "host/mods-tsconfig.json"]);
	});
});
