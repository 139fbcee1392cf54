// `host/log` of the chip: the log of hosts/log over the partition `outbox`, by ESP-IDF's own functions.
import type { Log, Region } from "host/contract";
import { logError } from "host/errors";
import { SectorLog } from "log/sectors";
import FFI from "mc/ffi";

const Label = "outbox";
const Size = 0x10000; // as in partitions.csv: FFI returns no structures
const SectorSize = 4096;
const TypeData = 1; // ESP_PARTITION_TYPE_DATA
const NotFound = 0x105; // ESP_ERR_NOT_FOUND
const AnySubtype = 0xff; // ESP_PARTITION_SUBTYPE_ANY

const idf = new FFI();

class Partition implements Region {
	readonly size = Size;
	#handle = 0;

	erase(offset: number): void {
		check("erase", idf.esp_partition_erase_range(this.#open(), offset, SectorSize));
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		check("write", idf.esp_partition_write(this.#open(), offset, buffer, length));
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		check("read", idf.esp_partition_read(this.#open(), offset, buffer, length));
	}

	/** Found at the first use: a program that keeps no log needs no such partition. */
	#open(): number {
		this.#handle ||= idf.esp_partition_find_first(TypeData, AnySubtype, Label);
		if (this.#handle) return this.#handle;
		throw logError(Label, NotFound, "expected the partition (hosts/esp32/partitions.csv)");
	}
}

function check(action: string, code: number): void {
	if (code !== 0) throw logError(action, code);
}

export default new SectorLog(new Partition()) as Log;
