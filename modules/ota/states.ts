/** The states of an update and of a trial, and which may follow which. docs/ota-states.md explains each cell. */

/**
 * `fw_state` in ThingsBoard's words, and `IDLE`, which is never reported.
 * IDLE: nothing to do, or waiting for the running image to be confirmed. DOWNLOADING: requests are open, flash is written.
 * DOWNLOADED: all bytes are in flash. VERIFIED: the checksum is right. UPDATING: the slot is the boot slot; only a restart
 * follows. FAILED: stopped, the slot cannot boot. UPDATED belongs to `Trial`: it is reported by the new firmware.
 */
export type State = "IDLE" | "DOWNLOADING" | "DOWNLOADED" | "VERIFIED" | "UPDATING" | "FAILED";

/** Legal moves of `Updater`. A state that follows itself means: with another package, or from byte 0. */
export const moves: { readonly [from in State]: readonly State[] } = Object.freeze({
	IDLE: Object.freeze(["DOWNLOADING", "FAILED"] as const),
	DOWNLOADING: Object.freeze(["DOWNLOADED", "DOWNLOADING", "FAILED"] as const),
	DOWNLOADED: Object.freeze(["VERIFIED", "DOWNLOADING", "FAILED"] as const),
	VERIFIED: Object.freeze(["UPDATING", "DOWNLOADING", "FAILED"] as const),
	UPDATING: Object.freeze([] as const),
	FAILED: Object.freeze(["DOWNLOADING", "FAILED", "IDLE"] as const),
});

/**
 * Stages of `Trial`, decided at boot.
 * STARTED: not decided yet. NONE: no update is pending. TRIAL: this image is on trial. UPDATED: this image is confirmed, the
 * report may be unacknowledged. WAITING: the other image could not connect; can this one? CHECKING: the other slot is hashed
 * again. SWITCHED: the other slot is the boot slot again. FAILED: the other image is given up. REVERTED: this one is.
 */
export type Stage =
	| "STARTED"
	| "NONE"
	| "TRIAL"
	| "UPDATED"
	| "WAITING"
	| "CHECKING"
	| "SWITCHED"
	| "FAILED"
	| "REVERTED";

/** Legal moves of `Trial`. */
export const stages: { readonly [from in Stage]: readonly Stage[] } = Object.freeze({
	STARTED: Object.freeze(["NONE", "TRIAL", "UPDATED", "WAITING", "CHECKING", "FAILED"] as const),
	NONE: Object.freeze([] as const),
	TRIAL: Object.freeze(["UPDATED", "REVERTED"] as const),
	UPDATED: Object.freeze([] as const),
	WAITING: Object.freeze(["CHECKING", "FAILED"] as const),
	CHECKING: Object.freeze(["SWITCHED", "FAILED"] as const),
	SWITCHED: Object.freeze([] as const),
	FAILED: Object.freeze([] as const),
	REVERTED: Object.freeze([] as const),
});
