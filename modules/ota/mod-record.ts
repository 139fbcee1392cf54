/** What becomes of a mod: one entry of the store (`mod`), and what each boot makes of it. Pure but for reading and writing. */
import type { JSONObject, ResetReason, Store } from "host/contract";
import type { Firmware } from "ota/firmware";
import { PowerLoss } from "ota/rollback";

/**
 * `staged`: verified in the tail of the passive slot, to be copied. `copied`: whole in its partition, not seen by XS yet. `trial`: it
 * runs for the first time. `confirmed`: it is kept. `removed`: it is not, or not any more.
 */
export type Phase = "staged" | "copied" | "trial" | "confirmed" | "removed";

export interface ModRecord extends Firmware {
	readonly phase: Phase;
	/** `staged`: boots that were to clear the partition or to copy. `confirmed`: crashes without a long life between. */
	readonly boots: number;
	/** `removed`: why the chip left the trial; the restart that removes the mod has another reason. */
	readonly reset?: ResetReason;
	/** `removed`: what was wrong, unless that is for the reset reason to tell. */
	readonly reason?: string;
}

/** Boots that a copy may take: a battery that breaks down under the writing must not go on for ever. */
const Copies = 5;
/** Crashes of a confirmed mod. Its flash is written by XS when the image below it changes, and that may be torn. */
const Crashes = 3;
const Crash: readonly string[] = Object.freeze(["PANIC", "INT_WDT", "TASK_WDT", "WDT"]);

/** The record, or undefined: none, or a torn entry. Throws what the store throws. */
export function readMod(store: Store): ModRecord | undefined {
	try {
		const entry = Object(JSON.parse(String(store.get("mod") ?? "{}"))) as JSONObject;
		const { title, version, algorithm, checksum, phase, size, boots } = entry;
		const texts = [title, version, algorithm, checksum, phase].every((text) => typeof text === "string");
		return texts && typeof size === "number" && typeof boots === "number"
			? (entry as unknown as ModRecord)
			: undefined;
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

/** Throws what the store throws. */
export function writeMod(store: Store, record: ModRecord): void {
	store.set("mod", JSON.stringify(record));
}

/** The mod of `record` is not kept. */
export function removed(record: ModRecord, reason?: string, reset?: ResetReason): ModRecord {
	const { title, version, size, algorithm, checksum } = record;
	const why = { ...(reason !== undefined && { reason }), ...(reset !== undefined && { reset }) };
	return { title, version, size, algorithm, checksum, phase: "removed", boots: 0, ...why };
}

/** Of a mod that has none: it came by USB, or the store was erased. It is kept, and its crashes count. */
export const foreign = (title: string): ModRecord => ({
	...{ title, version: "unknown", size: 0, algorithm: "", checksum: "", phase: "confirmed", boots: 0 },
});

/** What this boot makes of the record; `isMapped`: XS has taken the mod. The same object: nothing. */
export function booted(record: ModRecord, isMapped: boolean, reset: ResetReason): ModRecord {
	const { phase, boots } = record;
	if (phase === "staged") return staged(record);
	if (phase === "copied") return isMapped ? { ...record, phase: "trial" } : refused(record, reset);
	if (phase === "trial") return removed(record, undefined, reset); // a trial is one-shot
	if (phase === "removed" || !isMapped || !Crash.includes(reset)) return record;
	if (boots + 1 >= Crashes) return removed(record, `mod: expected no crashes, got ${Crashes}`, reset);
	return { ...record, boots: boots + 1 };
}

function staged(record: ModRecord): ModRecord {
	const boots = record.boots + 1;
	if (boots > Copies) return removed(record, `copy: expected an end within ${Copies} boots, got none`);
	return { ...record, boots };
}

/** Power may have failed while XS was writing into it. */
function refused(record: ModRecord, reset: ResetReason): ModRecord {
	const text = "mod: expected XS to take it, got none";
	return removed(record, PowerLoss.includes(reset) ? undefined : text, reset);
}
