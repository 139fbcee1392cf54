/** Why a machine ended, in the chip's words. */
import type { ResetReason } from "../contract.ts";
import { PowerCut } from "./flash.ts";
import { Crash, GuestError } from "./worker.ts";

/** Ends the machine. Thrown from inside a call of the guest, the guest never gets its answer. */
export class Reset extends Error {
	readonly reason: ResetReason;
	constructor(reason: ResetReason, text: string) {
		super(text);
		this.reason = reason;
	}
}

/** What an exception out of a delivery means for the chip. What is no failure of the guest is thrown again. */
export function asReset(error: unknown): Reset {
	if (error instanceof Reset) return error;
	if (error instanceof PowerCut) return new Reset("POWERON", error.message);
	if (error instanceof GuestError) return new Reset("PANIC", `unhandled exception: ${error.message}`);
	if (error instanceof Crash)
		return new Reset(error.code === Crash.COMPUTATION ? "TASK_WDT" : "PANIC", error.message);
	throw error;
}
