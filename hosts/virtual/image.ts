// An ESP32 application image (ESP-IDF esp_app_format.h and esp_image_format.c), little-endian:
//    0  header, 24 bytes: 0xE9, number of segments, SPI mode, speed and size, entry address u32, WP pin (8), chip id u16 (12),
//       chip revisions (14…18), SHA-256 appended unless 0 (23)
//   24  per segment: load address u32, length u32 (a multiple of 4), data
//   32  data of the first segment: esp_app_desc_t (256 bytes), then, in ours, the identity record and the script
//    n  zeros up to 15 modulo 16, then one byte: 0xEF xor every byte of segment data
//   32  SHA-256 of everything before it
// Flash is mapped in pages of 64 KiB, so a mapped segment's load address equals its file offset modulo 64 KiB.
import { createHash } from "node:crypto";
import type { Identity } from "../contract.ts";
import { EspError } from "./esperr.ts";
import type { NorFlash } from "./flash.ts";
import { encodeIdentity, findIdentity, IdentitySize } from "./identity.ts";
import type { Partition } from "./partitions.ts";
import { ChipId } from "./target.ts";

/** What `buildImage` puts into an image. */
export interface ImageOptions {
	/** `version` at most 31 bytes: it also goes into esp_app_desc_t. */
	identity: Identity;
	/** The script that the virtual board runs. */
	payload: Uint8Array;
	/** Texts of esp_app_desc_t, at most 15, 15 and 31 bytes. Fixed by default, so that the same input gives the same image. */
	date?: string;
	time?: string;
	idf?: string;
}

/** What `readImage` finds. */
export interface Image {
	/** Undefined in an image that is not ours. */
	readonly identity: Identity | undefined;
	/** From esp_app_desc_t. */
	readonly version: string;
	readonly project: string;
	/** The script, without padding; empty in an image that is not ours. */
	readonly payload: Buffer;
	/** Bytes of the whole image, digest included. */
	readonly length: number;
	/** SHA-256 of the whole image, hexadecimal: what ThingsBoard calls the checksum. */
	readonly sha256: string;
}

/** The bootloader would refuse the image; the text names what was expected and what came. */
export class ImageError extends EspError {
	constructor(text: string) {
		super("ESP_ERR_IMAGE_INVALID", `image: ${text}`);
		this.name = "ImageError";
	}
}

const Magic = 0xe9;
const DescriptorMagic = 0xabcd5432;
const ChecksumSeed = 0xef;
const MaxSegments = 16;
const HeaderSize = 24;
const SegmentHeaderSize = 8;
const DescriptorSize = 256;
const DescriptorOffset = HeaderSize + SegmentHeaderSize;
const DigestSize = 32;
const Page = 0x10000;
const DROM = { low: 0x3f400000, high: 0x3f800000 };
const IROM = { low: 0x400d0000, high: 0x40400000 };
/** Start of the instruction RAM; nothing runs there, but the header must name an address. */
const Entry = 0x40080000;

/** Builds a genuine image around a script. @throws RangeError naming the text that is too long */
export function buildImage({ identity, payload, date, time, idf }: ImageOptions): Buffer {
	const content = Buffer.concat([
		descriptor(identity.version, payload, date ?? "Jan  1 2026", time ?? "00:00:00", idf ?? "v6.0"),
		encodeIdentity(identity, payload.length),
		payload,
	]);
	const data = Buffer.concat([content, Buffer.alloc(paddedLength(content.length) - content.length)]);
	const body = Buffer.alloc(((DescriptorOffset + data.length) | 15) + 1);
	writeHeader(body, data.length);
	data.copy(body, DescriptorOffset);
	body[body.length - 1] = checksum(data, ChecksumSeed);
	return Buffer.concat([body, sha256(body)]);
}

/** Words, and esptool's rule that a mapped segment may not end in the first 0x24 bytes of a page. */
function paddedLength(length: number): number {
	const words = (length + 3) & ~3;
	return words + Math.max(0, 0x24 - ((DescriptorOffset + words) % Page));
}

function writeHeader(image: Buffer, length: number): void {
	image.set([Magic, 1, 2, 0x20]); // one segment, DIO, 4 MB at 40 MHz
	image.writeUInt32LE(Entry, 4);
	image[8] = 0xee; // WP pin is not set by software
	image.writeUInt16LE(399, 17); // up to chip revision 3.99
	image[23] = 1; // SHA-256 appended
	image.writeUInt32LE(DROM.low + DescriptorOffset, HeaderSize);
	image.writeUInt32LE(length, HeaderSize + 4);
}

function descriptor(version: string, payload: Uint8Array, date: string, time: string, idf: string): Buffer {
	const bytes = Buffer.alloc(DescriptorSize);
	bytes.writeUInt32LE(DescriptorMagic, 0);
	putText(bytes, 16, 32, version, "version");
	putText(bytes, 48, 32, "xs_esp32", "project");
	putText(bytes, 80, 16, time, "time");
	putText(bytes, 96, 16, date, "date");
	putText(bytes, 112, 32, idf, "idf");
	sha256(payload).copy(bytes, 144);
	bytes.writeUInt16LE(99, 178); // up to eFuse block revision 0.99
	bytes[180] = 16; // log2 of the MMU page
	return bytes;
}

