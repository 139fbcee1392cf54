// ESP-IDF's boot record, for the one case that its own functions leave out: the bootloader has passed a broken image over, so the
// *active* record names the slot that does not run, and esp_ota_invalidate_inactive_ota_data_slot erases only the other one.
// `esp_ota_select_entry_t` (esp_flash_partitions.h), one in each of the two sectors: ota_seq u32 little-endian first, 0xFFFFFFFF for
// none; the slot is (ota_seq - 1) modulo the number of slots.
import { PartitionRegion } from "host/region";

const TypeData = 1; // ESP_PARTITION_TYPE_DATA
const Sector = 0x1000;
const EntrySize = 32;
const NoSequence = 0xffffffff;
const Slots = 2; // hosts/esp32/partitions.csv

const otadata = new PartitionRegion("slots", "otadata", TypeData, 2 * Sector);

/** Erases every record that names the slot `ota_{index}`, so that none of what is written there boots. Throws what flash throws. */
export function forget(index: number): void {
	const entry = new ArrayBuffer(EntrySize);
	for (const offset of [0, Sector]) {
		otadata.read(entry, offset, EntrySize);
		const sequence = new DataView(entry).getUint32(0, true);
		if (sequence !== NoSequence && (sequence - 1) % Slots === index) otadata.erase(offset);
	}
}
