// One 4 KiB page of ESP-IDF's NVS, format version 2 (nvs_page.cpp, nvs_types.hpp), little-endian:
//    0  header: state u32 (bits only fall), sequence number u32, version u8 (0xFE), CRC-32 of bytes 4…27 at 28
//   32  entry table: 2 bits per entry: 3 empty, 2 written, 0 erased
//   64  126 entries of 32 bytes
// An item is one entry, followed by entries of data where its type has a length:
//    0  namespace u8, type u8, span u8 (entries), chunk u8; 4 CRC-32 of bytes 0…3 and 8…31; 8 key, 16 bytes
//   24  the value, or: length u16, 0xFFFF, CRC-32 of the data
import { crc32 } from "./crc32.ts";
import { NorFlash } from "./flash.ts";

export const EntriesPerPage = 126;
export const EntrySize = 32;

/** States of a page; each follows by clearing bits of the one before. */
export const PageState = {
	EMPTY: 0xffffffff,
	ACTIVE: 0xfffffffe,
	FULL: 0xfffffffc,
	FREEING: 0xfffffff8,
} as const;

/** Types of items that this project writes (ESP-IDF `nvs::ItemType`). */
export const ItemType = { U8: 0x01, I32: 0x14, STRING: 0x21, BLOB_DATA: 0x42, BLOB_INDEX: 0x48 } as const;

/** `chunk` of everything but blob data. */
export const NoChunk = 0xff;

const EntryState = { ERASED: 0, WRITTEN: 2, EMPTY: 3 } as const;
const HeaderSize = 32;
const TableOffset = 32;
const EntriesOffset = 64;
const Version = 0xfe;

/** What is to be stored; `data` is the value (up to 8 bytes) or, for strings and blob data, the bytes of any length. */
export interface ItemData {
	readonly namespace: number;
	readonly type: number;
	readonly chunk: number;
	readonly key: string;
	readonly data: Buffer;
}

/** An intact item in flash. */
export interface Item extends ItemData {
	readonly page: NvsPage;
	/** First entry. */
	readonly index: number;
	/** Entries. */
	readonly span: number;
}

const hasLength = (type: number): boolean => type === ItemType.STRING || type === ItemType.BLOB_DATA;

/** Entries that an item takes. */
export function spanOf({ type, data }: ItemData): number {
	return hasLength(type) ? 1 + Math.ceil(data.length / EntrySize) : 1;
}

/** A page; nothing is cached, every question reads the flash. */
export class NvsPage {
	readonly #flash: NorFlash;
	readonly #base: number;

	/** @param base offset of the page in flash */
	constructor(flash: NorFlash, base: number) {
		this.#flash = flash;
		this.#base = base;
	}

	/** State of a page with an intact header; EMPTY for any other. */
	get state(): number {
		const header = this.#flash.read(this.#base, HeaderSize);
		const state = header.readUInt32LE(0);
		const known: readonly number[] = [PageState.ACTIVE, PageState.FULL, PageState.FREEING];
		const intact = header.readUInt32LE(28) === crc32(header.subarray(4, 28));
		return intact && known.includes(state) ? state : PageState.EMPTY;
	}

	/** Grows with every page that is taken into use. */
	get sequence(): number {
		return this.#flash.read(this.#base + 4, 4).readUInt32LE(0);
	}

	/** Format version of the header: 0xFE is version 2, smaller is newer. */
	get version(): number {
		return this.#flash.read(this.#base + 8, 1)[0] ?? Version;
	}

	/** Entries that were never written. */
	get room(): number {
		const table = this.#table();
		let used = EntriesPerPage;
		while (used > 0 && stateOf(table, used - 1) === EntryState.EMPTY) used -= 1;
		return EntriesPerPage - used;
	}

