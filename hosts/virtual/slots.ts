// `host/slots` of the virtual board: what hosts/esp32 does with esp_partition_* and esp_ota_*, on the virtual flash.
import type { Slot, Slots } from "../contract.ts";
import type { Boot } from "./bootloader.ts";
import { EspError } from "./esperr.ts";
import { NorFlash } from "./flash.ts";
import { ImageError, readSlot } from "./image.ts";
import { isValid, OtaData, OtaState } from "./otadata.ts";
import type { Partition, PartitionTable } from "./partitions.ts";
import { ChipId, Target, XSVersion } from "./target.ts";

/** Options of `VirtualSlots`. */
export interface SlotsOptions {
	flash: NorFlash;
	table: PartitionTable;
	/** What the bootloader started. */
	boot: Boot;
	/** `esp_restart()`: called by `revert` once the record is written. */
	restart(): void;
}

/** The two slots, for one boot. Every failure is an `EspError`; a cut is a `PowerCut`. */
export class VirtualSlots implements Slots {
	readonly blockSize = NorFlash.BLOCK;
	readonly chip = ChipId;
	readonly identity = { target: Target, xs: XSVersion };
	readonly #flash: NorFlash;
	readonly #table: PartitionTable;
	readonly #otadata: OtaData;
	readonly #running: Partition;
	readonly #next: Partition;
	readonly #restart: () => void;

	constructor({ flash, table, boot, restart }: SlotsOptions) {
		this.#flash = flash;
		this.#table = table;
		this.#otadata = new OtaData(flash, table);
		this.#running = boot.slot;
		this.#next = other(table, boot.slot);
		this.#restart = restart;
	}

	get running(): Slot {
		return this.#view(this.#running);
	}

	get next(): Slot {
		return this.#view(this.#next);
	}

	begin(): void {
		if (this.#otadata.stateOf(this.#running) === "PENDING_VERIFY")
			throw new EspError(
				"ESP_ERR_OTA_ROLLBACK_INVALID_STATE",
				`begin update: expected a confirmed image in ${this.#running.label}, its state is PENDING_VERIFY`,
			);
		this.#claim();
		this.#otadata.forget(this.#next);
	}

	erase(offset: number, length: number): void {
		this.#inside("erase", offset, length);
		if (offset % NorFlash.SECTOR)
			throw new EspError(
				"ESP_ERR_INVALID_ARG",
				`slot erase: expected an offset in steps of 4096, got ${offset}`,
			);
		if (length % NorFlash.SECTOR)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`slot erase: expected sectors of 4096 bytes, got ${length} bytes`,
			);
		this.#flash.erase(this.#next.offset + offset, length);
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#inside("write", offset, length);
		if (offset % 16 || length % 16)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`slot write: expected offset and length in steps of 16, got ${offset} and ${length}`,
			);
		this.#flash.write(this.#next.offset + offset, view("write", buffer, length));
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#inside("read", offset, length);
		view("read", buffer, length).set(this.#flash.read(this.#next.offset + offset, length));
	}

	/** `esp_ota_set_boot_partition`. */
	activate(): void {
		try {
			readSlot(this.#flash, this.#next);
		} catch (error) {
			if (!(error instanceof ImageError)) throw error;
			throw new EspError("ESP_ERR_OTA_VALIDATE_FAILED", `activate ${this.#next.label}: ${error.message}`, {
				cause: error,
			});
		}
		this.#otadata.select(this.#next);
	}

	/** `esp_ota_mark_app_valid_cancel_rollback`: erases the active record, then writes it. No effect on a VALID one. */
	confirm(): void {
		const active = this.#active("confirm");
		if (this.#otadata.entries()[active].state !== OtaState.VALID) this.#otadata.mark(active, OtaState.VALID);
	}

	/**
	 * `esp_ota_mark_app_invalid_rollback_and_reboot`: refuses when the other slot has no record, as after the first update of a
	 * chip that was flashed by USB. A trial then ends by a restart: the bootloader aborts it and tries the other slot.
	 */
	revert(): void {
		const active = this.#active("revert");
		const bootable = this.#isBootable(this.#next);
		const recorded = bootable && this.#isRecorded(active);
		if (bootable && !recorded && this.running.state === "PENDING_VERIFY") {
			this.#restart();
			return;
		}
		if (!recorded)
			throw new EspError(
				"ESP_ERR_OTA_ROLLBACK_FAILED",
				`revert: expected a bootable image with a valid record beside ${this.#running.label}, found none`,
			);
		this.#otadata.mark(active, OtaState.INVALID);
		this.#restart();
	}

	/** The half of `esp_ota_check_rollback_is_possible` that asks otadata. */
	#isRecorded(active: 0 | 1): boolean {
		const entry = this.#otadata.entries()[active === 0 ? 1 : 0];
		return isValid(entry) && this.#table.slots[this.#otadata.slotOf(entry)] === this.#next;
	}

	#isBootable(slot: Partition): boolean {
		try {
			return readSlot(this.#flash, slot).length > 0;
		} catch (error) {
			if (error instanceof ImageError) return false;
			throw error;
		}
	}

	#active(what: string): 0 | 1 {
		const active = this.#otadata.active();
		if (active === -1)
			throw new EspError("ESP_FAIL", `${what}: expected a valid record in otadata, found none`);
		return active;
	}

	#view(partition: Partition): Slot {
		return { label: partition.label, size: partition.size, state: this.#otadata.stateOf(partition) };
	}

	/** Where no record names a sound slot the bootloader starts with the first one: another one that runs needs a record then. */
	#claim(): void {
		if (this.#running.label === "ota_0" || this.#otadata.stateOf(this.#running) === "VALID") return;
		this.#otadata.select(this.#running);
		this.confirm();
	}

	/** As `esp_partition_write` and its kin check. */
	#inside(what: string, offset: number, length: number): void {
		const { label, size } = this.#next;
		if (!Number.isInteger(offset) || offset < 0 || offset > size)
			throw new EspError(
				"ESP_ERR_INVALID_ARG",
				`slot ${what}: expected an offset up to ${size} in ${label}, got ${offset}`,
			);
		if (!Number.isInteger(length) || length < 0 || offset + length > size)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`slot ${what}: expected at most ${size - offset} bytes at ${offset} in ${label}, got ${length}`,
			);
	}
}

/** `esp_ota_get_next_update_partition` for two slots. */
function other(table: PartitionTable, running: Partition): Partition {
	const next = table.slots.find((slot) => slot !== running);
	if (!next)
		throw new EspError("ESP_ERR_NOT_FOUND", `slots: expected a slot beside ${running.label}, found none`);
	return next;
}

function view(what: string, buffer: ArrayBuffer, length: number): Uint8Array {
	if (length > buffer.byteLength)
		throw new EspError(
			"ESP_ERR_INVALID_ARG",
			`slot ${what}: expected a buffer of ${length} bytes, got ${buffer.byteLength}`,
		);
	return new Uint8Array(buffer, 0, length);
}
