/** Hashes the inactive slot again, a slice at a call, to learn whether it still holds a whole image. */
import type { DigestConstructor, Slots } from "host/contract";
import { naming } from "ota/attempt";
import { type Checksum, createChecksum, mismatch } from "ota/checksum";
import { flashError } from "ota/errors";
import type { Firmware } from "ota/firmware";

const BufferSize = 2048;
const Alignment = 16; // esp_partition_read with flash encryption

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
		this.#checksum = createChecksum(firmware.algorithm, digest);
	}

	/** Hashes at most `slice` bytes. True at the end, when all is right. Throws OTA_FLASH, OTA_CHECKSUM. */
	step(slice: number): boolean {
		const end = Math.min(this.#position + slice, this.#firmware.size);
		while (this.#position < end) this.read(Math.min(BufferSize, end - this.#position));
		if (end < this.#firmware.size) return false;
		const came = naming("hash", flashError, () => this.#checksum.digest());
		if (came === this.#firmware.checksum) return true;
		throw mismatch("slot", this.#firmware.checksum, came);
	}

	private read(length: number): void {
		const padded = Math.ceil(length / Alignment) * Alignment;
		naming(`read ${padded} bytes at ${this.#position}`, flashError, () => {
			this.#slots.read(this.#buffer.buffer, this.#position, padded);
			this.#checksum.write(this.#buffer.subarray(0, length));
		});
		this.#position += length;
	}
}
