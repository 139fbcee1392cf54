/** CRC-32 of ISO 3309 (zlib, gzip), a nibble at a time: 64 bytes of table instead of 1 KiB. */
import type { Hash } from "ota/checksum";

const Polynomial = 0xedb88320; // reflected
const table: readonly number[] = Object.freeze(Array.from({ length: 16 }, (_, nibble) => step(nibble)));

function step(nibble: number): number {
	let value = nibble;
	for (let bit = 0; bit < 4; bit++) value = value & 1 ? (value >>> 1) ^ Polynomial : value >>> 1;
	return value | 0;
}

/** `close()` gives 4 bytes, least significant first. */
export class CRC32 implements Hash {
	#crc = -1;

	write(bytes: Uint8Array<ArrayBuffer>): void {
		let crc = this.#crc;
		for (let index = 0; index < bytes.length; index++) {
			crc ^= bytes[index] as number;
			crc = (crc >>> 4) ^ (table[crc & 15] as number);
			crc = (crc >>> 4) ^ (table[crc & 15] as number);
		}
		this.#crc = crc;
	}

	close(): ArrayBuffer {
		const result = new DataView(new ArrayBuffer(4));
		result.setInt32(0, ~this.#crc, true);
		return result.buffer;
	}
}
