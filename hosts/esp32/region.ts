// A partition by ESP-IDF's own functions, called by the SDK's FFI.
import type { Region } from "host/contract";
import { chipError } from "host/errors";
import FFI from "mc/ffi";

const SectorSize = 4096;
const NotFound = 0x105; // ESP_ERR_NOT_FOUND
const AnySubtype = 0xff; // ESP_PARTITION_SUBTYPE_ANY

const idf = new FFI();

export class PartitionRegion implements Region {
	readonly size: number;
	readonly #who: string;
	readonly #label: string;
	readonly #type: number;
	#handle = 0;

	/** `size` as in partitions.csv, since FFI returns no structures; `who` begins the texts of errors. */
	constructor(who: string, label: string, type: number, size: number) {
		this.#who = who;
		this.#label = label;
		this.#type = type;
		this.size = size;
	}

	erase(offset: number): void {
		this.#check("erase", idf.esp_partition_erase_range(this.#open(), offset, SectorSize));
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#check("write", idf.esp_partition_write(this.#open(), offset, buffer, length));
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#check("read", idf.esp_partition_read(this.#open(), offset, buffer, length));
	}

	/** Found at the first use: a program that does not use it needs no such partition. */
	#open(): number {
		this.#handle ||= idf.esp_partition_find_first(this.#type, AnySubtype, this.#label);
		if (this.#handle) return this.#handle;
		throw chipError(this.#who, this.#label, NotFound, "expected the partition (hosts/esp32/partitions.csv)");
	}

	#check(action: string, code: number): void {
		if (code !== 0) throw chipError(this.#who, action, code, "");
	}
}
