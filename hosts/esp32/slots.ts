// The two application slots and the boot record through ESP-IDF: esp_partition and esp_ota, called by the SDK's FFI.
// No esp_ota_handle: esp_partition writes at any offset, so a download goes on after a restart. What esp_ota_begin would have
// guarded is guarded by `begin` (docs/decisions.md).

import Flash from "embedded:storage/flash";
import type { ImageState, Slot, Slots } from "host/contract";
import { namedSlotError, slotError } from "host/errors";
import { forget } from "host/otadata";
import { planRestart, takePlanned } from "host/restart";
import FFI from "mc/ffi";

const Block = 0x10000;
const Sector = 0x1000;
const Align = 16; // esp_partition_write on an encrypted partition
const ChipId = 12; // esp_image_header_t.chip_id
const TypeApp = 0; // ESP_PARTITION_TYPE_APP
const SubtypeOta0 = 0x10; // ESP_PARTITION_SUBTYPE_APP_OTA_0
const NotFound = 0x105; // ESP_ERR_NOT_FOUND
const NotSupported = 0x106; // ESP_ERR_NOT_SUPPORTED: the running partition is no OTA slot
const NothingRecorded = -1; // ESP_FAIL
const RollbackFailed = 0x1505; // ESP_ERR_OTA_ROLLBACK_FAILED

/** `esp_ota_img_states_t`, by value. */
const States: readonly ImageState[] = ["NEW", "PENDING_VERIFY", "VALID", "INVALID", "ABORTED"];

const idf = new FFI();

function check(action: string, code: number): void {
	if (code !== 0) throw slotError(action, code);
}

/**
 * A partition of type app; handle 0: the table has none. Handles are `const esp_partition_t *`: 32 bits, the same pointer for the same
 * partition. Nothing is asked before it is used: an exception while this module loads would restart the chip for ever.
 */
class Partition implements Slot {
	readonly #handle: number;
	readonly #path: "running" | "nextota";
	#size: number | undefined;

	constructor(handle: number, path: "running" | "nextota") {
		this.#handle = handle;
		this.#path = path;
	}
	/** @throws SlotError ESP_ERR_NOT_FOUND */
	get handle(): number {
		if (this.#handle) return this.#handle;
		const text = "expected a second slot (hosts/esp32/partitions.csv), the chip's table has none";
		throw namedSlotError("partition", "ESP_ERR_NOT_FOUND", text);
	}
	get label(): string {
		return label(this.handle);
	}
	get size(): number {
		this.#size ??= this.handle && sizeOf(this.#path);
		return this.#size;
	}
	/** UNDEFINED without a record, and for a state that ESP-IDF does not know, as a power cut may leave: no CRC covers it. */
	get state(): ImageState {
		return States[this.recorded ?? -1] ?? "UNDEFINED";
	}
	get isRecorded(): boolean {
		return this.recorded !== undefined;
	}
	/** The state as it lies in otadata; undefined where no record names this slot, or it is none. */
	private get recorded(): number | undefined {
		const state = new ArrayBuffer(4);
		const code = idf.esp_ota_get_state_partition(this.handle, state);
		if (code === NotFound || code === NotSupported) return undefined;
		check("state", code);
		return new DataView(state).getUint32(0, true);
	}
}

function sizeOf(path: "running" | "nextota"): number {
	const flash = Flash.open({ path, mode: "r" });
	const { size } = flash.status();
	flash.close();
	return size;
}

/** FFI returns no structures, so the label is found by asking for each one. What is no OTA slot is the factory's. */
function label(handle: number): string {
	for (let index = 0; index < 2; index++) {
		const name = `ota_${index}`;
		if (idf.esp_partition_find_first(TypeApp, SubtypeOta0 + index, name) === handle) return name;
	}
	return "factory";
}

/** 0 where the table has one slot alone: ESP-IDF comes round to the running one then, and nothing of that may be erased. */
function otherThan(running: number): number {
	const next = idf.esp_ota_get_next_update_partition(0);
	return next === running ? 0 : next;
}

class ChipSlots implements Slots {
	readonly running = new Partition(idf.esp_ota_get_running_partition(), "running");
	readonly next = new Partition(otherThan(this.running.handle), "nextota");
	readonly blockSize = Block;
	readonly identity = { target: "esp32" }; // hosts/esp32/identity.c; its XS comes with the image
	#chip: number | undefined;

