// The identity record of the chip's images, as a C compiler puts it into its section. Needs gcc or cc, and readelf or objdump.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findIdentity, IdentitySize } from "../../hosts/virtual/identity.ts";
import { which } from "../../tools/doctor/ask.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal, ok } from "../assert.ts";

const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
	string,
	string
>;

describe("identity record of the chip's images", () => {
	let folder = "";
	before(() => {
		folder = mkdtempSync(join(tmpdir(), "identity-"));
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const run = (program: string, ...words: string[]) => {
		const { status, stderr } = spawnSync(program, words, { cwd: root, encoding: "utf8" });
		equal(status, 0, stderr);
	};

	it("stands alone in the section that ESP-IDF links behind esp_app_desc_t", function () {
		if (process.platform !== "linux" || !which("cc") || !which("objcopy")) return this.skip();
		const [object, section] = [join(folder, "identity.o"), join(folder, "section.bin")];
		run("cc", "-Wall", "-Werror", "-c", "hosts/esp32/identity.c", "-o", object);
		run("objcopy", "-O", "binary", "--only-section=.rodata_custom_desc", object, section);
		const bytes = readFileSync(section);
		equal(bytes.length, IdentitySize);
		const found = findIdentity(bytes);
		deepEqual(found?.identity, { title: name, version, target: "esp32", xs: "17.7.0" });
		equal(found?.offset, 0);
	});

	it("is pulled in by a function that the FFI binds", () => {
		const manifest = readFileSync(join(root, "hosts/esp32/manifest_app.json"), "utf8");
		ok(manifest.includes('"./identity.c"') && manifest.includes('"tbxs_identity_size"'));
	});
});
