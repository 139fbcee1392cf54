// The second-stage bootloader with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, without a factory slot and without
// CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS: what ESP-IDF's bootloader_utility.c does at every reset.
import type { ImageState } from "../contract.ts";
import { EspError } from "./esperr.ts";
import type { NorFlash } from "./flash.ts";
import { type Image, ImageError, readSlot } from "./image.ts";
import { isInvalid, OtaData, OtaState, seqCRC } from "./otadata.ts";
import type { Partition, PartitionTable } from "./partitions.ts";

/** What the bootloader started. */
export interface Boot {
	readonly slot: Partition;
	readonly image: Image;
	/** State of the slot in otadata once the bootloader is done. */
	readonly state: ImageState;
	/** What it did, one line each. */
	readonly log: readonly string[];
}

/**
 * Power-on or reset. A trial that was not confirmed (PENDING_VERIFY) is ABORTED first; a NEW record becomes PENDING_VERIFY;
 * a slot whose image does not validate is passed over. All flash commands can be cut like any other.
 * @throws EspError ESP_ERR_NOT_FOUND when no slot holds a bootable image (a chip would reset for ever); PowerCut
 */
export function boot(flash: NorFlash, table: PartitionTable): Boot {
	const otadata = new OtaData(flash, table);
	const log: string[] = [];
	abortTrials(otadata, log);
	const blank = isBlank(otadata);
	const start = chooseSlot(otadata, log);
	for (const index of order(start, table.slots.length)) {
		const slot = table.slots[index];
		const image = slot && tryLoad(flash, slot, log);
		if (!slot || !image) continue;
		if (blank) recordFirst(otadata, index, log);
		return { slot, image, state: otadata.stateOf(slot), log };
	}
	throw new EspError("ESP_ERR_NOT_FOUND", `boot: no slot holds a bootable image: ${log.join("; ")}`);
}

/** The trial is one-shot. The bootloader does not ask for the CRC here. */
function abortTrials(otadata: OtaData, log: string[]): void {
	for (const sector of [0, 1] as const) {
		if (otadata.entries()[sector].state !== OtaState.PENDING_VERIFY) continue;
		otadata.mark(sector, OtaState.ABORTED);
		log.push(`otadata[${sector}]: trial was not confirmed, marked ABORTED`);
	}
}

/** Index of the slot to try first; -1 tries all from the first (FACTORY_INDEX, and there is no factory slot). */
function chooseSlot(otadata: OtaData, log: string[]): number {
	const entries = otadata.entries();
	if (entries.every(isInvalid)) return 0;
	const active = otadata.active();
	if (active === -1) return -1;
	if (entries[active].state === OtaState.NEW) {
		otadata.mark(active, OtaState.PENDING_VERIFY);
		log.push(`otadata[${active}]: first boot, marked PENDING_VERIFY`);
	}
	return otadata.slotOf(entries[active]);
}

/** `ota_has_initial_contents`: neither record says anything. */
function isBlank(otadata: OtaData): boolean {
	const entries = otadata.entries();
	return (
		entries.every(isInvalid) && entries.every(({ seq, crc }) => seq === 0xffffffff || crc !== seqCRC(seq))
	);
}

/** From the start downwards, then upwards. */
function order(start: number, count: number): number[] {
	const all = Array.from({ length: count }, (_, index) => index);
	return [...all.slice(0, start + 1).reverse(), ...all.slice(start + 1)];
}

function tryLoad(flash: NorFlash, slot: Partition, log: string[]): Image | undefined {
	try {
		const image = readSlot(flash, slot);
		log.push(`${slot.label}: loaded ${image.project} ${image.version}`);
		return image;
	} catch (error) {
		if (!(error instanceof ImageError)) throw error;
		log.push(`${slot.label}: not bootable: ${error.message}`);
		return undefined;
	}
}

/** `set_actual_ota_seq`: the first boot of a freshly flashed chip leaves a VALID record. */
function recordFirst(otadata: OtaData, index: number, log: string[]): void {
	const seq = index + 1;
	const label = new Uint8Array(20).fill(0xff);
	otadata.write(0, { seq, label, state: OtaState.VALID, crc: seqCRC(seq) });
	log.push(`otadata[0]: was blank, now names slot ${index}`);
}
