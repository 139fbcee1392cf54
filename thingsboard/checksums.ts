// Checksums of packages as the server writes them: lower-case hex of the hash bytes in Guava's order, which for CRC32 and the
// Murmur hashes is little-endian (BaseOtaPackageService.generateChecksum).
import { createHash } from "node:crypto";

/** The names of ChecksumAlgorithm. */
export const algorithms = [
	"MD5",
	"SHA256",
	"SHA384",
	"SHA512",
	"CRC32",
	"MURMUR3_32",
	"MURMUR3_128",
] as const;

export type Algorithm = (typeof algorithms)[number];

/** Whether ThingsBoard knows the algorithm. */
export const isAlgorithm = (name: string): name is Algorithm =>
	(algorithms as readonly string[]).includes(name);

/** Hex checksum of `bytes`. */
export function checksum(algorithm: Algorithm, bytes: Uint8Array): string {
	if (algorithm === "CRC32") return littleEndian([crc32(bytes)]);
	if (algorithm === "MURMUR3_32") return littleEndian([murmur32(bytes)]);
	if (algorithm === "MURMUR3_128") return murmur128(bytes);
	return createHash(algorithm.toLowerCase()).update(bytes).digest("hex");
}

function littleEndian(words: number[]): string {
	const bytes = Buffer.alloc(words.length * 4);
	words.forEach((word, i) => {
		bytes.writeUInt32LE(word >>> 0, i * 4);
	});
	return bytes.toString("hex");
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	return crc;
});

function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
	return ~crc;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const mix = (k: number): number => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);

/** MurmurHash3 x86 32, seed 0. */
function murmur32(bytes: Uint8Array): number {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const whole = bytes.length & ~3;
	let hash = 0;
	for (let i = 0; i < whole; i += 4)
		hash = (Math.imul(rotate(hash ^ mix(view.getUint32(i, true)), 13), 5) + 0xe6546b64) | 0;
	let tail = 0;
	for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | (bytes[i] ?? 0);
	hash ^= mix(tail) ^ bytes.length;
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return hash ^ (hash >>> 16);
}

const mask = (1n << 64n) - 1n;
const c1 = 0x87c37b91114253d5n;
const c2 = 0x4cf5ad432745937fn;
const mul = (a: bigint, b: bigint): bigint => (a * b) & mask;
const add = (a: bigint, b: bigint): bigint => (a + b) & mask;
const rotate64 = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & mask;
const mixLow = (k: bigint): bigint => mul(rotate64(mul(k, c1), 31n), c2);
const mixHigh = (k: bigint): bigint => mul(rotate64(mul(k, c2), 33n), c1);

function finish(value: bigint): bigint {
	let k = mul(value ^ (value >> 33n), 0xff51afd7ed558ccdn);
	k = mul(k ^ (k >> 33n), 0xc4ceb9fe1a85ec53n);
	return k ^ (k >> 33n);
}

/** MurmurHash3 x64 128, seed 0. */
function murmur128(bytes: Uint8Array): string {
	const padded = Buffer.alloc(Math.ceil(bytes.length / 16) * 16);
	padded.set(bytes);
	const whole = bytes.length - (bytes.length % 16);
	let low = 0n;
	let high = 0n;
	for (let i = 0; i < whole; i += 16) {
		low = add(mul(add(rotate64(low ^ mixLow(padded.readBigUInt64LE(i)), 27n), high), 5n), 0x52dce729n);
		high = add(mul(add(rotate64(high ^ mixHigh(padded.readBigUInt64LE(i + 8)), 31n), low), 5n), 0x38495ab5n);
	}
	if (whole < padded.length) {
		low ^= mixLow(padded.readBigUInt64LE(whole));
		high ^= mixHigh(padded.readBigUInt64LE(whole + 8));
	}
	low ^= BigInt(bytes.length);
	high ^= BigInt(bytes.length);
	low = add(low, high);
	high = add(high, low);
	low = finish(low);
	high = finish(high);
	low = add(low, high);
	high = add(high, low);
	const out = Buffer.alloc(16);
	out.writeBigUInt64LE(low);
	out.writeBigUInt64LE(high, 8);
	return out.toString("hex");
}
