import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";

/** What a fault's number means and how far it goes. */
export interface FaultValue {
	unit: string;
	min: number;
	max: number;
}

interface Common {
	readonly name: string;
	/** What happens, in a sentence for a person. */
	readonly what: string;
	/** Absent: a switch, set by `true`. */
	readonly value?: FaultValue;
}

/** Happens at once when it is set; nothing stays. */
export interface ActRow extends Common {
	readonly lasts: "now";
	readonly on: "device" | "server";
	/** `device` is there exactly when `on` says so. Throws `FaultError` when it cannot happen. */
	act(core: Core, device: Device | undefined, value: number): void;
}

/** Stays armed at the device: until its occasion has used it up, or until it is cleared. */
export interface ArmedRow extends Common {
	readonly lasts: "once" | "until cleared";
	readonly on: "device";
}

export type FaultRow = ActRow | ArmedRow;

/** A fault that does not exist, has a wrong value or has nothing to strike. */
export class FaultError extends Error {}
