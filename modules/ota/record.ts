/** What the store keeps between boots: the image on trial (`trial`) and the package given up (`quarantine`). */
import type { JSONObject, Store } from "host/contract";
import type { Firmware } from "ota/firmware";
import type { Tally } from "ota/tally";

/** An image that was verified; written before its slot is activated. */
export interface TrialRecord extends Firmware {
	/** Label of its slot. */
	readonly slot: string;
	/** Activations so far, this one included. */
	readonly trials: number;
	/** What the download has cost. */
	readonly tally?: Tally;
	/** It was seen on trial (PENDING_VERIFY): the boot loader guards it. */
	readonly guarded?: boolean;
	/** Boots without a guard and without a confirmation, this one included. */
	readonly boots?: number;
	/** It was confirmed. */
	readonly confirmed?: boolean;
	/** Why the image gave itself up, written before it reverts. */
	readonly reason?: string;
	/** The reason is that it never reached ThingsBoard. */
	readonly offline?: boolean;
	/** `fw_error` of an image that was given up; stays until the report is acknowledged. */
	readonly verdict?: string;
	/** Its quarantine was lifted since. */
	readonly lifted?: boolean;
}

/** A package that is not tried again. */
export interface Quarantine {
	/** `keyOf` of the package. */
	readonly key: string;
	/** `fw_error` when it was given up. */
	readonly error: string;
}

/** The image on trial, or undefined: none, or a torn entry. Throws what the store throws. */
export function readTrial(store: Store): TrialRecord | undefined {
	const entry = read(store, "trial");
	const { title, version, size, algorithm, checksum, slot, trials } = entry;
	const texts = [title, version, algorithm, checksum, slot].every((text) => typeof text === "string");
	if (!texts || typeof size !== "number" || typeof trials !== "number") return undefined;
	return entry as unknown as TrialRecord;
}

/** Throws what the store throws. */
export function writeTrial(store: Store, record: TrialRecord): void {
	store.set("trial", JSON.stringify(record));
}

/** Throws what the store throws. */
export function dropTrial(store: Store): void {
	if (store.get("trial") !== undefined) store.delete("trial");
}

/** The package given up, or undefined: none, or a torn entry. Throws what the store throws. */
export function readQuarantine(store: Store): Quarantine | undefined {
	const { key, error } = read(store, "quarantine");
	return typeof key === "string" && typeof error === "string" ? { key, error } : undefined;
}

/** Throws what the store throws. */
export function writeQuarantine(store: Store, quarantine: Quarantine): void {
	store.set("quarantine", JSON.stringify(quarantine));
}

/** Throws what the store throws. */
export function dropQuarantine(store: Store): void {
	if (store.get("quarantine") !== undefined) store.delete("quarantine");
}

/** A new image ran without a trial: the boot loader was built without rollback. Throws what the store throws. */
export function lacksRollback(store: Store): boolean {
	return store.get("norollback") !== undefined;
}

/** Throws what the store throws. */
export function noteRollback(store: Store, lacks: boolean): void {
	if (lacks === lacksRollback(store)) return;
	if (lacks) store.set("norollback", 1);
	else store.delete("norollback");
}

function read(store: Store, name: string): JSONObject {
	const text = String(store.get(name) ?? "{}");
	try {
		return Object(JSON.parse(text)) as JSONObject;
	} catch {
		return {}; // a torn or foreign entry counts as none
	}
}
