// Makes hosts/esp32/esp-idf.json: what ESP-IDF itself says of the functions, symbols and codes that the project relies on.
import { readFileSync, writeFileSync } from "node:fs";
import { args } from "./args.ts";
import { enumOf, errorsOf, prototypeOf, symbolOf } from "./esp-idf/read.ts";
import { commitOf, type Release } from "./esp-idf/source.ts";
import { calledFunctions, setSymbols } from "./esp-idf/used.ts";

const Table = "hosts/esp32/esp-idf.json";

const errorHeaders = [
	"components/esp_common/include/esp_err.h",
	"components/app_update/include/esp_ota_ops.h",
	"components/bootloader_support/include/esp_image_format.h",
	"components/spi_flash/include/spi_flash_mmap.h",
	"components/nvs_flash/include/nvs.h",
];
const enums = {
	esp_ota_img_states_t: "components/bootloader_support/include/esp_flash_partitions.h",
	esp_reset_reason_t: "components/esp_system/include/esp_system.h",
	esp_partition_type_t: "components/esp_partition/include/esp_partition.h",
	esp_partition_subtype_t: "components/esp_partition/include/esp_partition.h",
};

const options = args({
	command: "node --import ./tools/ts.mjs tools/esp-idf.ts",
	about: `Reads a clone of ESP-IDF and writes ${Table}: prototypes, enumerations, error codes and Kconfig symbols, as facts to
compare ours with. Run it when hosts/esp32 calls a function or sets a symbol that the table lacks.`,
	options: {
		git: { help: "git directory of a clone of espressif/esp-idf", value: "DIR" },
		tag: { help: "release to read", value: "TAG", default: "v6.0" },
		json: { help: "print the table instead of writing it" },
	},
});

const each = <T>(names: readonly string[], read: (name: string) => T): Record<string, T> =>
	Object.fromEntries(names.map((name) => [name, read(name)]));

function table(release: Release): object {
	const manifest = readFileSync("hosts/esp32/manifest_app.json", "utf8");
	return {
		tag: release.tag,
		commit: commitOf(release),
		functions: each(calledFunctions(manifest), (name) => prototypeOf(release, name)),
		symbols: each(setSymbols(), (name) => symbolOf(release, name)),
		errors: errorsOf(release, errorHeaders),
		enums: Object.fromEntries(
			Object.entries(enums).map(([name, header]) => [name, enumOf(release, header, name)]),
		),
	};
}

if (!options.git) {
	console.error("esp-idf: expected --git DIR, a clone of espressif/esp-idf with its tags");
	process.exit(2);
}
const made = `${JSON.stringify(table({ git: options.git, tag: options.tag }), null, "\t")}\n`;
if (options.json) process.stdout.write(made);
else writeFileSync(Table, made);
