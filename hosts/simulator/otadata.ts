// The boot record over a file, and what ESP-IDF's bootloader does with it. Pure: tools/sdk runs it on Node before each boot.
import type { ImageState, ResetReason } from "host/contract";

/** One slot's record. `sequence` 0: none (blank otadata). */
export interface Entry {
	sequence: number;
	state: ImageState;
}

/** Content of `otadata.json`, by slot label. */
export type Otadata = Record<"ota_0" | "ota_1", Entry>;
export type Label = keyof Otadata;

/** How a boot came about, as told by whoever plays ROM and bootloader. */
export interface Boot {
	/** Label of the slot whose application runs. */
	slot: string;
	resetReason: ResetReason;
	/** A number that differs at every boot. */
	bootId: number;
	/** XS was given the archive in `xs.bin`. */
	mod?: boolean;
}

/** File names in the state directory. */
export const BootFile = "boot.json";
export const OtadataFile = "otadata.json";

/** Both records blank: ota_0 is booted then, which is the application built into the simulator's library. */
export const blank = (): Otadata => ({ ota_0: noEntry(), ota_1: noEntry() });
export const noEntry = (): Entry => ({ sequence: 0, state: "UNDEFINED" });

/** The other slot. */
export const other = (label: Label): Label => (label === "ota_0" ? "ota_1" : "ota_0");

/** A record that the bootloader may choose: written, and neither INVALID nor ABORTED. */
export const eligible = ({ sequence, state }: Entry): boolean =>
	sequence > 0 && state !== "INVALID" && state !== "ABORTED";

/**
 * What the bootloader does before it loads an image: a trial that was not confirmed becomes ABORTED, the newest eligible
 * slot is chosen (else the one whose image can run, ota_0 first) and NEW becomes PENDING_VERIFY. Changes `data`.
 * `bootable` tells whether a slot holds an image that can run; a slot that does not is passed over, its record untouched.
 */
export function boot(data: Otadata, bootable: (label: Label) => boolean): Label | undefined {
	const labels: Label[] = ["ota_0", "ota_1"];
	for (const label of labels) if (data[label].state === "PENDING_VERIFY") data[label].state = "ABORTED";
	const chosen = labels
		.filter((label) => eligible(data[label]))
		.sort((a, b) => data[b].sequence - data[a].sequence);
	const label = [...chosen, ...labels].find(bootable);
	if (label !== undefined && data[label].state === "NEW") data[label].state = "PENDING_VERIFY";
	return label;
}
