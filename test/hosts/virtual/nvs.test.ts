import type { StoreValue } from "../../../hosts/contract.ts";
import { ESP, type EspError } from "../../../hosts/virtual/esperr.ts";
import { type CutMode, NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { type Partition, readPartitions } from "../../../hosts/virtual/partitions.ts";
import { deepEqual, equal, ok, throws } from "../../assert.ts";

/**
 * First page of what Espressif's esp_idf_nvs_partition_gen 0.3.0 makes of: namespace tb: host string demo.thingsboard.io, port
 * i32 1883, key hex2bin 00112233445566778899aabbccddeeff00; namespace ota: state i32 -7. The rest is 0xFF.
 */
const Witness = `
feffffff00000000feffffffffffffffffffffffffffffffffffffff842dbab9aaaafeffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
000101ff2fcb52e07462000000000000000000000000000001ffffffffffffff012102ff5d776a77686f73740000000000000000000000001400ffff329fd3db
64656d6f2e7468696e6773626f6172642e696f00ffffffffffffffffffffffff011401ff16c05b00706f72740000000000000000000000005b070000ffffffff
01420200cce054786b6579000000000000000000000000001100ffff76ac4b8300112233445566778899aabbccddeeff00ffffffffffffffffffffffffffffff
014801ff1147cc586b657900000000000000000000000000110000000100ffff000101ff9507e4226f74610000000000000000000000000002ffffffffffffff
021401ff42aded2873746174650000000000000000000000f9ffffffffffffff`.replace(/\s/g, "");

const partition: Partition = { label: "nvs", type: 1, subtype: 2, offset: 0, size: 0x3000, encrypted: false };
const fresh = Math.floor(Math.random() * 2 ** 31);
const blob = (length: number, fill = 1): ArrayBuffer => new Uint8Array(length).fill(fill).buffer;
const plain = (value: StoreValue | undefined): unknown =>
	value instanceof ArrayBuffer ? Buffer.from(value).toString("hex") : value;

describe("virtual ESP32: NVS", () => {
	let flash: NorFlash;
	let nvs: Nvs;

	beforeEach(() => {
		flash = new NorFlash({ size: NorFlash.BLOCK });
		nvs = new Nvs(flash, partition);
	});

	const fails = (action: () => unknown, name: keyof typeof ESP, text = ""): void => {
		const error = throws(action, text) as EspError;
		equal(error.codeName, name);
		equal(error.code, ESP[name]);
	};
	const remount = (): Nvs => new Nvs(flash, partition);

	it("reads an image made by Espressif's own generator", () => {
		const chip = new NorFlash();
		const nvsPartition = readPartitions().find("nvs");
		chip.write(nvsPartition.offset, Buffer.from(Witness, "hex"));
		const made = new Nvs(chip, nvsPartition);
		deepEqual(made.keys("tb"), ["host", "port", "key"]);
		equal(made.get("tb", "host"), "demo.thingsboard.io");
		equal(made.get("tb", "port"), 1883);
		equal(plain(made.get("tb", "key")), "00112233445566778899aabbccddeeff00");
		equal(made.get("ota", "state"), -7);
	});

	it("writes the very bytes of Espressif's generator", () => {
		nvs.set("tb", "host", "demo.thingsboard.io");
		nvs.set("tb", "port", 1883);
		nvs.set("tb", "key", new Uint8Array(Buffer.from("00112233445566778899aabbccddeeff00", "hex")).buffer);
		nvs.set("ota", "state", -7);
		equal(flash.read(0, Witness.length / 2).toString("hex"), Witness);
	});

	it("keeps int32, strings and blobs over a restart, each namespace apart", () => {
		const values: [string, StoreValue][] = [
			["max", 2 ** 31 - 1],
			["min", -(2 ** 31)],
			["empty", ""],
			["snow", "☃ und mehr"],
			["none", blob(0)],
			["bytes", blob(33)],
			["long", "x".repeat(1984)],
			["large", blob(1984)],
			["fifteen_letters", 1],
		];
		for (const [key, value] of values) nvs.set("a", key, value);
		nvs.set("b", "max", 5);
		const after = remount();
		for (const [key, value] of values) equal(plain(after.get("a", key)), plain(value), key);
		equal(after.get("b", "max"), 5);
		equal(after.get("b", "min"), undefined);
		equal(after.get("c", "max"), undefined);
		deepEqual(after.keys("c"), []);
	});

	it("replaces a value by one of another type, and deletes", () => {
		for (const value of [1, "one", blob(70), blob(10), 2]) {
			nvs.set("a", "key", value);
			equal(plain(remount().get("a", "key")), plain(value));
		}
		equal(nvs.stats().used, 2);
		nvs.delete("a", "key");
		nvs.delete("a", "key");
		equal(remount().get("a", "key"), undefined);
	});

	it("refuses what ESP32's NVS or the host contract does not hold, with the chip's code", () => {
		for (const value of [1.5, Number.NaN, 2 ** 31, -0])
			fails(() => nvs.set("a", "key", value), "ESP_ERR_INVALID_ARG", "expected an integer of 32 bits");
		fails(() => nvs.set("a", "key", true as never), "ESP_ERR_INVALID_ARG", "got boolean");
		fails(
			() => nvs.set("a", "key", "x".repeat(1985)),
			"ESP_ERR_NVS_VALUE_TOO_LONG",
			"at most 1984 bytes, got 1985",
		);
		fails(() => nvs.set("a", "key", blob(1985)), "ESP_ERR_NVS_VALUE_TOO_LONG");
		fails(() => nvs.set("a", "key", "a\0b"), "ESP_ERR_INVALID_ARG", "without NUL");
		fails(() => nvs.set("a", "sixteen_letters_", 1), "ESP_ERR_NVS_KEY_TOO_LONG", "1…15 bytes, got 16");
		fails(() => nvs.set("a", "ääääääää", 1), "ESP_ERR_NVS_KEY_TOO_LONG", "got 16");
		fails(() => nvs.get("a", ""), "ESP_ERR_NVS_INVALID_NAME");
		equal(flash.operations, 0);
	});

	it("collects garbage as often as it must", () => {
		nvs.set("a", "keep", "me");
		for (let i = 0; i < 1000; i++) nvs.set("a", "count", i);
		nvs.set("a", "large", blob(1984));
		equal(nvs.get("a", "count"), 999);
		equal(remount().get("a", "keep"), "me");
	});

	it("is full some day, says so, keeps what it has and takes values again once there is room", () => {
		let count = 0;
		const fill = () => {
			for (; count < 20; count++) nvs.set("a", `key${count}`, blob(1000, count));
		};
		fails(fill, "ESP_ERR_NVS_NOT_ENOUGH_SPACE", "entries beside the old value");
		ok(count >= 6, `${count} blobs of 1000 bytes fit two pages`);
		for (let i = 0; i < count; i++) equal(plain(remount().get("a", `key${i}`)), plain(blob(1000, i)));
		equal(nvs.get("a", `key${count}`), undefined);
		nvs.delete("a", "key0");
		nvs.set("a", "key1", blob(1000, 99));
		equal(plain(nvs.get("a", "key1")), plain(blob(1000, 99)));
	});

	it("goes on after a failure of the flash, with the old value or the new one", () => {
		for (let n = 1; n <= 6; n++) {
			nvs.set("a", "key", "old");
			flash.failAt(n);
			try {
				nvs.set("a", "key", `new ${n}`);
			} catch (error) {
				equal((error as EspError).codeName, "ESP_ERR_FLASH_OP_FAIL");
			}
			flash.powerOn();
			ok(["old", `new ${n}`].includes(String(nvs.get("a", "key"))));
			equal(nvs.get("a", "key"), remount().get("a", "key"));
		}
	});
});

type Step = [key: string, value: StoreValue | undefined];

/** Short and long values, a deletion, and enough of all to move pages. */
const Steps: Step[] = [
	["count", 1],
	["text", "t".repeat(500)],
	["count", 2],
	["blob", blob(900, 2)],
	["gone", undefined],
	["text", "u".repeat(900)],
	["blob", blob(1200, 3)],
	["count", 3],
	["text", "v".repeat(1500)],
	["blob", blob(40, 4)],
	["text", 7],
	["blob", blob(1500, 5)],
	["gone", "back"],
	["text", "w".repeat(1200)],
	["blob", blob(1000, 6)],
	["count", 4],
];
const Start: Step[] = [
	["count", 0],
	["keep", "s".repeat(300)],
	["gone", "g"],
	["text", "old"],
	["blob", blob(1500, 1)],
];

function apply(nvs: Nvs, [key, value]: Step): void {
	if (value === undefined) nvs.delete("a", key);
	else nvs.set("a", key, value);
}

function started(seed: number): NorFlash {
	const flash = new NorFlash({ size: NorFlash.BLOCK, seed, timing: { pageProgram: 0 } });
	const nvs = new Nvs(flash, partition);
	for (const step of Start) apply(nvs, step);
	return flash;
}

/** Cuts at operation n of all steps; the step that was cut may have happened or not, all others count. */
function survive(n: number, mode: CutMode, seed: number, again?: number): void {
	const flash = started(seed);
	const model = new Map<string, unknown>(Start.map(([key, value]) => [key, plain(value)]));
	let nvs = new Nvs(flash, partition);
	flash.cutAt(n, mode);
	for (const step of Steps) {
		const [key, value] = step;
		const before = model.get(key);
		model.set(key, plain(value));
		try {
			apply(nvs, step);
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
			flash.powerOn();
			if (again !== undefined) cutMount(flash, again, mode);
			nvs = new Nvs(flash, partition);
			const found = plain(nvs.get("a", key));
			ok(found === before || found === plain(value), `${key}: ${String(found).slice(0, 20)}`);
			model.set(key, found);
		}
		for (const [name, expected] of model) equal(plain(nvs.get("a", name)), expected, name);
	}
}

/** Power fails again while the cut is being repaired, if that takes so many operations. */
function cutMount(flash: NorFlash, again: number, mode: CutMode): void {
	flash.cutAt(again, mode);
	try {
		new Nvs(flash, partition);
	} catch (error) {
		if (!(error instanceof PowerCut)) throw error;
	}
	flash.powerOn();
}

describe("virtual ESP32: power cuts in NVS", function () {
	this.timeout(60_000);
	const flash = started(1);
	const before = flash.operations;
	const all = new Nvs(flash, partition);
	for (const step of Steps) apply(all, step);
	const operations = flash.operations - before;

	for (const [mode, seed] of [
		["before", 1],
		["torn", 1],
		["torn", fresh],
	] as const)
		it(`leave the old value or the new one, and all others: cut ${mode} each of ${operations}, seed ${seed}`, () => {
			for (let n = 1; n <= operations; n++) survives(n, mode, seed);
		});

	it(`do so when power fails again during the repair, seed ${fresh}`, () => {
		for (let n = 1; n <= operations; n++) for (const again of [1, 3]) survives(n, "torn", fresh + n, again);
	});

	it("strike the collection of garbage, too", () => {
		const pages = flash.busy / 45;
		ok(pages >= 2, `two pages or more should be erased in these steps, not ${pages}`);
	});
});

function survives(n: number, mode: CutMode, seed: number, again?: number): void {
	try {
		survive(n, mode, seed, again);
	} catch (error) {
		throw new Error(`operations ${n} and ${again}: ${error}`, { cause: error });
	}
}
