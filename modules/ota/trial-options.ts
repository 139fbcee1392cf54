/** What a trial needs. */
import type { DigestConstructor, ResetReason, Slots, Store } from "host/contract";
import type { Current } from "ota/firmware";
import type { Stage } from "ota/states";
import type { Report } from "ota/telling";

/** Slots, store, digest and reset reason are the host's; `report` a client's. */
export interface TrialOptions {
	current: Current;
	slots: Slots;
	/** The namespace that `Updater` uses too. */
	store: Store;
	/** Why this boot happened. */
	resetReason: ResetReason;
	report: Report;
	/** Milliseconds from boot to the last proof; default 300 000. */
	timeout?: number;
	/** Hashes the other slot again after a lost switch; without it such an update fails. */
	digest?: DigestConstructor;
	/** The running image is kept. */
	onConfirmed?(): void;
	/** The running image gives up; the chip restarts next. */
	onRevert?(reason: string): void;
	/** The other slot is active again after a lost switch: restart when you like. Needed together with `digest`. */
	onReady?(): void;
	/** Every change of stage. */
	onStage?(stage: Stage, error?: string): void;
}
