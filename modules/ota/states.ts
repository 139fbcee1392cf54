/** The states of an update and of a trial. Which may follow which is in the tables of docs/ota-states.md, held by specs. */

/**
 * `fw_state` in ThingsBoard's words, and `IDLE`, which is never reported.
 * IDLE: nothing to do, or waiting for the running image to be confirmed. DOWNLOADING: requests are open, flash is written.
 * DOWNLOADED: all bytes are in flash. VERIFIED: the checksum is right. UPDATING: the slot is the boot slot; only a restart
 * follows. FAILED: stopped, the slot cannot boot. UPDATED belongs to `Trial`: it is reported by the new firmware.
 */
export type State = "IDLE" | "DOWNLOADING" | "DOWNLOADED" | "VERIFIED" | "UPDATING" | "FAILED";

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
