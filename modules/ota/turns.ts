/**
 * Firmware and software use one slot, so that of the two only one works at a time: a mod is staged over the image that could be gone back to, and a
 * firmware is written over the stage. Most of all no mod is staged while the image is on trial, also where no boot loader guards it.
 */
import type Updater from "ota";
import type { Software } from "ota/software";
import type { Stage, State } from "ota/states";
import type Trial from "ota/trial";

/** Of the image: its updater and its trial; of its mods: what has both. */
export interface Parties {
	updater: Updater;
	trial: Trial;
	software: Software;
}

/** `wait` of the image's updater, and that of software. */
export interface Turns {
	firmware(): string | undefined;
	software(): string | undefined;
}

/** Both options `wait`, tied. `parties` is asked when something waits: each of them needs the others. */
export const turns = (parties: () => Parties): Turns => ({
	firmware: () => parties().software.busy,
	software() {
		const { updater, trial } = parties();
		return isBusy(updater.state, trial.stage) ? "firmware" : undefined;
	},
});

/** An update is under way, or its trial is not over; `STARTED` and `undefined`: nobody knows yet. */
export const isBusy = (state: State, stage: Stage | undefined): boolean =>
	!["IDLE", "FAILED"].includes(state) || !["NONE", "UPDATED", "FAILED"].includes(String(stage));
