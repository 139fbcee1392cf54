/** Writes one image into the target and hashes it on the way: one buffer, used in place by both. */
import type { DigestConstructor } from "host/contract";
import { naming } from "ota/attempt";
import { type Checksum, createChecksum, mismatch } from "ota/checksum";
import { Eraser } from "ota/eraser";
import { flashError, OTAError } from "ota/errors";
import type { Firmware } from "ota/firmware";
import type { Inspector } from "ota/inspector";
import { Seal } from "ota/seal";
import type { Target } from "ota/target";

/** Bytes of the one buffer; chunks of any size pass through it, and a sealed block is a multiple of it. */
export const BufferSize = 2048;
const Alignment = 16; // esp_partition_write with flash encryption

export interface ImageOptions {
	firmware: Firmware;
	target: Target;
	digest: DigestConstructor;
	/** Sees every byte once, in order. */
	inspector?: Inspector | undefined;
	/** So many bytes are in flash: whole blocks, or all. */
	onSealed(position: number, proof: string): void;
}

export class Image {
	/** Bytes received in order, those still in the buffer included. */
	position = 0;
	/** Free for other use until the first `room`. */
	readonly buffer = new Uint8Array(BufferSize);
	readonly #options: ImageOptions;
	readonly #checksum: Checksum;
	readonly #seal: Seal;
	#fill = 0;
	#hashed = 0;
	#eraser: Eraser | undefined;

	/** Throws OTA_ALGORITHM when the host cannot compute the package's checksum. Touches no flash. */
	constructor(options: ImageOptions) {
		this.#options = options;
		this.#checksum = createChecksum(options.firmware.algorithm, options.digest);
		this.#seal = new Seal(options.digest);
	}

	/** Where the next bytes go: at most `count`, never past the image's end. Tell with `take` how many came. */
	room(count: number): Uint8Array<ArrayBuffer> {
		const left = this.#options.firmware.size - this.position;
		const length = Math.min(count, BufferSize - this.#fill, left);
		return this.buffer.subarray(this.#fill, this.#fill + length);
	}

	/** Keeps `count` bytes that were put into `room`. Throws OTA_FLASH. */
	take(count: number): void {
		this.#fill += count;
		this.position += count;
		if (this.#fill === BufferSize || this.position === this.#options.firmware.size) this.flush();
	}

	/** Something is left to erase before the bytes arrive: the rest of this block, and the next one. */
	get isBehind(): boolean {
		const { blockSize } = this.#options.target;
		const ahead = (Math.floor(this.position / blockSize) + 2) * blockSize;
		return (this.#eraser?.end ?? 0) < Math.min(ahead, this.#options.firmware.size);
	}

	/** Erases one step. Throws OTA_FLASH. */
	prepare(): void {
		this.opened().step();
	}

	/** Takes one buffer of what the target holds already. Throws OTA_FLASH. */
	recall(): void {
		const length = Math.min(BufferSize, this.#options.firmware.size - this.position);
		const padded = aligned(length);
		naming(`read ${padded} bytes at ${this.position}`, flashError, () =>
			this.#options.target.read(this.buffer.buffer, this.position, padded),
		);
		this.hash(length);
		this.position += length;
	}

	/** Of the blocks so far, and of the end; for `recall`. */
	get proof(): string {
		return this.#seal.proof;
	}

	/** Compares the whole digest, then asks the inspector. Throws OTA_CHECKSUM, OTA_INSPECTION, OTA_FLASH. Ends this image. */
	verify(): void {
		const { firmware, inspector } = this.#options;
		const came = naming("hash", flashError, () => this.#checksum.digest());
		if (came !== firmware.checksum) throw mismatch("image", firmware.checksum, came);
		const reason = naming("inspect", flashError, () => inspector?.close());
		if (reason !== undefined) throw new OTAError("OTA_INSPECTION", reason);
	}

	private flush(): void {
		const padded = aligned(this.#fill);
		const offset = this.position - this.#fill;
		this.buffer.fill(0xff, this.#fill, padded);
		const eraser = this.opened();
		while (eraser.end < offset + padded) eraser.step();
		naming(`write ${padded} bytes at ${offset}`, flashError, () =>
			this.#options.target.write(this.buffer.buffer, offset, padded),
		);
		const isSealed = this.hash(this.#fill);
		this.#fill = 0;
		if (isSealed) this.#options.onSealed(this.position, this.#seal.proof);
	}

	/** Once per image, before anything of it touches flash; after `recall` only what follows the kept bytes is erased. */
	private opened(): Eraser {
		if (!this.#eraser) {
			const { target, firmware } = this.#options;
			naming("close the slot", flashError, () => target.begin());
			this.#eraser = new Eraser(target, firmware.size, this.position - this.#fill);
		}
		return this.#eraser;
	}

	/** The next `length` bytes, which are in the buffer. True at the end of a block and of the image. */
	private hash(length: number): boolean {
		const { firmware, inspector } = this.#options;
		const view = this.buffer.subarray(0, length);
		this.#hashed += length;
		return naming(`hash ${length} bytes before ${this.#hashed}`, flashError, () => {
			this.#checksum.write(view);
			inspector?.write(view);
			const isSealed = this.#seal.write(view);
			if (this.#hashed < firmware.size) return isSealed;
			this.#seal.close();
			return true;
		});
	}
}

const aligned = (length: number): number => Math.ceil(length / Alignment) * Alignment;
