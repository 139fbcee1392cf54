/** Writes one image into the inactive slot and hashes it on the way: one buffer, used in place by both. */
import type { DigestConstructor, Slots } from "host/contract";
import { naming } from "ota/attempt";
import { type Checksum, createChecksum } from "ota/checksum";
import { clip, flashError, OTAError } from "ota/errors";
import type { Firmware } from "ota/firmware";

const BufferSize = 4096; // a flash sector; chunks of any size pass through it
const Alignment = 16; // esp_partition_write with flash encryption

/** First byte of an ESP image (`esp_image_header_t.magic`). */
const Magic = 0xe9;

export class Image {
	/** Bytes received in order, those still in the buffer included. */
	position = 0;
	readonly #firmware: Firmware;
	readonly #slots: Slots;
	readonly #checksum: Checksum;
	readonly #buffer = new Uint8Array(BufferSize);
	#fill = 0;
	/** Everything below is erased for this image. */
	#erased = 0;

	/** Throws OTA_ALGORITHM when the host cannot compute the package's checksum. Touches no flash. */
	constructor(firmware: Firmware, slots: Slots, digest: DigestConstructor) {
		this.#firmware = firmware;
		this.#slots = slots;
		this.#checksum = checksumOf(firmware.algorithm, digest);
	}

	/** Where the next bytes go: at most `count`, never past the image's end. Tell with `take` how many came. */
	room(count: number): Uint8Array<ArrayBuffer> {
		const left = this.#firmware.size - this.position;
		const length = Math.min(count, BufferSize - this.#fill, left);
		return this.#buffer.subarray(this.#fill, this.#fill + length);
	}

	/** Keeps `count` bytes that were put into `room`. Throws OTA_FLASH, OTA_IMAGE. */
	take(count: number): void {
		this.#fill += count;
		this.position += count;
		if (this.#fill === BufferSize || this.position === this.#firmware.size) this.#flush();
	}

	/** Compares the whole digest. Throws OTA_CHECKSUM. Ends this image. */
	verify(): void {
		const came = this.#digest();
		if (came !== this.#firmware.checksum) throw mismatch("image", this.#firmware.checksum, came);
	}

	#flush(): void {
		const offset = this.position - this.#fill;
		if (offset === 0) this.#open();
		const padded = Math.ceil(this.#fill / Alignment) * Alignment;
		this.#buffer.fill(0xff, this.#fill, padded);
		this.#hash(offset);
		while (this.#erased < offset + padded) this.#eraseBlock();
		attempt(`write ${padded} bytes at ${offset}`, () =>
			this.#slots.write(this.#buffer.buffer, offset, padded),
		);
		this.#fill = 0;
	}

	/** Nothing is erased for something that is no image. */
	#open(): void {
		const expected = this.#slots.magic ?? Magic;
		const first = this.#buffer[0] as number;
		if (first !== expected)
			throw new OTAError("OTA_IMAGE", `first byte: expected ${byte(expected)}, got ${byte(first)}`);
		attempt("close the slot", () => this.#slots.begin());
	}

	#eraseBlock(): void {
		const { blockSize, next } = this.#slots;
		const length = Math.min(blockSize, next.size - this.#erased);
		attempt(`erase ${length} bytes at ${this.#erased}`, () => this.#slots.erase(this.#erased, length));
		this.#erased += length;
	}

	#hash(offset: number): void {
		attempt(`hash at ${offset}`, () => this.#checksum.write(this.#buffer.subarray(0, this.#fill)));
	}

	#digest(): string {
		return naming("hash", flashError, () => this.#checksum.digest());
	}
}

/** Hashes the inactive slot again, `Slice` bytes at a call, to learn whether it still holds a whole image. */
export class SlotCheck {
	readonly #firmware: Firmware;
	readonly #slots: Slots;
	readonly #checksum: Checksum;
	readonly #buffer = new Uint8Array(BufferSize);
	#position = 0;

	/** Throws OTA_ALGORITHM. */
	constructor(firmware: Firmware, slots: Slots, digest: DigestConstructor) {
		this.#firmware = firmware;
		this.#slots = slots;
		this.#checksum = checksumOf(firmware.algorithm, digest);
	}

	/** Hashes at most `slice` bytes. True at the end, when all is right. Throws OTA_FLASH, OTA_CHECKSUM. */
	step(slice: number): boolean {
		const end = Math.min(this.#position + slice, this.#firmware.size);
		while (this.#position < end) this.#read(Math.min(BufferSize, end - this.#position));
		if (end < this.#firmware.size) return false;
		const came = naming("hash", flashError, () => this.#checksum.digest());
		if (came === this.#firmware.checksum) return true;
		throw mismatch("slot", this.#firmware.checksum, came);
	}

	#read(length: number): void {
		const padded = Math.ceil(length / Alignment) * Alignment;
		attempt(`read ${padded} bytes at ${this.#position}`, () =>
			this.#slots.read(this.#buffer.buffer, this.#position, padded),
		);
		attempt(`hash at ${this.#position}`, () => this.#checksum.write(this.#buffer.subarray(0, length)));
		this.#position += length;
	}
}

function checksumOf(algorithm: string, digest: DigestConstructor): Checksum {
	try {
		return createChecksum(algorithm, digest);
	} catch (error) {
		throw new OTAError(
			"OTA_ALGORITHM",
			`${algorithm}: expected this host to compute it, got ${error}`,
			error,
		);
	}
}

/** Of the longer digests only the first digits are shown, so that both fit into `fw_error`. */
function mismatch(where: string, expected: string, came: string): OTAError {
	return new OTAError("OTA_CHECKSUM", `${where}: expected ${clip(expected, 64)}, got ${clip(came, 64)}`);
}

function attempt(what: string, action: () => void): void {
	naming(what, flashError, action);
}

const byte = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, "0")}`;
