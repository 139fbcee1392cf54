// hosts/esp32/store.ts over NVS of the virtual board: types, limits, codes, and power cuts at every flash command.
import type { ChipError, StoreConstructor, StoreValue } from "../../hosts/contract.ts";
import { type CutMode, PowerCut } from "../../hosts/virtual/flash.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";
import { chip } from "./fakes/chip.ts";
import { fresh } from "./fresh.ts";

const identity = { title: "t", version: "1.0.0", target: "esp32", xs: "17.7" };
const image = buildImage({ identity, payload: Buffer.alloc(100) });
const bytes = (text: string): ArrayBuffer => ArrayBuffer.fromString(text);

/** A failure for each call, and the method that makes it. */
const calls: Record<string, (store: InstanceType<StoreConstructor>) => unknown> = {
	nvs_find_key: (store) => store.get("number"),
	nvs_get_i32: (store) => store.get("number"),
	nvs_get_str: (store) => store.get("text"),
	nvs_get_blob: (store) => store.get("blob"),
	nvs_set_i32: (store) => store.set("number", 2),
	nvs_set_str: (store) => store.set("text", "b"),
	nvs_set_blob: (store) => store.set("blob", bytes("b")),
	nvs_erase_key: (store) => store.delete("number"),
	nvs_erase_all: (store) => store.clear(),
	nvs_commit: (store) => store.set("number", 3),
};

/** What is in the store after a cut must be the old value or the new one, and the other names' values as they were. */
async function cutAt(Store: StoreConstructor, at: number, mode: CutMode, next: StoreValue): Promise<boolean> {
	chip.reset(image);
	const store = new Store("tb");
	store.set("other", "kept");
	store.set("token", "old");
	chip.flash.cutAt(at, mode);
	try {
		store.set("token", next);
		return false;
	} catch (error) {
		if (!(error instanceof PowerCut)) throw error;
	}
	chip.start();
	const after = new Store("tb");
	const token = after.get("token");
	ok(token === "old" || token === next, `cut ${at}: expected old or new, got ${token}`);
	equal(after.get("other"), "kept");
	after.set("token", "again");
	equal(after.get("token"), "again");
	return true;
}

describe("ESP32 store over a fake of ESP-IDF's functions", () => {
	let Store: StoreConstructor;

	beforeEach(async () => {
		chip.reset(image);
		Store = await fresh<StoreConstructor>("store.ts");
	});

	it("keeps int32, strings and bytes, each as it was", () => {
		const store = new Store("tb");
		const values = [0, -1, 2 ** 31 - 1, -(2 ** 31), "", "grüße", "x".repeat(1984)];
		for (const value of values) {
			store.set("value", value);
			equal(new Store("tb").get("value"), value);
		}
		store.set("value", bytes("abc"));
		deepEqual([...new Uint8Array(store.get("value") as ArrayBuffer)], [97, 98, 99]);
		store.set("value", new ArrayBuffer(0));
		equal((store.get("value") as ArrayBuffer).byteLength, 0);
	});

	it("gives the new value when its type differs from the old one's", () => {
		const store = new Store("tb");
		for (const value of [1, "one", 2]) {
			store.set("value", value);
			equal(store.get("value"), value);
		}
	});

	it("keeps namespaces apart and clears one at a time", () => {
		const wifi = new Store("wifi");
		wifi.set("ssid", "home");
		const tb = new Store("tb");
		tb.set("ssid", "other");
		tb.clear();
		equal(tb.get("ssid"), undefined);
		equal(wifi.get("ssid"), "home");
	});

	it("deletes, also what is not there", () => {
		const store = new Store("tb");
		store.set("value", 1);
		store.delete("value");
		store.delete("value");
		equal(store.get("value"), undefined);
	});

	it("refuses names and values beyond NVS's limits before ESP-IDF is asked", () => {
		const store = new Store("tb");
		chip.calls = [];
		for (const name of ["", "a234567890123456", "ä23456789012345"])
			throws(() => store.set(name, 1), "expected 1 to 15 bytes");
		throws(() => store.set("value", 1.5), "expected an int32");
		throws(() => store.set("value", 2 ** 31), "expected an int32");
		throws(() => store.set("value", "x".repeat(1985)), "expected at most 1984 bytes");
		throws(() => store.set("value", true as never), "expected int32, string or ArrayBuffer");
		deepEqual(chip.calls, []);
	});

	for (const [call, action] of Object.entries(calls))
		it(`tells a failure of ${call} with its code and name`, () => {
			const store = new Store("tb");
			store.set("number", 1);
			store.set("text", "a");
			store.set("blob", bytes("a"));
			chip.fail(call, 0x1105);
			const error = throws(() => action(store)) as ChipError;
			deepEqual([error.code, error.codeName], [0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE"]);
			ok(error.message.startsWith("store: "), error.message);
		});

	it("says that the partition is full, keeps what was there, and goes on once there is room", () => {
		const store = new Store("tb");
		store.set("first", "kept");
		let count = 0;
		const error = throws(() => {
			for (; count < 100; count++) store.set(`blob${count}`, new ArrayBuffer(1984));
		}) as ChipError;
		equal(error.codeName, "ESP_ERR_NVS_NOT_ENOUGH_SPACE");
		equal(store.get("first"), "kept");
		store.delete("blob0");
		store.set("last", "fits");
		equal(store.get("last"), "fits");
	});

	it("throws after close, and closes its handle once", () => {
		const store = new Store("tb");
		store.close();
		store.close();
		throws(() => store.get("value"), "closed");
	});

	for (const mode of ["before", "torn"] as const)
		for (const next of ["new", "n".repeat(1900)])
			it(`has the old value or the new one wherever the power is cut (${mode}, ${next.length} bytes)`, async () => {
				let cuts = 0;
				for (let at = 1; await cutAt(Store, at, mode, next); at++) cuts += 1;
				ok(cuts >= 2, `expected a cut at each command, got ${cuts}`);
			});
});
