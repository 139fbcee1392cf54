/** The checksums of ThingsBoard's packages, computed while the bytes pass. */
import type { ByteBuffer, DigestConstructor } from "host/contract";
import { CRC32 } from "ota/crc32";
import { clip, OTAError } from "ota/errors";
import { MurmurHash32, MurmurHash128 } from "ota/murmur3";

/** A hash; of ours the bytes of `close()` are in Guava's order, little-endian (ThingsBoard 8.2). */
export interface Hash {
	write(bytes: Uint8Array<ArrayBuffer>): void;
	close(): ArrayBuffer;
}

/** Takes bytes in any pieces; `digest()` ends it. */
export class Checksum {
	readonly #hash: Hash;

	constructor(hash: Hash) {
		this.#hash = hash;
	}

	write(bytes: Uint8Array<ArrayBuffer>): void {
		this.#hash.write(bytes);
	}

	/** Lower-case hex in the server's byte order. */
	digest(): string {
		return hex(this.#hash.close());
	}
}

const lengths: { readonly [algorithm: string]: number } = Object.freeze({
	MD5: 16,
	SHA256: 32,
	SHA384: 48,
	SHA512: 64,
	CRC32: 4,
	MURMUR3_32: 4,
	MURMUR3_128: 16,
});

/** Names of `fw_checksum_algorithm` that can be computed. */
export const algorithms: readonly string[] = Object.freeze(Object.keys(lengths));

/** Bytes of the algorithm's result; 0 for an algorithm that is not known. */
export function digestLength(algorithm: unknown): number {
	return typeof algorithm === "string" && algorithms.includes(algorithm) ? (lengths[algorithm] as number) : 0;
}

/** Starts a checksum. Throws OTA_ALGORITHM when the host lacks the algorithm. */
export function createChecksum(algorithm: string, Digest: DigestConstructor): Checksum {
	return new Checksum(open(algorithm, Digest));
}

/** OTA_CHECKSUM. Of the longer digests only the first digits are shown, so that both fit into `fw_error`. */
export function mismatch(where: string, expected: string, came: string): OTAError {
	return new OTAError("OTA_CHECKSUM", `${where}: expected ${clip(expected, 64)}, got ${clip(came, 64)}`);
}

function open(algorithm: string, Digest: DigestConstructor): Hash {
	try {
		return start(algorithm, Digest);
	} catch (error) {
		const text = `${algorithm}: expected this host to compute it, got ${error}`;
		throw new OTAError("OTA_ALGORITHM", text, error);
	}
}

function start(algorithm: string, Digest: DigestConstructor): Hash {
	switch (algorithm) {
		case "CRC32":
			return new CRC32();
		case "MURMUR3_32":
			return new MurmurHash32();
		case "MURMUR3_128":
			return new MurmurHash128();
		default:
			return new Digest(algorithm);
	}
}

/** Lower-case hex. */
export function hex(bytes: ByteBuffer): string {
	let text = "";
	for (const byte of new Uint8Array(bytes)) text += (byte < 16 ? "0" : "") + byte.toString(16);
	return text;
}
