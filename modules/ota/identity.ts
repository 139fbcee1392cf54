/**
 * Who an image is: one record of ours inside it. Little-endian, 144 bytes at a multiple of 4:
 *   0 magic "TBXS-ID" and 1 · 8 script length u32 · 12 title, 64 bytes · 76 version, 32 · 108 target, 16 · 124 XS version, 16 · 140 CRC-32 of 0…139.
 * Texts are UTF-8, padded with zeros, at least one zero each.
 */
import type { Identity } from "host/contract";
import { CRC32 } from "ota/crc32";

const Magic: readonly number[] = Object.freeze([0x54, 0x42, 0x58, 0x53, 0x2d, 0x49, 0x44, 1]);
const Size = 144;
const CRCOffset = 140;

/** The first intact record that lies wholly in `bytes`, or undefined. */
export function findIdentity(bytes: Uint8Array<ArrayBuffer>): Identity | undefined {
	for (let offset = 0; offset + Size <= bytes.length; offset += 4) {
		const record = bytes.subarray(offset, offset + Size);
		if (Magic.every((byte, index) => record[index] === byte) && isIntact(record)) return decode(record);
	}
	return undefined;
}

function isIntact(record: Uint8Array<ArrayBuffer>): boolean {
	const crc = new CRC32();
	crc.write(record.subarray(0, CRCOffset));
	return new Uint8Array(crc.close()).every((byte, index) => byte === record[CRCOffset + index]);
}

function decode(record: Uint8Array<ArrayBuffer>): Identity {
	return {
		title: text(record, 12, 64),
		version: text(record, 76, 32),
		target: text(record, 108, 16),
		xs: text(record, 124, 16),
	};
}

/** Up to the first zero; the CRC vouches for the rest. */
function text(record: Uint8Array<ArrayBuffer>, offset: number, size: number): string {
	let end = offset;
	while (end < offset + size && record[end]) end++;
	return String.fromArrayBuffer(record.slice(offset, end).buffer);
}
