import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EspError } from "../../../hosts/virtual/esperr.ts";
import { NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { deepEqual, equal, ok, throws } from "../../assert.ts";

const codeOf = (action: () => unknown): string => (throws(action) as EspError).codeName;

describe("virtual ESP32: NOR flash", () => {
	let flash: NorFlash;

	beforeEach(() => {
		flash = new NorFlash({ size: 2 * NorFlash.BLOCK });
	});

	it("is delivered erased", () => {
		ok(flash.read(0, flash.size).every((byte) => byte === 0xff));
	});

	it("only clears bits when it is written", () => {
		flash.write(100, Buffer.from([0x0f, 0xf0]));
		flash.write(100, Buffer.from([0xfa, 0xff]));
		deepEqual(flash.read(99, 4), [0xff, 0x0a, 0xf0, 0xff]);
	});

	it("sets bits by the sector of 4096 bytes only", () => {
		flash.write(4090, Buffer.alloc(12));
		flash.erase(4096, 4096);
		deepEqual(flash.read(4088, 10), [0xff, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
	});

	it("erases by blocks where it can, and counts commands", () => {
		flash.erase(61_440, 4096 + 65_536);
		equal(flash.operations, 2);
		equal(flash.busy, 45 + 150);
	});

	it("tells how long it was busy", () => {
		const times: number[] = [];
		flash.onBusy = (ms) => times.push(ms);
		flash.write(255, Buffer.alloc(2));
		flash.erase(0, 4096);
		deepEqual(times, [1.4, 45]);
	});

	it("refuses what does not fit or is not aligned, with ESP-IDF's codes", () => {
		equal(
			codeOf(() => flash.read(-1, 1)),
			"ESP_ERR_INVALID_ARG",
		);
		equal(
			codeOf(() => flash.read(flash.size, 1)),
			"ESP_ERR_INVALID_SIZE",
		);
		equal(
			codeOf(() => flash.write(flash.size - 1, Buffer.alloc(2))),
			"ESP_ERR_INVALID_SIZE",
		);
		equal(
			codeOf(() => flash.erase(100, 4096)),
			"ESP_ERR_INVALID_ARG",
		);
		equal(
			codeOf(() => flash.erase(4096, 100)),
			"ESP_ERR_INVALID_SIZE",
		);
		equal(flash.operations, 0);
	});

	it("fails at the operation it is told to, once and without effect", () => {
		flash.failAt(2);
		flash.write(0, Buffer.alloc(1));
		equal(
			codeOf(() => flash.write(1, Buffer.alloc(1))),
			"ESP_ERR_FLASH_OP_FAIL",
		);
		equal(flash.read(1, 1)[0], 0xff);
		flash.write(1, Buffer.alloc(1));
	});

	it("changes nothing when power fails before the command, and is dead until power returns", () => {
		flash.cutAt(1, "before");
		ok(throws(() => flash.write(0, Buffer.alloc(4))) instanceof PowerCut);
		ok(throws(() => flash.read(0, 1)) instanceof PowerCut);
		ok(throws(() => flash.erase(0, 4096)) instanceof PowerCut);
		equal(flash.powered, false);
		flash.powerOn();
		equal(flash.read(0, 1)[0], 0xff);
	});

	it("leaves whole pages before a torn one and untouched pages after it", () => {
		for (let seed = 1; seed <= 40; seed++) {
			const pages = pagesAfterTornWrite(seed);
			const torn = pages.findIndex((page) => page !== "written");
			ok(torn >= 0 || pages.length === 4, `seed ${seed}`);
			ok(
				pages.slice(torn + 1).every((page) => page === "erased"),
				`seed ${seed}: ${pages}`,
			);
		}
	});

	it("leaves undefined bits after a torn erase, the same for the same seed, in its own sectors only", () => {
		const torn = (seed: number): Buffer => {
			const chip = new NorFlash({ size: NorFlash.BLOCK, seed });
			chip.write(0, Buffer.alloc(12_288, 0x5a));
			chip.cutAt(1, "torn");
			throws(() => chip.erase(4096, 4096), "power failed in the erase");
			chip.powerOn();
			return chip.read(0, 12_288);
		};
		const outcomes = new Set<string>();
		for (let seed = 1; seed <= 20; seed++) {
			const bytes = torn(seed);
			ok(bytes.subarray(0, 4096).every((byte) => byte === 0x5a));
			ok(bytes.subarray(8192).every((byte) => byte === 0x5a));
			ok(torn(seed).equals(bytes));
			outcomes.add(bytes.toString("hex", 4096, 8192));
		}
		equal(outcomes.size, 20);
	});

	describe("over a file", () => {
		let folder: string;
		let file: string;

		beforeEach(() => {
			folder = mkdtempSync(join(tmpdir(), "flash-"));
			file = join(folder, "flash.bin");
		});

		afterEach(() => rmSync(folder, { recursive: true }));

		it("has written each command to the file when the command returns", () => {
			const chip = new NorFlash({ file, size: NorFlash.BLOCK });
			chip.write(4096, Buffer.from("hello"));
			equal(readFileSync(file).toString("latin1", 4096, 4101), "hello");
			chip.erase(4096, 4096);
			equal(readFileSync(file)[4096], 0xff);
			chip.close();
			chip.close();
		});

		it("writes to the file what a power cut leaves", () => {
			const chip = new NorFlash({ file, size: NorFlash.BLOCK });
			chip.cutAt(1, "torn");
			throws(() => chip.write(0, Buffer.alloc(1024)), "power failed");
			chip.powerOn();
			ok(chip.read(0, NorFlash.BLOCK).equals(readFileSync(file)));
			chip.close();
		});

		it("continues with what the file holds", () => {
			const first = new NorFlash({ file, size: NorFlash.BLOCK });
			first.write(0, Buffer.from([1, 2, 3]));
			first.close();
			const second = new NorFlash({ file, size: NorFlash.BLOCK });
			deepEqual(second.read(0, 4), [1, 2, 3, 255]);
			second.close();
		});

		it("refuses a file of another size", () => {
			writeFileSync(file, "short");
			throws(() => new NorFlash({ file }), "expected 4194304 bytes, got 5");
		});
	});
});

/** Writes 4 pages of zeros, cut in the middle; tells what became of each page. */
function pagesAfterTornWrite(seed: number): string[] {
	const flash = new NorFlash({ size: NorFlash.BLOCK, seed });
	flash.cutAt(1, "torn");
	throws(() => flash.write(0, Buffer.alloc(1024)), "power failed in the write");
	flash.powerOn();
	return [0, 1, 2, 3].map((page) => {
		const bytes = flash.read(page * 256, 256);
		if (bytes.every((byte) => byte === 0)) return "written";
		return bytes.every((byte) => byte === 0xff) ? "erased" : "torn";
	});
}