	/** The running image's own; not known when it cannot be read. */
	get chip(): number | undefined {
		const header = new ArrayBuffer(Align);
		if (this.#chip === undefined && idf.esp_partition_read(this.running.handle, 0, header, Align) === 0)
			this.#chip = new DataView(header).getUint16(ChipId, true);
		return this.#chip;
	}
	begin(): void {
		if (this.running.state === "PENDING_VERIFY")
			throw namedSlotError(
				"begin",
				"ESP_ERR_OTA_ROLLBACK_INVALID_STATE",
				`${this.running.label} is on trial`,
			);
		this.#claim();
		// ESP_FAIL says that the inactive record does not name the other slot: none does, as after flashing by USB, or the active one
		// does, since the bootloader has passed a broken image over.
		const code = idf.esp_ota_invalidate_inactive_ota_data_slot();
		if (code !== NothingRecorded) check("begin", code);
		if (this.next.isRecorded) forget(Number(this.next.label.slice(-1)));
	}
	erase(offset: number, length: number): void {
		this.#range("erase", offset, length, Sector);
		if (length % Sector)
			throw namedSlotError(
				"erase",
				"ESP_ERR_INVALID_SIZE",
				`length: expected sectors of ${Sector} bytes, got ${length}`,
			);
		check("erase", idf.esp_partition_erase_range(this.next.handle, offset, length));
	}
	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#range("write", offset, length, Align);
		if (length % Align || length > buffer.byteLength)
			throw namedSlotError(
				"write",
				"ESP_ERR_INVALID_SIZE",
				`length: expected a multiple of ${Align}, got ${length}`,
			);
		check("write", idf.esp_partition_write(this.next.handle, offset, buffer, length));
	}
	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#range("read", offset, length, 1);
		if (length > buffer.byteLength)
			throw namedSlotError(
				"read",
				"ESP_ERR_INVALID_SIZE",
				`expected at most ${buffer.byteLength}, got ${length}`,
			);
		check("read", idf.esp_partition_read(this.next.handle, offset, buffer, length));
	}
	activate(): void {
		check("activate", idf.esp_ota_set_boot_partition(this.next.handle)); // validates the image first
	}
	confirm(): void {
		if (!this.running.isRecorded) return; // flashed by USB: no record, nothing to confirm
		check("confirm", idf.esp_ota_mark_app_valid_cancel_rollback());
	}
	revert(): void {
		planRestart();
		const code = idf.esp_ota_mark_app_invalid_rollback_and_reboot(); // returns only when it refuses
		// It rolls back to a recorded image only. The one flashed by USB has no record; ending the trial leads there too.
		if (code === RollbackFailed && this.running.state === "PENDING_VERIFY") idf.esp_restart();
		takePlanned(); // no restart follows
		check("revert", code);
	}
	/** Where no record names a sound slot the bootloader starts with ota_0: what runs from ota_1 needs a record before ota_0 is written. */
	#claim(): void {
		if (this.running.label !== "ota_1" || this.running.state === "VALID") return;
		check("begin", idf.esp_ota_set_boot_partition(this.running.handle));
		check("begin", idf.esp_ota_mark_app_valid_cancel_rollback());
	}
	/** ESP-IDF checks the range too; the chip must not be the first to be told of a caller's mistake. */
	#range(action: string, offset: number, length: number, align: number): void {
		const { size } = this.next;
		if (offset < 0 || length < 0 || offset + length > size)
			throw namedSlotError(
				action,
				"ESP_ERR_INVALID_SIZE",
				`expected a range in 0 to ${size}, got ${offset} + ${length}`,
			);
		if (offset % align)
			throw namedSlotError(
				action,
				"ESP_ERR_INVALID_ARG",
				`offset: expected a multiple of ${align}, got ${offset}`,
			);
	}
}

/** `host/slots` of the chip. */
const slots: Slots = new ChipSlots();
export default slots;
