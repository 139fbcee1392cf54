/** How far the slot holds a package: kept in the store, so that a restart costs at most a block, and proved before it is trusted. */
import type { JSONObject, Store } from "host/contract";
import { attempt } from "ota/attempt";
import { type Firmware, keyOf } from "ota/firmware";
import type { Tally } from "ota/tally";

/** The entry `kept`. Written once per block, so at most once per 64 KiB. */
export interface Kept {
	/** `keyOf` of the package. */
	readonly key: string;
	/** Bytes of the image in flash: whole blocks, or all. */
	readonly position: number;
	/** Digest over those bytes (ota/seal). */
	readonly proof: string;
	/** Downloads that came to nothing by the fault of the package or of flash. */
	readonly spoiled: number;
	/** What it has cost so far. */
	readonly tally: Tally;
}

/** What is kept of this package, or undefined: none, another package, or a torn entry. A store that fails keeps nothing. */
export function readKept(store: Store, firmware: Firmware): Kept | undefined {
	return attempt(() => {
		const entry = Object(JSON.parse(String(store.get("kept") ?? "{}"))) as JSONObject;
		return isKept(entry, firmware) ? (entry as unknown as Kept) : undefined;
	});
}

/** A store that fails keeps nothing. */
export function writeKept(store: Store, firmware: Firmware, kept: Omit<Kept, "key">): void {
	attempt(() => store.set("kept", JSON.stringify({ key: keyOf(firmware), ...kept })));
}

/** A store that fails keeps it; it proves nothing about another package. */
export function dropKept(store: Store): void {
	attempt(() => {
		if (store.get("kept") !== undefined) store.delete("kept");
	});
}

/** Gives the package its downloads back. */
export function forgive(store: Store): void {
	attempt(() => {
		const text = String(store.get("kept") ?? "");
		if (text) store.set("kept", JSON.stringify({ ...(JSON.parse(text) as JSONObject), spoiled: 0 }));
	});
}

function isKept({ key, position, proof, spoiled, tally }: JSONObject, firmware: Firmware): boolean {
	const isWhole = typeof position === "number" && position >= 0 && position <= firmware.size;
	const isText = typeof proof === "string" && typeof spoiled === "number";
	return key === keyOf(firmware) && isWhole && isText && typeof tally === "object" && tally !== null;
}
