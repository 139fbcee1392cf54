import type { Region } from "../contract.ts";
import { EspError } from "./esperr.ts";
import { NorFlash } from "./flash.ts";
import type { Partition } from "./partitions.ts";

/** A partition as `esp_partition_*` reaches it. Every failure is an `EspError`; a cut is a `PowerCut`. */
export class PartitionRegion implements Region {
	readonly size: number;
	readonly #flash: NorFlash;
	readonly #partition: Partition;

	constructor(flash: NorFlash, partition: Partition) {
		this.#flash = flash;
		this.#partition = partition;
		this.size = partition.size;
	}

	erase(offset: number): void {
		this.#flash.erase(this.#at("erase", offset, NorFlash.SECTOR), NorFlash.SECTOR);
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#flash.write(this.#at("write", offset, length), new Uint8Array(buffer, 0, length));
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		const start = this.#at("read", offset, length);
		new Uint8Array(buffer).set(this.#flash.read(start, length));
	}

	/** The place in the flash. */
	#at(what: string, offset: number, length: number): number {
		const { label, size, offset: start } = this.#partition;
		if (offset < 0 || length < 0 || offset + length > size)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`${label} ${what}: expected a range in 0 to ${size}, got ${offset} + ${length}`,
			);
		return start + offset;
	}
}
