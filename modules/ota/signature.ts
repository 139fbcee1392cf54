/**
 * Signed packages, without secure boot: whoever has the server cannot make a device run what its owner has not signed, nor call it what
 * its owner has not called it.
 * A signed package is the image and a trailer of 80 bytes behind it; the server's checksum and size are those of the whole package.
 *   0 magic "TBXS-SG" and 2 · 8 key id: the first 8 bytes of SHA-256 of the public key · 16 signature, r and s of 32 bytes each
 * The signature is ECDSA over P-256 with SHA-256 (FIPS 186-5) of 120 bytes:
 *   0 the trailer's first 16 · 16 `firmware` or `software` · 24 SHA-256 of the image · 56 SHA-256 of the title · 88 SHA-256 of the version
 * Kind, title and version are those of the server's attributes: an old package under a new version has no signature. The public key is the
 * 65 bytes of its uncompressed point (SEC 1, 2.3.3). A bootloader reads an image by its segments and never looks at what follows.
 */
import type { DigestConstructor, VerifySignature } from "host/contract";
import { hex } from "ota/checksum";
import type { Firmware } from "ota/firmware";
import type { Inspect, Inspector } from "ota/inspector";

/** Bytes behind the image. */
export const TrailerSize = 80;

const Magic = "544258532d534702"; // "TBXS-SG" and 2
const HeadSize = 16;
const MessageSize = 120;
const IdSize = 8;
const PointSize = 65;
const PointTag = 4; // uncompressed
/** Order of P-256 (SEC 2, 2.4.2). */
const Order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const Zero = "0".repeat(64);

/** Whom to believe. */
export interface SignatureOptions {
	/** What the packages are, so that none passes for one of the other kind. */
	kind: "firmware" | "software";
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
	readonly #firmware: Firmware;
	readonly #options: SignatureOptions;
	readonly #digest: InstanceType<DigestConstructor>;
	readonly #trailer = new Uint8Array(TrailerSize);
	#left: number;
	#kept = 0;

	constructor(firmware: Firmware, options: SignatureOptions) {
		this.#firmware = firmware;
		this.#options = options;
		this.#digest = new options.digest("SHA256");
		this.#left = firmware.size - TrailerSize;
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
		const key = this.keyOf(hex(head).slice(16));
		if (!key) return `signature: expected one of ${this.#options.keys.length} pinned keys, got another one`;
		const signature = this.#trailer.slice(HeadSize);
		const message = this.message(head);
		if (isInRange(signature) && this.#options.verify(key, message.buffer, signature.buffer)) return undefined;
		const { kind } = this.#options;
		return `signature: expected the key's signature of this ${kind}, title and version, got one that does not fit`;
	}

	/** What the signature is of. Each part has its place, so that no two packages have the same. */
	private message(head: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
		const { title, version } = this.#firmware;
		const image = new Uint8Array(this.#digest.close());
		const parts = [head, utf8(this.#options.kind), image, this.hash(utf8(title)), this.hash(utf8(version))];
		const message = new Uint8Array(MessageSize);
		let end = 0;
		for (const part of parts) {
			message.set(part, end);
			end += part.length;
		}
		return message;
	}

	private hash(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
		const digest = new this.#options.digest("SHA256");
		digest.write(bytes);
		return new Uint8Array(digest.close());
	}

	/** A text that is no key belongs to nobody. */
	private keyOf(id: string): ArrayBuffer | undefined {
		for (const text of this.#options.keys) {
			const key = fromHex(text);
			if (key.length !== PointSize || key[0] !== PointTag) continue;
			if (hex(this.hash(key).subarray(0, IdSize)) === id) return key.buffer;
		}
		return undefined;
	}
}

/** 0 < r, s < n: not every verifier asks, and with zeros the equation holds for every message. */
function isInRange(signature: Uint8Array<ArrayBuffer>): boolean {
	const [r, s] = [hex(signature.subarray(0, 32)), hex(signature.subarray(32))];
	return [r, s].every((number) => number !== Zero && number < Order);
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(ArrayBuffer.fromString(text));

/** No byte at all of a text that is not pairs of hex digits. */
function fromHex(text: string): Uint8Array<ArrayBuffer> {
	const digits = Array.from(text.toLowerCase(), (digit) => "0123456789abcdef".indexOf(digit));
	if (digits.length % 2 || digits.includes(-1)) return new Uint8Array(0);
	return Uint8Array.from(
		{ length: digits.length / 2 },
		(_, index) => 16 * (digits[2 * index] as number) + (digits[2 * index + 1] as number),
	);
}
