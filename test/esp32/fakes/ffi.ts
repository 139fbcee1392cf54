// `mc/ffi`: the functions that hosts/esp32/manifest_app.json binds. Codes are ESP-IDF's.
import type { StoreValue } from "../../../hosts/contract.ts";
import { ESP, EspError } from "../../../hosts/virtual/esperr.ts";
import { seqCRC } from "../../../hosts/virtual/otadata.ts";
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

/** `nvs_type_t`. */
const Type = { I32: 0x14, STR: 0x21, BLOB: 0x42 } as const;

function typeOf(value: StoreValue): number {
	if (typeof value === "number") return Type.I32;
	return typeof value === "string" ? Type.STR : Type.BLOB;
}

function namespace(handle: number): string {
	const name = chip.opened[handle];
	if (name === undefined) throw new EspError("ESP_ERR_NVS_INVALID_HANDLE", `handle ${handle}`);
	return name;
}

function value(handle: number, key: string): StoreValue {
	const found = chip.nvs.get(namespace(handle), key);
	if (found === undefined) throw new EspError("ESP_ERR_NVS_NOT_FOUND", key);
	return found;
}

/** Strings and blobs go to the caller's buffer, which says how much it holds. */
function copyOut(bytes: Uint8Array, out: ArrayBuffer, length: ArrayBuffer): void {
	const room = new Uint32Array(length);
	if (bytes.length > (room[0] ?? 0)) throw new EspError("ESP_ERR_INVALID_SIZE", `${bytes.length} bytes`);
	new Uint8Array(out).set(bytes);
	room[0] = bytes.length;
}

export default class FFI {
	nvs_open(name: string, _mode: number, out: ArrayBuffer): number {
		return code("nvs_open", () => {
			chip.nvs.open(name);
			new Uint32Array(out)[0] = chip.opened.push(name) - 1;
		});
	}
	nvs_close(handle: number): void {
		chip.opened[handle] = undefined;
	}
	nvs_commit(handle: number): number {
		return code("nvs_commit", () => void namespace(handle));
	}
	nvs_erase_all(handle: number): number {
		return code("nvs_erase_all", () => chip.nvs.clear(namespace(handle)));
	}
	nvs_erase_key(handle: number, key: string): number {
		return code("nvs_erase_key", () => {
			value(handle, key);
			chip.nvs.delete(namespace(handle), key);
		});
	}
	nvs_find_key(handle: number, key: string, out: ArrayBuffer): number {
		return code("nvs_find_key", () => {
			new Uint32Array(out)[0] = typeOf(value(handle, key));
		});
	}
	nvs_get_i32(handle: number, key: string, out: ArrayBuffer): number {
		return code("nvs_get_i32", () => new DataView(out).setInt32(0, value(handle, key) as number, true));
	}
	nvs_get_str(handle: number, key: string, out: ArrayBuffer, length: ArrayBuffer): number {
		return code("nvs_get_str", () => copyOut(Buffer.from(`${value(handle, key)}\0`), out, length));
	}
	nvs_get_blob(handle: number, key: string, out: ArrayBuffer, length: ArrayBuffer): number {
		return code("nvs_get_blob", () =>
			copyOut(new Uint8Array(value(handle, key) as ArrayBuffer), out, length),
		);
	}
	nvs_set_i32(handle: number, key: string, number: number): number {
		return code("nvs_set_i32", () => chip.nvs.set(namespace(handle), key, number));
	}
	nvs_set_str(handle: number, key: string, text: string): number {
		return code("nvs_set_str", () => chip.nvs.set(namespace(handle), key, text));
	}
	nvs_set_blob(handle: number, key: string, bytes: ArrayBuffer, length: number): number {
		return code("nvs_set_blob", () => chip.nvs.set(namespace(handle), key, bytes.slice(0, length)));
	}

	esp_ota_get_running_partition(): number {
		return chip.handleOf(chip.running);
	}
	/** With one slot alone it is that one, be it the running one: ESP-IDF looks for the first slot behind it, and comes round. */
	esp_ota_get_next_update_partition(_from: number): number {
		const next = chip.table.slots.find((slot) => slot !== chip.running) ?? chip.table.slots[0];
		return next ? chip.handleOf(next) : 0;
	}
	esp_partition_find_first(type: number, subtype: number, label: string): number {
		const any = subtype === 0xff; // ESP_PARTITION_SUBTYPE_ANY
		const found = chip.table.byType(type, any ? undefined : subtype).find((one) => one.label === label);
		return found && label !== chip.missing ? chip.handleOf(found) : 0;
	}
	/** NOT_FOUND without a record; an unknown state is written as it lies in flash. */
	esp_ota_get_state_partition(handle: number, out: ArrayBuffer): number {
		const { otadata, table } = chip;
		const slot = chip.partitionOf(handle);
		const failure = chip.called("esp_ota_get_state_partition");
		if (failure) return failure;
		const sound = otadata.entries().filter(({ seq, crc }) => seq !== 0xffffffff && crc === seqCRC(seq));
		const entry = sound.find((one) => table.slots[otadata.slotOf(one)] === slot);
		if (!entry) return NotFound;
		new DataView(out).setUint32(0, entry.state, true);
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
			if (chip.partitionOf(handle) === chip.running) chip.otadata.select(chip.running);
			else chip.slots.activate();
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
