/** How far the slot holds a package: kept in the store, so that a restart costs at most a block, and proved before it is trusted. */
import type { JSONObject, Store } from "host/contract";
import { attempt } from "ota/attempt";
import { type Firmware, keyOf } from "ota/firmware";
import type { Tally } from "ota/tally";

/** The entry `kept`. Written when the first bytes come and once per block, so at most once per 64 KiB. */
export interface Kept {
	/** `keyOf` of the package. */
	readonly key: string;
	/** Bytes of the image in flash: whole blocks, or all. */
	readonly position: number;
	/** Digest over those bytes (ota/seal). */
	readonly proof: string;
	/** Downloads that came to nothing by the fault of the package or of flash. */
	readonly spoiled: number;
	/** Boots in which bytes came and no block was completed, this one included. */
	readonly boots: number;
	/** What it has cost so far. */
	readonly tally: Tally;
	/** Un-assigned since. */
	readonly withdrawn?: boolean;
}

/** What is kept of this package, or undefined: none, another package, or a torn entry. A store that fails keeps nothing. */
export function readKept(store: Store, firmware: Firmware): Kept | undefined {
	return attempt(() => {
		const entry = Object(JSON.parse(String(store.get("kept") ?? "{}"))) as JSONObject;
		return isKept(entry, firmware) ? (entry as unknown as Kept) : undefined;
	});
}

/** Throws what the store throws. */
export function writeKept(store: Store, firmware: Firmware, kept: Omit<Kept, "key">): void {
	store.set("kept", JSON.stringify({ key: keyOf(firmware), ...kept }));
}

/** A store that fails keeps it; it proves nothing about another package. */
export function dropKept(store: Store): void {
	attempt(() => {
		if (store.get("kept") !== undefined) store.delete("kept");
	});
}

/** Gives the package its downloads and boots back. */
export function forgive(store: Store): void {
	attempt(() => change(store, { spoiled: 0, boots: 0 }));
}

/** It is un-assigned, and may come again. True: that was not known yet. */
export function withdrawKept(store: Store): boolean {
	return attempt(() => change(store, { withdrawn: true })) === true;
}

/** False: there is nothing to change. */
function change(store: Store, values: Partial<Kept>): boolean {
	const text = String(store.get("kept") ?? "{}");
	const changed = JSON.stringify({ ...(JSON.parse(text) as JSONObject), ...values });
	if (text === "{}" || changed === text) return false;
	store.set("kept", changed);
	return true;
}

function isKept({ key, position, proof, spoiled, boots, tally }: JSONObject, firmware: Firmware): boolean {
	const isWhole = typeof position === "number" && position >= 0 && position <= firmware.size;
	const isCounted = typeof spoiled === "number" && typeof boots === "number";
	const isTally = typeof tally === "object" && tally !== null;
	return key === keyOf(firmware) && isWhole && typeof proof === "string" && isCounted && isTally;
}
