/** Copies a staged mod into its partition: proves the stage, then writes sectors from behind, and what makes it a mod last of all. */
import type { DigestConstructor, Mods } from "host/contract";
import { Sector } from "ota/eraser";
import type { Firmware } from "ota/firmware";
import { Key } from "ota/mod-key";
import type { ModSlots } from "ota/mod-slots";
import { SlotCheck } from "ota/slot-check";

const Slice = 32_768; // bytes hashed in one step
const Piece = 1024; // bytes copied at a time

export class ModCopy {
	readonly #slots: ModSlots;
	readonly #mods: Mods;
	readonly #check: SlotCheck;
	readonly #bytes = new Uint8Array(Piece);
	readonly #back = new Uint8Array(Piece);
	#isProved = false;
	#isClosed = false;
	/** Everything from here on is copied. */
	#position: number;

	/** Throws OTA_ALGORITHM. */
	constructor(firmware: Firmware, slots: ModSlots, mods: Mods, digest: DigestConstructor) {
		this.#slots = slots;
		this.#mods = mods;
		this.#check = new SlotCheck(firmware, slots, digest);
		this.#position = Math.ceil(firmware.size / Sector) * Sector;
	}

	/** At most one sector. True when all is done. Throws OTA_CHECKSUM, OTA_FLASH, what flash throws, and Error when flash does not keep. */
	step(): boolean {
		if (!this.#isProved) this.#isProved = this.#check.step(Slice);
		else if (!this.#isClosed) this.shut();
		else this.copySector();
		return this.#position === 0;
	}

	/** Nothing is a mod from here to the end. */
	private shut(): void {
		this.#mods.erase(0);
		this.#isClosed = true;
	}

	private copySector(): void {
		const start = this.#position - Sector;
		if (start) this.#mods.erase(start);
		for (let at = start; at < this.#position; at += Piece) this.copy(at, at + Piece, at ? 0 : Key);
		if (!start) this.copy(0, Key);
		this.#position = start;
	}

	/** `skipped` bytes of it are left erased. */
	private copy(from: number, to: number, skipped = 0): void {
		const bytes = this.#bytes.subarray(0, to - from);
		const back = this.#back.subarray(0, to - from);
		this.#slots.read(bytes.buffer, from, bytes.length);
		bytes.fill(0xff, 0, skipped);
		this.#mods.write(bytes.buffer, from, bytes.length);
		this.#mods.read(back.buffer, from, back.length);
		const differs = back.findIndex((byte, index) => byte !== bytes[index]);
		if (differs >= 0)
			throw new Error(
				`copy: expected ${bytes[differs]} at ${from + differs} of the mods' partition, got ${back[differs]}`,
			);
	}
}