	/** Takes an empty page into use, erasing first what an earlier life may have left. */
	activate(sequence: number): void {
		if (!isBlank(this.#flash.read(this.#base, NorFlash.SECTOR))) this.erase();
		const header = Buffer.alloc(HeaderSize, 0xff);
		header.writeUInt32LE(PageState.ACTIVE, 0);
		header.writeUInt32LE(sequence, 4);
		header[8] = Version;
		header.writeUInt32LE(crc32(header.subarray(4, 28)), 28);
		this.#flash.write(this.#base, header);
	}

	mark(state: number): void {
		const word = Buffer.alloc(4);
		word.writeUInt32LE(state);
		this.#flash.write(this.#base, word);
	}

	erase(): void {
		this.#flash.erase(this.#base, NorFlash.SECTOR);
	}

	/** All intact items, in the order they were written. */
	items(): Item[] {
		return this.#walk().items;
	}

	/** Appends an item; `room` must hold it. First entry, its state, data, their states: each step can be cut. */
	append(item: ItemData): Item {
		const index = EntriesPerPage - this.room;
		const span = spanOf(item);
		this.#write(index, encode(item, span));
		this.#setStates(index, 1, EntryState.WRITTEN);
		if (span > 1) {
			const padding = Buffer.alloc((span - 1) * EntrySize - item.data.length, 0xff);
			this.#write(index + 1, Buffer.concat([item.data, padding]));
			this.#setStates(index + 1, span - 1, EntryState.WRITTEN);
		}
		return { ...item, page: this, index, span };
	}

	/** Marks an item's entries as erased. */
	remove({ index, span }: Item): void {
		this.#setStates(index, span, EntryState.ERASED);
	}

	/** Marks as erased whatever a power cut left half written. */
	repair(): void {
		const table = this.#table();
		for (const index of this.#walk().damaged) this.#setStates(index, 1, EntryState.ERASED);
		for (let index = 0; index < EntriesPerPage; index++) {
			const dirty = stateOf(table, index) === EntryState.EMPTY && !isBlank(this.#entry(index));
			if (dirty) this.#setStates(index, 1, EntryState.ERASED);
		}
	}

	/** Intact items, and the entries marked as written that belong to none. */
	#walk(): { items: Item[]; damaged: number[] } {
		const table = this.#table();
		const items: Item[] = [];
		const damaged: number[] = [];
		for (let index = 0; index < EntriesPerPage; index++) {
			if (stateOf(table, index) !== EntryState.WRITTEN) continue;
			const item = this.#item(table, index);
			if (item) {
				items.push(item);
				index += item.span - 1;
			} else damaged.push(index);
		}
		return { items, damaged };
	}

	#item(table: Buffer, index: number): Item | undefined {
		const entry = this.#entry(index);
		const [namespace = 0, type = 0, span = 0, chunk = 0] = entry;
		if (entry.readUInt32LE(4) !== entryCRC(entry) || span < 1 || index + span > EntriesPerPage)
			return undefined;
		for (let i = index; i < index + span; i++) if (stateOf(table, i) !== EntryState.WRITTEN) return undefined;
		const data = hasLength(type) ? this.#data(entry, index, span) : entry.subarray(24);
		const key = entry.toString("utf8", 8, 24).split("\0", 1)[0] ?? "";
		return data && { page: this, index, span, namespace, type, chunk, key, data };
	}

	#data(entry: Buffer, index: number, span: number): Buffer | undefined {
		const bytes = this.#flash.read(this.#address(index + 1), (span - 1) * EntrySize);
		const data = bytes.subarray(0, entry.readUInt16LE(24));
		return entry.readUInt32LE(28) === crc32(data) ? data : undefined;
	}

	/** Writes the table word by word from the end, as ESP-IDF's alterEntryRangeState: the first entry changes last. */
	#setStates(index: number, count: number, state: number): void {
		const table = this.#table();
		for (let i = index; i < index + count; i++) {
			const shift = (i % 4) * 2;
			table[i >> 2] = ((table[i >> 2] ?? 0) & ~(3 << shift)) | (state << shift);
		}
		for (let word = (index + count - 1) >> 4; word >= index >> 4; word--)
			this.#flash.write(this.#base + TableOffset + word * 4, table.subarray(word * 4, word * 4 + 4));
	}

	#table(): Buffer {
		return this.#flash.read(this.#base + TableOffset, EntriesOffset - TableOffset);
	}

	#entry(index: number): Buffer {
		return this.#flash.read(this.#address(index), EntrySize);
	}

	#write(index: number, bytes: Buffer): void {
		this.#flash.write(this.#address(index), bytes);
	}

	#address(index: number): number {
		return this.#base + EntriesOffset + index * EntrySize;
	}
}

/** What a cut may leave of the two bits, 1, counts as erased. */
function stateOf(table: Buffer, index: number): number {
	const bits = ((table[index >> 2] ?? 0) >> ((index % 4) * 2)) & 3;
	return bits === EntryState.WRITTEN || bits === EntryState.EMPTY ? bits : EntryState.ERASED;
}

function encode({ namespace, type, chunk, key, data }: ItemData, span: number): Buffer {
	const entry = Buffer.alloc(EntrySize, 0xff);
	entry.set([namespace, type, span, chunk]);
	entry.fill(0, 8, 24);
	entry.write(key, 8);
	if (hasLength(type)) {
		entry.writeUInt16LE(data.length, 24);
		entry.writeUInt32LE(crc32(data), 28);
	} else data.copy(entry, 24);
	entry.writeUInt32LE(entryCRC(entry), 4);
	return entry;
}

const entryCRC = (entry: Buffer): number => crc32(entry.subarray(8), crc32(entry.subarray(0, 4)));
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0xff);
