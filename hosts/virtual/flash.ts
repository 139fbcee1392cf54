// A 4 MB SPI NOR flash chip: erasing sets bits, programming only clears them, and power may fail in the middle of either.
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { EspError, type EspErrorName } from "./esperr.ts";
import { makeRandom, type Random, tearErase, tearPage } from "./tear.ts";

/** Milliseconds per flash command. Defaults: typical values of Winbond W25Q32FV (tSE 45, tBE2 150, tPP 0.7). */
export interface FlashTiming {
	/** Erase of one 4 KiB sector. */
	sectorErase: number;
	/** Erase of one 64 KiB block. */
	blockErase: number;
	/** Programming of one 256-byte page. */
	pageProgram: number;
}

/** Options of `NorFlash`. */
export interface FlashOptions {
	/** File that holds the chip's bytes, created full of 0xFF; without it the chip lives in memory. */
	file?: string;
	/** Bytes, a multiple of 64 KiB; default 4 MiB. */
	size?: number;
	timing?: Partial<FlashTiming>;
	/** Told after each command how long the chip was busy; JavaScript stands still that long on an ESP32. */
	onBusy?(ms: number): void;
	/** Seed of the undefined bits that power cuts leave; default 1. */
	seed?: number;
}

/** Power failed, or is still off. Nothing catches this on a chip: let it end the machine. */
export class PowerCut extends Error {
	constructor(text: string) {
		super(text);
		this.name = "PowerCut";
	}
}

/** Where a cut strikes: before the command changes anything, or in the middle of it. */
export type CutMode = "before" | "torn";

/** One flash chip. Offsets and lengths in bytes from the start of the chip. Errors: `EspError`, `PowerCut`. */
export class NorFlash {
	static readonly PAGE = 256;
	static readonly SECTOR = 4096;
	static readonly BLOCK = 65536;

	readonly size: number;
	/** Erase and write commands so far, refused ones included. An erase of n blocks is n commands. */
	operations = 0;
	/** Milliseconds spent in commands so far. */
	busy = 0;
	onBusy: ((ms: number) => void) | undefined;

	readonly #bytes: Buffer;
	readonly #timing: FlashTiming;
	readonly #random: Random;
	#fd: number | undefined;
	#powered = true;
	#failure: { at: number; name: EspErrorName } | undefined;
	#cut: { at: number; mode: CutMode } | undefined;

	constructor(options: FlashOptions = {}) {
		const { file, size = 0x400000, timing, onBusy, seed = 1 } = options;
		if (size <= 0 || size % NorFlash.BLOCK)
			throw new RangeError(`flash: expected a size in blocks of 65536 bytes, got ${size}`);
		this.size = size;
		this.#timing = { sectorErase: 45, blockErase: 150, pageProgram: 0.7, ...timing };
		this.#random = makeRandom(seed);
		this.onBusy = onBusy;
		this.#bytes = file === undefined ? Buffer.alloc(size, 0xff) : loadFile(file, size);
		if (file !== undefined) this.#fd = openSync(file, "r+");
	}

	/** False between a power cut and `powerOn`. */
	get powered(): boolean {
		return this.#powered;
	}

	/** A copy of `length` bytes. */
	read(offset: number, length: number): Buffer {
		return Buffer.from(this.view(offset, length));
	}

	/** The bytes themselves, to be looked at before the next command: a copy of a whole slot is dear. */
	view(offset: number, length: number): Readonly<Buffer> {
		this.#check("read", offset, length);
		return this.#bytes.subarray(offset, offset + length);
	}

	/** Programs `data`: every bit becomes old AND new, so write to erased bytes only. One command. */
	write(offset: number, data: Uint8Array): void {
		this.#check("write", offset, data.length);
		if (this.#command(`write of ${data.length} bytes at ${hex(offset)}`)) this.#tornWrite(offset, data);
		for (let i = 0; i < data.length; i++) this.#and(offset + i, data[i] ?? 0xff);
		this.#store(offset, data.length);
		const pages = Math.ceil(((offset % NorFlash.PAGE) + data.length) / NorFlash.PAGE);
		this.#spend(pages * this.#timing.pageProgram);
	}

	/** Sets whole 4 KiB sectors to 0xFF, with 64 KiB commands where aligned as ESP-IDF's `esp_flash_erase_region` does. */
	erase(offset: number, length: number): void {
		this.#check("erase", offset, length);
		if (offset % NorFlash.SECTOR)
			throw new EspError(
				"ESP_ERR_INVALID_ARG",
				`flash erase: expected a 4096-byte offset, got ${hex(offset)}`,
			);
		if (length % NorFlash.SECTOR)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`flash erase: expected 4096-byte sectors, got ${length} bytes`,
			);
		for (let at = offset; at < offset + length; ) {
			const block = at % NorFlash.BLOCK === 0 && offset + length - at >= NorFlash.BLOCK;
			this.#eraseUnit(at, block ? NorFlash.BLOCK : NorFlash.SECTOR);
			at += block ? NorFlash.BLOCK : NorFlash.SECTOR;
		}
	}

