// The BLE gateway for an ESP32-S3 with PSRAM: generated, and nothing more. No chip has compiled or run it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exampleManifest } from "../../tools/sdk/example.ts";
import { find, findSDK, generateESP32, root } from "../../tools/sdk/sdk.ts";
import { deepEqual, ok } from "../assert.ts";

const work = join(root, ".test/sdk/ble");

describe("The BLE gateway, generated for an ESP32-S3 and not run (needs MODDABLE)", function () {
	this.timeout(120_000);
	let directory = "";

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		const ble = { main: "./ble/main", include: ["./ble/manifest.json"], chip: ["./ble/psram.json"] };
		const manifest = exampleManifest(work, ble);
		directory = await generateESP32(findSDK(), "s3devkit", join(work, "build"), manifest);
	});

	it("has PSRAM and NimBLE in its configuration, beside all that is ours", () => {
		const ours = readFileSync(join(root, "hosts/esp32/sdkconfig/sdkconfig.defaults"), "utf8").trim();
		ok(readFileSync(join(root, "examples/ble/sdkconfig/sdkconfig.defaults"), "utf8").startsWith(ours));
		const text = readFileSync(find(directory, "sdkconfig.mc"), "utf8");
		const wanted = [
			"CONFIG_SPIRAM=y",
			"CONFIG_SPIRAM_MODE_OCT=y",
			"CONFIG_BT_ENABLED=y",
			"CONFIG_BT_NIMBLE_ENABLED=y",
		];
		const lines = text.split("\n");
		deepEqual(
			wanted.filter((line) => !lines.includes(line)),
			[],
		);
		ok(lines.includes("CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y"));
	});

	it("names the gateway, the BLE client and the program in its makefile", () => {
		const makefile = readFileSync(join(directory, "makefile"), "utf8");
		for (const name of ["gateway.xsb", "gateway/sender.xsb", "bleclient.xsb", "ruuvi.xsb", "main.xsb"])
			ok(makefile.includes(`/${name}`), name);
		ok(existsSync(join(directory, "modules")));
	});
});
