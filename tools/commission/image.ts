// An NVS partition as a file, to be flashed at its offset: made by the virtual board's own NVS, which writes ESP-IDF's format.
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { Nvs } from "../../hosts/virtual/nvs.ts";
import { type Partition, readPartitions } from "../../hosts/virtual/partitions.ts";
import type { Namespaces } from "./settings.ts";

/** Where settings live: hosts/esp32/partitions.csv. */
export const nvsPartition = (): Partition => readPartitions().find("nvs");

/** Bytes of the partition with these values in it. @throws EspError ESP_ERR_NVS_NOT_ENOUGH_SPACE and the like */
export function nvsImage(namespaces: Namespaces): Buffer {
	const partition = nvsPartition();
	const flash = new NorFlash();
	write(new Nvs(flash, partition), namespaces);
	return flash.read(partition.offset, partition.size);
}

/** Writes every value; what is there already and not named stays. */
export function write(nvs: Nvs, namespaces: Namespaces): void {
	for (const [namespace, values] of Object.entries(namespaces))
		for (const [name, value] of Object.entries(values)) nvs.set(namespace, name, value);
}