/**
 * Checks an image as the bootloader does; bytes after it are ignored. `chip`: `esp_chip_id_t` of the chip that is to run it.
 * @throws ImageError
 */
export function readImage(bytes: Uint8Array, chip = ChipId): Image {
	const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	checkHeader(image, chip);
	const { end, sum } = walkSegments(image);
	const body = (end | 15) + 1;
	const hashed = image[23] !== 0;
	const length = body + (hashed ? DigestSize : 0);
	if (length > image.length) throw new ImageError(`truncated: expected ${length} bytes, got ${image.length}`);
	const stored = image[body - 1] ?? 0;
	if (sum !== stored) throw new ImageError(`checksum: expected ${hex(sum)}, got ${hex(stored)}`);
	if (hashed) checkDigest(image, body);
	return describe(image.subarray(0, length));
}

/** The image in a slot. @throws ImageError */
export function readSlot(flash: NorFlash, slot: Partition): Image {
	return readImage(flash.view(slot.offset, slot.size));
}

function checkHeader(image: Buffer, chip: number): void {
	if (image.length > 0 && image[0] !== Magic)
		throw new ImageError(`magic: expected ${hex(Magic)}, got ${hex(image[0] ?? 0)}`);
	if (image.length < HeaderSize)
		throw new ImageError(`truncated: expected a header of ${HeaderSize} bytes, got ${image.length}`);
	const segments = image[1] ?? 0;
	if (segments < 1 || segments > MaxSegments)
		throw new ImageError(`segments: expected 1…${MaxSegments}, got ${segments}`);
	const found = image.readUInt16LE(12);
	if (found !== chip) throw new ImageError(`chip: expected ${chip}${chip ? "" : " (ESP32)"}, got ${found}`);
}

/** Where the last segment ends, and the checksum of all segment data. */
function walkSegments(image: Buffer): { end: number; sum: number } {
	let offset = HeaderSize;
	let sum = ChecksumSeed;
	for (let segment = 0; segment < (image[1] ?? 0); segment++) {
		const room = image.length - offset - SegmentHeaderSize;
		if (room < 0)
			throw new ImageError(
				`truncated: expected the header of segment ${segment} at ${offset}, got ${image.length} bytes`,
			);
		const address = image.readUInt32LE(offset);
		const length = image.readUInt32LE(offset + 4);
		offset += SegmentHeaderSize;
		if (length % 4) throw new ImageError(`segment ${segment}: expected a length in words, got ${length}`);
		if (length > room)
			throw new ImageError(`truncated: expected ${length} bytes of segment ${segment}, got ${room}`);
		if (isMapped(address) && address % Page !== offset % Page)
			throw new ImageError(
				`segment ${segment}: expected a load address of ${hex(offset % Page)} modulo 64 KiB, got ${hex(address)}`,
			);
		sum = checksum(image.subarray(offset, offset + length), sum);
		offset += length;
	}
	return { end: offset, sum };
}

function checkDigest(image: Buffer, body: number): void {
	const expected = sha256(image.subarray(0, body)).toString("hex");
	const stored = image.toString("hex", body, body + DigestSize);
	if (expected !== stored) throw new ImageError(`SHA-256: expected ${expected}, got ${stored}`);
}

function describe(image: Buffer): Image {
	const app = image.subarray(DescriptorOffset, DescriptorOffset + DescriptorSize);
	const magic = app.length < DescriptorSize ? 0 : app.readUInt32LE(0);
	if (magic !== DescriptorMagic)
		throw new ImageError(`application description: expected ${hex(DescriptorMagic)}, got ${hex(magic)}`);
	const found = findIdentity(image);
	const script = (found?.offset ?? 0) + IdentitySize;
	return {
		identity: found?.identity,
		version: getText(app, 16, 32),
		project: getText(app, 48, 32),
		payload: Buffer.from(image.subarray(script, script + (found?.scriptLength ?? 0))), // flash may change under it
		length: image.length,
		sha256: sha256(image).toString("hex"),
	};
}

function isMapped(address: number): boolean {
	return (address >= DROM.low && address < DROM.high) || (address >= IROM.low && address < IROM.high);
}

function putText(bytes: Buffer, offset: number, room: number, text: string, what: string): void {
	const length = Buffer.byteLength(text);
	if (length >= room)
		throw new RangeError(`image ${what}: expected at most ${room - 1} bytes, got ${length}: "${text}"`);
	bytes.write(text, offset);
}

function getText(bytes: Buffer, offset: number, room: number): string {
	return bytes.toString("utf8", offset, offset + room).split("\0", 1)[0] ?? "";
}

function checksum(data: Buffer, seed: number): number {
	let sum = seed;
	for (let i = 0; i < data.length; i++) sum ^= data[i] ?? 0;
	return sum;
}

const sha256 = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();
const hex = (value: number): string => `0x${value.toString(16)}`;
