/**
 * Signed packages, without secure boot: whoever has the server cannot make a device run what its owner has not signed.
 * A signed package is the image and a trailer of 80 bytes behind it; the server's checksum and size are those of the whole package.
 *   0 magic "TBXS-SG" and 1 · 8 key id: the first 8 bytes of SHA-256 of the public key · 16 signature, r and s of 32 bytes each
 * The signature is ECDSA over P-256 with SHA-256 (FIPS 186-5) of 48 bytes: the trailer's first 16 and SHA-256 of the image.
 * The public key is the 65 bytes of its uncompressed point (SEC 1, 2.3.3). A bootloader reads an image by its segments and never looks
 * at what follows.
 */
import type { DigestConstructor, VerifySignature } from "host/contract";
import { hex } from "ota/checksum";
import type { Firmware } from "ota/firmware";
import type { Inspect, Inspector } from "ota/inspector";

/** Bytes behind the image. */
export const TrailerSize = 80;

const Magic = "544258532d534701"; // "TBXS-SG" and 1
const HeadSize = 16;
const IdSize = 8;
const PointSize = 65;
const PointTag = 4; // uncompressed
/** Order of P-256 (SEC 2, 2.4.2). */
const Order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const Zero = "0".repeat(64);

/** Whom to believe. */
export interface SignatureOptions {
	/** Public keys as 130 hex digits; one of them must have signed. A package that none has signed is refused, also when this is empty. */
	keys: readonly string[];
	digest: DigestConstructor;
	verify: VerifySignature;
}

/** An inspection for `UpdaterOptions.inspect`. */
export const signedBy =
	(options: SignatureOptions): Inspect =>
	(firmware) =>
		new SignatureInspector(firmware, options);

class SignatureInspector implements Inspector {
	readonly #options: SignatureOptions;
	readonly #digest: InstanceType<DigestConstructor>;
	readonly #trailer = new Uint8Array(TrailerSize);
	#left: number;
	#kept = 0;

	constructor({ size }: Firmware, options: SignatureOptions) {
		this.#options = options;
		this.#digest = new options.digest("SHA256");
		this.#left = size - TrailerSize;
	}

	write(bytes: Uint8Array<ArrayBuffer>): void {
		const image = Math.max(Math.min(bytes.length, this.#left), 0);
		if (image > 0) this.#digest.write(bytes.subarray(0, image));
		this.#left -= image;
		const rest = bytes.subarray(image, image + TrailerSize - this.#kept);
		this.#trailer.set(rest, this.#kept);
		this.#kept += rest.length;
	}

	close(): string | undefined {
		const head = this.#trailer.slice(0, HeadSize);
		if (this.#kept < TrailerSize || hex(head).slice(0, 16) !== Magic)
			return "signature: expected a signed package, got one without a signature";
		const key = this.#find(hex(head).slice(16));
		if (!key) return `signature: expected one of ${this.#options.keys.length} pinned keys, got another one`;
		const signature = this.#trailer.slice(HeadSize);
		const message = new Uint8Array(HeadSize + 32);
		message.set(head);
		message.set(new Uint8Array(this.#digest.close()), HeadSize);
		if (isInRange(signature) && this.#options.verify(key, message.buffer, signature.buffer)) return undefined;
		return "signature: expected the key's signature of this image, got one that does not fit";
	}

	/** A text that is no key belongs to nobody. */
	#find(id: string): ArrayBuffer | undefined {
		for (const text of this.#options.keys) {
			const key = fromHex(text);
			if (key.length !== PointSize || key[0] !== PointTag) continue;
			const digest = new this.#options.digest("SHA256");
			digest.write(key);
			if (hex(digest.close().slice(0, IdSize)) === id) return key.buffer;
		}
		return undefined;
	}
}

/** 0 < r, s < n: not every verifier asks, and with zeros the equation holds for every message. */
function isInRange(signature: Uint8Array<ArrayBuffer>): boolean {
	const [r, s] = [hex(signature.subarray(0, 32)), hex(signature.subarray(32))];
	return [r, s].every((number) => number !== Zero && number < Order);
}

/** What is no hex digit makes a byte that no key has. */
function fromHex(text: string): Uint8Array<ArrayBuffer> {
	const digits = (_: unknown, index: number): number =>
		Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
	return Uint8Array.from({ length: text.length >> 1 }, digits);
}