	/** Makes the n-th command from now (1 = the next one) fail without effect. */
	failAt(n: number, codeName: EspErrorName = "ESP_ERR_FLASH_OP_FAIL"): void {
		this.#failure = { at: this.operations + n, name: codeName };
	}

	/** Cuts the power at the n-th command from now (1 = the next one): `PowerCut`, until `powerOn`. */
	cutAt(n: number, mode: CutMode): void {
		this.#cut = { at: this.operations + n, mode };
	}

	/** Power is back; an injected fault that has not struck yet is forgotten. */
	powerOn(): void {
		this.#powered = true;
		this.#cut = undefined;
		this.#failure = undefined;
	}

	/** Closes the file. May be called twice. */
	close(): void {
		if (this.#fd !== undefined) closeSync(this.#fd);
		this.#fd = undefined;
		this.#powered = false;
	}

	#eraseUnit(offset: number, length: number): void {
		if (this.#command(`erase of ${length} bytes at ${hex(offset)}`)) {
			tearErase(this.#bytes.subarray(offset, offset + length), this.#random);
			this.#powerFails(offset, length, "erase");
		}
		this.#bytes.fill(0xff, offset, offset + length);
		this.#store(offset, length);
		this.#spend(length === NorFlash.BLOCK ? this.#timing.blockErase : this.#timing.sectorErase);
	}

	/** Pages before the torn one are complete, those after it untouched. */
	#tornWrite(offset: number, data: Uint8Array): never {
		const first = NorFlash.PAGE - (offset % NorFlash.PAGE);
		const pages = Math.ceil(((offset % NorFlash.PAGE) + data.length) / NorFlash.PAGE);
		const torn = Math.floor(this.#random() * pages);
		const start = torn === 0 ? 0 : first + (torn - 1) * NorFlash.PAGE;
		const end = Math.min(data.length, first + torn * NorFlash.PAGE);
		for (let i = 0; i < start; i++) this.#and(offset + i, data[i] ?? 0xff);
		tearPage(this.#bytes.subarray(offset + start, offset + end), data.subarray(start, end), this.#random);
		this.#powerFails(offset, data.length, "write");
	}

	#powerFails(offset: number, length: number, what: string): never {
		this.#store(offset, length);
		this.#powered = false;
		throw new PowerCut(`power failed in the ${what} of ${length} bytes at ${hex(offset)}`);
	}

	/** Counts the command and strikes with whatever was injected; true when it is to be torn. */
	#command(what: string): boolean {
		this.operations += 1;
		if (this.#failure?.at === this.operations)
			throw new EspError(this.#failure.name, `flash: injected failure of the ${what}`);
		if (this.#cut?.at !== this.operations) return false;
		if (this.#cut.mode === "torn") return true;
		this.#powered = false;
		throw new PowerCut(`power failed before the ${what}`);
	}

	#check(what: string, offset: number, length: number): void {
		if (!this.#powered) throw new PowerCut(`flash ${what}: the power is off`);
		if (!Number.isInteger(offset) || offset < 0 || offset > this.size)
			throw new EspError(
				"ESP_ERR_INVALID_ARG",
				`flash ${what}: expected an offset up to ${this.size}, got ${offset}`,
			);
		if (!Number.isInteger(length) || length < 0 || offset + length > this.size)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`flash ${what}: expected at most ${this.size - offset} bytes at ${hex(offset)}, got ${length}`,
			);
	}

	#and(offset: number, value: number): void {
		this.#bytes[offset] = (this.#bytes[offset] ?? 0) & value;
	}

	/** The file always holds what the chip would hold, so that a killed process leaves a real power cut. */
	#store(offset: number, length: number): void {
		if (this.#fd !== undefined && length > 0) writeSync(this.#fd, this.#bytes, offset, length, offset);
	}

	#spend(ms: number): void {
		this.busy += ms;
		this.onBusy?.(ms);
	}
}

function loadFile(file: string, size: number): Buffer {
	if (!existsSync(file)) {
		writeFileSync(`${file}.new`, Buffer.alloc(size, 0xff));
		renameSync(`${file}.new`, file);
	}
	const bytes = readFileSync(file);
	if (bytes.length !== size)
		throw new RangeError(`flash file ${file}: expected ${size} bytes, got ${bytes.length}`);
	return bytes;
}

const hex = (value: number): string => `0x${value.toString(16)}`;
