// The boot record: `esp_ota_select_entry_t`, one in each of the two sectors of the otadata partition (ESP-IDF
// esp_flash_partitions.h). Choosing and writing follow bootloader_common_loader.c and esp_ota_ops.c. Little-endian:
//   0  ota_seq u32: slot = (ota_seq - 1) modulo the number of slots; 0xFFFFFFFF = none
//   4  seq_label, 20 bytes, not used
//  24  ota_state u32
//  28  crc u32 of ota_seq alone: a torn state is not noticed
import type { ImageState } from "../contract.ts";
import { crc32 } from "./crc32.ts";
import { NorFlash } from "./flash.ts";
import type { Partition, PartitionTable } from "./partitions.ts";

/** `esp_ota_img_states_t`. */
export const OtaState = {
	NEW: 0,
	PENDING_VERIFY: 1,
	VALID: 2,
	INVALID: 3,
	ABORTED: 4,
	UNDEFINED: 0xffffffff,
} as const satisfies Record<ImageState, number>;

/** One record as it lies in flash. */
export interface SelectEntry {
	seq: number;
	label: Uint8Array;
	state: number;
	crc: number;
}

const EntrySize = 32;
const NoSeq = 0xffffffff;

/** CRC of a sequence number as ESP-IDF stores it. */
export function seqCRC(seq: number): number {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(seq);
	return crc32(bytes);
}

/** The 32 bytes of a record. */
export function encodeEntry({ seq, label, state, crc }: SelectEntry): Buffer {
	const bytes = Buffer.alloc(EntrySize, 0xff);
	bytes.writeUInt32LE(seq, 0);
	bytes.set(label.subarray(0, 20), 4);
	bytes.writeUInt32LE(state, 24);
	bytes.writeUInt32LE(crc, 28);
	return bytes;
}

/** A record from its 32 bytes; nothing is checked. */
export function decodeEntry(bytes: Buffer): SelectEntry {
	return {
		seq: bytes.readUInt32LE(0),
		label: bytes.subarray(4, 24),
		state: bytes.readUInt32LE(24),
		crc: bytes.readUInt32LE(28),
	};
}

/** `bootloader_common_ota_select_invalid`: names no slot, or one that must not boot. The CRC is not asked. */
export function isInvalid({ seq, state }: SelectEntry): boolean {
	return seq === NoSeq || state === OtaState.INVALID || state === OtaState.ABORTED;
}

/** `bootloader_common_ota_select_valid`. */
export function isValid(entry: SelectEntry): boolean {
	return !isInvalid(entry) && entry.crc === seqCRC(entry.seq);
}

/** The otadata partition of a flash chip. Nothing is cached: every question reads the flash, as ESP-IDF does. */
export class OtaData {
	readonly #flash: NorFlash;
	readonly #partition: Partition;
	readonly #slots: readonly Partition[];

	constructor(flash: NorFlash, table: PartitionTable) {
		this.#flash = flash;
		this.#partition = table.otadata;
		this.#slots = table.slots;
	}

	/** Both records as they are. */
	entries(): [SelectEntry, SelectEntry] {
		return [this.#read(0), this.#read(1)];
	}

	/** `bootloader_common_get_active_otadata`: the valid record with the higher sequence number, or -1. */
	active(): -1 | 0 | 1 {
		const [first, second] = this.entries();
		if (isValid(first) && isValid(second)) return first.seq >= second.seq ? 0 : 1;
		if (isValid(first)) return 0;
		return isValid(second) ? 1 : -1;
	}

	/** Index of the slot that a record names. */
	slotOf({ seq }: SelectEntry): number {
		return ((seq - 1) >>> 0) % this.#slots.length;
	}

	/** `esp_ota_get_state_partition`; UNDEFINED also where it answers ESP_ERR_NOT_FOUND. */
	stateOf(slot: Partition): ImageState {
		const entry = this.entries().find((one) => this.#names(one, slot) && one.crc === seqCRC(one.seq));
		const known = Object.entries(OtaState).find(([, value]) => value === entry?.state);
		return (known?.[0] as ImageState | undefined) ?? "UNDEFINED";
	}

	/** `esp_rewrite_ota_data`: makes `slot` the one to boot, by a NEW record in the sector that is not active. */
	select(slot: Partition): void {
		const number = this.#slots.indexOf(slot) + 1;
		const active = this.active();
		const entries = this.entries();
		const sector = active === 0 ? 1 : 0;
		const seq = active === -1 ? number : nextSeq(entries[active].seq, number, this.#slots.length);
		this.write(sector, { ...entries[sector], seq, state: OtaState.NEW, crc: seqCRC(seq) });
	}

	/** Rewrites one record with another state, as `esp_ota_current_ota_is_workable` and the bootloader do. */
	mark(sector: 0 | 1, state: number): void {
		this.write(sector, { ...this.#read(sector), state });
	}

	/** Erases the sector, then writes the record: a cut between the two loses the record. */
	write(sector: 0 | 1, entry: SelectEntry): void {
		this.#flash.erase(this.#offset(sector), NorFlash.SECTOR);
		this.#flash.write(this.#offset(sector), encodeEntry(entry));
	}

	/** Erases every record that names `slot` or is damaged, so that `slot` cannot be booted by a record. */
	forget(slot: Partition): void {
		for (const sector of [0, 1] as const) {
			const entry = this.#read(sector);
			const damaged = entry.crc !== seqCRC(entry.seq);
			if (!this.#blank(sector) && (damaged || this.#names(entry, slot)))
				this.#flash.erase(this.#offset(sector), NorFlash.SECTOR);
		}
	}

	#names(entry: SelectEntry, slot: Partition): boolean {
		return entry.seq !== NoSeq && this.#slots[this.slotOf(entry)] === slot;
	}

	#blank(sector: 0 | 1): boolean {
		return this.#flash.read(this.#offset(sector), EntrySize).every((byte) => byte === 0xff);
	}

	#read(sector: 0 | 1): SelectEntry {
		return decodeEntry(this.#flash.read(this.#offset(sector), EntrySize));
	}

	#offset(sector: 0 | 1): number {
		return this.#partition.offset + sector * NorFlash.SECTOR;
	}
}

/** The lowest sequence number from `seq` up that names slot `number` (counted from 1) of `count`. */
function nextSeq(seq: number, number: number, count: number): number {
	const rest = number % count;
	return rest + Math.max(0, Math.ceil((seq - rest) / count)) * count;
}
