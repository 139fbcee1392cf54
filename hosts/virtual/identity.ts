// Who an image is: one record of ours inside it, found by its magic, because every Moddable image carries the same ESP-IDF
// project name. Little-endian, 144 bytes at a multiple of 4; texts are UTF-8, padded with zeros, at least one zero each:
//    0  magic, 8 bytes: "TBXS-ID" and 1, the layout's version
//    8  script length u32: bytes that follow the record at once (virtual board); 0 where the code is elsewhere (ESP32)
//   12  title, 64 bytes
//   76  version, 32 bytes (as esp_app_desc_t has room for)
//  108  target, 16 bytes: esp32, simulator, virtual
//  124  XS version, 16 bytes
//  140  CRC-32 (zlib's) of bytes 0…139
import type { Identity } from "../contract.ts";
import { crc32 } from "./crc32.ts";

/** Size of the record in bytes. */
export const IdentitySize = 144;

const Magic = Buffer.from("TBXS-ID\x01", "latin1");
const CRCOffset = 140;
const Fields: readonly { name: keyof Identity; offset: number; size: number }[] = [
	{ name: "title", offset: 12, size: 64 },
	{ name: "version", offset: 76, size: 32 },
	{ name: "target", offset: 108, size: 16 },
	{ name: "xs", offset: 124, size: 16 },
];

/** What `findIdentity` found. */
export interface FoundIdentity {
	readonly identity: Identity;
	/** Bytes from the start of what was searched. */
	readonly offset: number;
	/** Bytes of script right after the record. */
	readonly scriptLength: number;
}

/** The record's bytes. @throws RangeError naming the text that is empty or too long */
export function encodeIdentity(identity: Identity, scriptLength = 0): Buffer {
	const record = Buffer.alloc(IdentitySize);
	Magic.copy(record);
	record.writeUInt32LE(scriptLength, 8);
	for (const { name, offset, size } of Fields) {
		const length = Buffer.byteLength(identity[name]);
		if (length < 1 || length >= size || identity[name].includes("\0"))
			throw new RangeError(
				`identity ${name}: expected 1…${size - 1} bytes, got ${length}: "${identity[name]}"`,
			);
		record.write(identity[name], offset);
	}
	record.writeUInt32LE(crc32(record.subarray(0, CRCOffset), 0), CRCOffset);
	return record;
}

/** The first intact record in `bytes`, or undefined. */
export function findIdentity(bytes: Buffer): FoundIdentity | undefined {
	for (let offset = bytes.indexOf(Magic); offset >= 0; offset = bytes.indexOf(Magic, offset + 1)) {
		const record = bytes.subarray(offset, offset + IdentitySize);
		if (record.length < IdentitySize) return undefined;
		if (record.readUInt32LE(CRCOffset) !== crc32(record.subarray(0, CRCOffset), 0)) continue;
		return { identity: decode(record), offset, scriptLength: record.readUInt32LE(8) };
	}
	return undefined;
}

function decode(record: Buffer): Identity {
	const text = (name: keyof Identity): string => {
		const { offset, size } = Fields.find((field) => field.name === name) ?? { offset: 0, size: 0 };
		return record.toString("utf8", offset, offset + size).split("\0", 1)[0] ?? "";
	};
	return { title: text("title"), version: text("version"), target: text("target"), xs: text("xs") };
}
