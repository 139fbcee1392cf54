// `mc/ffi`: the functions that hosts/esp32/manifest_app.json binds. Codes are ESP-IDF's.
import { ESP, EspError } from "../../../hosts/virtual/esperr.ts";
import { OtaState, seqCRC } from "../../../hosts/virtual/otadata.ts";
import { chip, Restart } from "./chip.ts";

const NotFound = ESP.ESP_ERR_NOT_FOUND;

/** A C function's way: a code, never an exception, unless the power went. */
function code(name: string, action: () => void): number {
	const failure = chip.called(name);
	if (failure) return failure;
	try {
		action();
		return 0;
	} catch (error) {
		if (error instanceof EspError) return error.code;
		throw error;
	}
}

export default class FFI {
	esp_ota_get_running_partition(): number {
		return chip.handleOf(chip.running);
	}
	esp_ota_get_next_update_partition(_from: number): number {
		const next = chip.table.slots.find((slot) => slot !== chip.running);
		return next ? chip.handleOf(next) : 0;
	}
	esp_partition_find_first(type: number, subtype: number, label: string): number {
		const found = chip.table.byType(type, subtype).find((one) => one.label === label);
		return found ? chip.handleOf(found) : 0;
	}
	/** NOT_FOUND without a record; an unknown state is written as it lies in flash. */
	esp_ota_get_state_partition(handle: number, out: ArrayBuffer): number {
		const state = chip.otadata.stateOf(chip.partitionOf(handle));
		const failure = chip.called("esp_ota_get_state_partition");
		if (failure) return failure;
		if (state === "UNDEFINED") return NotFound;
		new DataView(out).setUint32(0, OtaState[state], true);
		return 0;
	}
	/** `erase_last_boot_app_partition(true)`: ESP_FAIL unless the inactive record is sound and names the slot that does not run. */
	esp_ota_invalidate_inactive_ota_data_slot(): number {
		return code("esp_ota_invalidate_inactive_ota_data_slot", () => {
			const { otadata, flash, table } = chip;
			const active = otadata.active();
			const inactive = active === 0 ? 1 : 0;
			const entry = otadata.entries()[inactive];
			const sound = active !== -1 && entry.seq !== 0xffffffff && entry.crc === seqCRC(entry.seq);
			if (!sound || table.slots[otadata.slotOf(entry)] === chip.running)
				throw new EspError("ESP_FAIL", "nothing to invalidate");
			flash.erase(table.otadata.offset + inactive * 4096, 4096);
		});
	}
	esp_ota_set_boot_partition(handle: number): number {
		return code("esp_ota_set_boot_partition", () => {
			if (chip.partitionOf(handle) === chip.running) throw new EspError("ESP_ERR_INVALID_ARG", "running");
			chip.slots.activate();
		});
	}
	esp_ota_mark_app_valid_cancel_rollback(): number {
		return code("esp_ota_mark_app_valid_cancel_rollback", () => chip.slots.confirm());
	}
	/** Refuses where no record names the other slot; the virtual slots' own way out of that is not ESP-IDF's. */
	esp_ota_mark_app_invalid_rollback_and_reboot(): number {
		return code("esp_ota_mark_app_invalid_rollback_and_reboot", () => {
			if (chip.slots.next.state === "UNDEFINED") throw new EspError("ESP_ERR_OTA_ROLLBACK_FAILED", "alone");
			chip.slots.revert();
		});
	}
	esp_partition_erase_range(handle: number, offset: number, length: number): number {
		return code("esp_partition_erase_range", () =>
			chip.flash.erase(chip.partitionOf(handle).offset + offset, length),
		);
	}
	esp_partition_write(handle: number, offset: number, buffer: ArrayBuffer, length: number): number {
		return code("esp_partition_write", () =>
			chip.flash.write(chip.partitionOf(handle).offset + offset, new Uint8Array(buffer, 0, length)),
		);
	}
	esp_partition_read(handle: number, offset: number, buffer: ArrayBuffer, length: number): number {
		return code("esp_partition_read", () =>
			new Uint8Array(buffer).set(chip.flash.read(chip.partitionOf(handle).offset + offset, length)),
		);
	}
	esp_restart(): void {
		chip.called("esp_restart");
		throw new Restart("restart");
	}
	esp_reset_reason(): number {
		return chip.resetReason;
	}
	esp_random(): number {
		return chip.random;
	}
	esp_timer_get_time(): bigint {
		return chip.micros;
	}
	esp_get_free_heap_size(): number {
		return chip.freeHeap;
	}
}
