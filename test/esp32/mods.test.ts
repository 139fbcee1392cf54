// hosts/esp32/mods.ts over ESP-IDF's functions: the partition of Moddable's own type, and which archives XS takes.

import type { Mods } from "../../hosts/contract.ts";
import { XSVersion } from "../../hosts/simulator/archive.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { deepEqual, equal, includes, throws } from "../assert.ts";
import { chip } from "./fakes/chip.ts";
import Modules from "./fakes/modules.ts";
import { fresh } from "./fresh.ts";

const image = buildImage({
	identity: { title: "t", version: "1", target: "esp32", xs: "17.7" },
	payload: Buffer.alloc(1000),
});
const modsNow = () => fresh<Mods>("mods.ts");

/** The begin of an archive. */
function head(length: number, version = XSVersion): Uint8Array<ArrayBuffer> {
	const bytes = Buffer.alloc(512);
	bytes.writeUInt32BE(length, 0);
	bytes.write("XS_A", 4);
	bytes.writeUInt32BE(12, 8);
	bytes.write("VERS", 12);
	bytes.set(version.split(".").map(Number), 16);
	return Uint8Array.from(bytes);
}

describe("ESP32: host/mods", () => {
	beforeEach(() => chip.reset(image));

	it("reads, writes and erases the partition xs", async () => {
		const { offset, size } = chip.table.find("xs");
		const mods = await modsNow();
		const bytes = new Uint8Array(16).fill(7);
		equal(mods.size, size);
		mods.write(bytes.buffer, 16, 16);
		equal(chip.flash.read(offset + 16, 16).equals(bytes), true);
		mods.read(bytes.buffer, 0, 16);
		deepEqual([...new Set(bytes)], [255]);
		mods.erase(0);
		equal(chip.flash.read(offset + 16, 1)[0], 255);
	});

	it("tells the chip's code of each function", async () => {
		const mods = await modsNow();
		for (const [name, at, action] of [
			["esp_partition_read", "read", () => mods.read(new ArrayBuffer(16), 0, 16)],
			["esp_partition_erase_range", "erase", () => mods.erase(0)],
			["esp_partition_write", "write", () => mods.write(new ArrayBuffer(16), 0, 16)],
		] as const) {
			chip.fail(name, 0x6001);
			throws(action, `mods: ${at}: ESP_ERR_FLASH_OP_FAIL`);
		}
	});

	it("knows whether XS has mapped a mod", async () => {
		equal((await modsNow()).mapped, false);
		Modules.archive.push("app");
		equal((await modsNow()).mapped, true);
		Modules.archive.length = 0;
	});

	it("looks at all of a mod before it is taken", async () => {
		const mods = await modsNow();
		const bytes = head(20);
		const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
		equal(mods.inspect?.(read, 512), "mod atom at 20: expected SIGN of 8 to 0 bytes, got  of 0");
	});

	it("refuses what XS would end the machine for", async () => {
		const { refuse, magic } = await modsNow();
		equal(head(9000)[0], magic);
		equal(refuse?.(head(9000), 9000), undefined);
		equal(refuse?.(head(9000), 9080), undefined); // a signature follows
		includes(String(refuse?.(head(9001), 9000)), "image length: expected 20 to 9000 bytes, got 9001");
		includes(String(refuse?.(head(9000, "17.8"), 9000)), `image engine: expected XS ${XSVersion}, got 17.8`);
		includes(String(refuse?.(new Uint8Array(512), 512)), 'image magic: expected "XS_A"');
		includes(String(refuse?.(new Uint8Array(7), 7)), "image: expected a header of 20 bytes, got 7");
	});
});
