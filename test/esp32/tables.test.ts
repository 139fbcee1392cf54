// What we typed of ESP-IDF against what a tool read from its sources: hosts/esp32/esp-idf.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { System } from "../../hosts/contract.ts";
import { Codes, slotError } from "../../hosts/esp32/errors.ts";
import { ESP } from "../../hosts/virtual/esperr.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { OtaState } from "../../hosts/virtual/otadata.ts";
import { parsePartitions } from "../../hosts/virtual/partitions.ts";
import type { KconfigSymbol, Prototype } from "../../tools/esp-idf/read.ts";
import { type Binding, bindings, calledFunctions, settings } from "../../tools/esp-idf/used.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { chip } from "./fakes/chip.ts";
import { fresh } from "./fresh.ts";

interface Facts {
	tag: string;
	functions: Record<string, Prototype>;
	symbols: Record<string, KconfigSymbol>;
	errors: Record<string, number>;
	enums: Record<string, Record<string, number>>;
}
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const facts = JSON.parse(read("hosts/esp32/esp-idf.json")) as Facts;
const identity = { title: "t", version: "1.0.0", target: "esp32", xs: "17.7" };
const image = buildImage({ identity, payload: Buffer.alloc(100) });
const cure = "run tools/esp-idf.ts (docs/esp32.md)";

/** What each C type is for the SDK's FFI on a chip with 32-bit pointers: a handle travels as a number, a buffer as itself. */
const FFITypes: Record<string, string> = {
	"const esp_partition_t *": "uint32_t",
	"esp_ota_img_states_t *": "uint32_t *",
	esp_err_t: "int32_t",
	esp_reset_reason_t: "int32_t",
	esp_partition_type_t: "int32_t",
	esp_partition_subtype_t: "int32_t",
	nvs_handle_t: "uint32_t",
	nvs_open_mode_t: "int32_t",
	"nvs_handle_t *": "uint32_t *",
	"nvs_type_t *": "uint32_t *",
	"const char *": "char *",
	"char *": "void *", // filled by the callee: a buffer
	"size_t *": "uint32_t *",
	"int32_t *": "int32_t *",
	"uint8_t *": "uint8_t *",
	int32_t: "int32_t",
	"const void *": "void *",
	"void *": "void *",
	size_t: "uint32_t",
	uint32_t: "uint32_t",
	int64_t: "int64_t",
	void: "void",
};

const ffi = (type: string): string => FFITypes[type] ?? `unknown C type ${type}`;

describe("what we say of ESP-IDF v6.0", () => {
	it("was read from the release that the SDK expects", () => equal(facts.tag, "v6.0"));

	const manifest = read("hosts/esp32/manifest_app.json");
	const bound = calledFunctions(manifest).map((name) => [name, bindings(manifest)[name]] as const);
	it("binds functions at all", () => ok(bound.length >= 10));
	for (const [name, binding] of bound)
		it(`${name} is bound as its header declares it`, () => {
			const found = facts.functions[name];
			ok(found !== undefined, `expected ${name} in esp-idf.json: ${cure}`);
			const expected: Binding = { arguments: found.arguments.map(ffi), returns: ffi(found.returns) };
			deepEqual(binding, expected);
		});

	for (const { file, name, value } of settings())
		it(`${file}: ${name}=${value} is a symbol of Kconfig with a value it takes`, () => {
			const symbol = facts.symbols[name];
			ok(symbol !== undefined, `expected ${name} in esp-idf.json: ${cure}`);
			const forms = { bool: /^[yn]$/, int: /^-?\d+$/, hex: /^0x[\da-f]+$/i, string: /^".*"$/ };
			ok(forms[symbol.type as keyof typeof forms].test(value), `${symbol.type} ${value}`);
			const [low, high] = symbol.range ?? [-Infinity, Infinity];
			if (symbol.type === "int") ok(low <= Number(value) && Number(value) <= high, `${low} to ${high}`);
		});

	it("lets the task watchdog watch the loop task alone: ESP-IDF's default adds the idle tasks, which a breakpoint starves", () => {
		const set = new Map(settings().map(({ name, value }) => [name, value]));
		equal(set.get("ESP_TASK_WDT_PANIC"), "y");
		for (const cpu of [0, 1]) equal(set.get(`ESP_TASK_WDT_CHECK_IDLE_TASK_CPU${cpu}`), "n");
	});

	it("sets no symbol twice", () => {
		const names = settings().map(({ file, name }) => `${file} ${name}`);
		equal(new Set(names).size, names.length);
	});

	it("numbers the errors of the virtual board as the headers do", () => {
		const ours = Object.keys(ESP);
		deepEqual(Object.fromEntries(ours.map((name) => [name, facts.errors[name]])), { ...ESP });
	});

	it("names every code of the slots' errors as the headers do", () => {
		const ours = Object.keys(Codes);
		ok(ours.length >= 10, `expected at least 10 codes, got ${ours.length}`);
		deepEqual(Object.fromEntries(ours.map((name) => [name, facts.errors[name]])), { ...Codes });
		for (const [name, code] of Object.entries(Codes)) equal(slotError("test", code).codeName, name);
	});

	it("numbers reset reasons as the header does; later ones than ours are UNKNOWN", async () => {
		const reasons = Object.entries(facts.enums.esp_reset_reason_t ?? {});
		ok(reasons.length > 10, `expected the header's reasons, got ${reasons.length}`);
		let known = 0;
		for (const [name, value] of reasons) {
			chip.reset(image);
			chip.resetReason = value;
			const { resetReason } = await fresh<System>("system.ts");
			if (resetReason !== "UNKNOWN") known += 1;
			// SW that nobody asked for is an exception that escaped: test/esp32/system.test.ts
			if (name === "ESP_RST_SW") equal(resetReason, "PANIC");
			else if (resetReason !== "UNKNOWN") equal(`ESP_RST_${resetReason}`, name);
		}
		equal(known, 9);
	});

	it("numbers image states as the header does", () => {
		const states = Object.entries(facts.enums.esp_ota_img_states_t ?? {});
		deepEqual(Object.fromEntries(states.map(([name, value]) => [name.replace("ESP_OTA_IMG_", ""), value])), {
			...OtaState,
		});
	});

	it("gives no partition of ours a subtype that ESP-IDF means for something else", () => {
		const subtypes = facts.enums.esp_partition_subtype_t ?? {};
		const outbox = parsePartitions(read("hosts/esp32/partitions.csv")).find("outbox");
		equal(outbox.subtype, subtypes.ESP_PARTITION_SUBTYPE_DATA_UNDEFINED);
	});
});
