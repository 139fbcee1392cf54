// How one sector of the log looks in flash. Nothing here is overwritten but by zeros, so that a cut leaves the old or a void.
//
//     sector  magic u32, sequence u32, CRC-32 of both u32, then records
//     record  length u16, its complement u16, CRC-32 of the payload u32, state u32 (all ones: kept), payload padded to 4
//     void    zeros, word by word: what a cut has torn is filled with them
import type { Region } from "host/contract";
import { crc32 } from "log/crc32";

/** `NOR flash`'s erase unit, bytes. */
export const SectorSize = 4096;
/** Bytes before the first record. */
export const SectorHead = 12;
/** Bytes before a payload. */
export const RecordHead = 12;
const Magic = 0x78_6c_62_74; // "tblx"
const Kept = 0xffff_ffff;

/** What stands at some place of a sector. */
export interface Entry {
	/** In the sector. */
	offset: number;
	/** Of the next entry. */
	end: number;
	/** Of the payload. */
	length: number;
	kept: boolean;
}

/** A record's bytes from the head on. */
export const sizeOf = (length: number): number => RecordHead + ((length + 3) & ~3);

/** One sector of a region. */
export class Sector {
	readonly #region: Region;
	readonly #start: number;

	constructor(region: Region, index: number) {
		this.#region = region;
		this.#start = index * SectorSize;
	}

	/** Its number in the order of writing, 1 and up; 0 when it holds nothing that can be trusted. */
	get sequence(): number {
		const head = this.#view(0, SectorHead);
		const valid = head.getUint32(0, true) === Magic && head.getUint32(8, true) === crcOf(head, 8);
		return valid ? head.getUint32(4, true) : 0;
	}

	/** Makes it empty. What it held is made invalid first: an erase that is cut can leave any bits, old ones too. */
	begin(sequence: number): void {
		if (this.sequence) this.#write(0, new ArrayBuffer(SectorHead));
		this.#region.erase(this.#start);
		const head = new DataView(new ArrayBuffer(SectorHead));
		head.setUint32(0, Magic, true);
		head.setUint32(4, sequence, true);
		head.setUint32(8, crcOf(head, 8), true);
		this.#write(0, head.buffer);
	}

	/** The first record at or behind an offset; undefined where none follows. */
	next(offset: number): Entry | undefined {
		let at = offset;
		while (at + RecordHead <= SectorSize) {
			const head = this.#view(at, RecordHead);
			const length = head.getUint16(0, true);
			const end = at + sizeOf(length);
			if (head.getUint32(0, true) === 0) at += 4;
			else if ((head.getUint16(2, true) ^ 0xffff) !== length || end > SectorSize) return undefined;
			else return { offset: at, end, length, kept: head.getUint32(8, true) === Kept };
		}
		return undefined;
	}

	/** Writes a record at an offset that is free. */
	write(offset: number, payload: ArrayBuffer): void {
		const { byteLength } = payload;
		const bytes = new Uint8Array(sizeOf(byteLength)).fill(0xff);
		const head = new DataView(bytes.buffer);
		head.setUint16(0, byteLength, true);
		head.setUint16(2, byteLength ^ 0xffff, true);
		head.setUint32(4, crc32(new Uint8Array(payload)), true);
		bytes.set(new Uint8Array(payload), RecordHead);
		this.#write(offset, bytes.buffer);
	}

	/** The payload of an entry; undefined when it is not what was written. */
	read({ offset, length }: Entry): ArrayBuffer | undefined {
		const crc = this.#view(offset, RecordHead).getUint32(4, true);
		const { buffer } = this.#view(offset + RecordHead, length);
		return crc32(new Uint8Array(buffer)) === crc ? buffer : undefined;
	}

	/** Marks a record as not needed. */
	remove(offset: number): void {
		this.#write(offset + 8, new ArrayBuffer(4));
	}

	/** Fills with zeros whatever was written at or behind an offset. Returns where free bytes begin. */
	clear(offset: number): number {
		const rest = new Uint8Array(this.#view(offset, SectorSize - offset).buffer);
		let length = rest.length;
		while (length > 0 && rest[length - 1] === 0xff) length -= 1;
		length = (length + 3) & ~3;
		if (rest.some((byte, index) => byte !== 0 && index < length))
			this.#write(offset, new ArrayBuffer(length));
		return offset + length;
	}

	#view(offset: number, length: number): DataView<ArrayBuffer> {
		const buffer = new ArrayBuffer(length);
		if (length) this.#region.read(buffer, this.#start + offset, length);
		return new DataView(buffer);
	}

	#write(offset: number, buffer: ArrayBuffer): void {
		this.#region.write(buffer, this.#start + offset, buffer.byteLength);
	}
}

const crcOf = (head: DataView<ArrayBuffer>, length: number): number =>
	crc32(new Uint8Array(head.buffer, 0, length));
