// What one device tells of its update, each thing once.

import type { Claim } from "./check.ts";
import type { Followed } from "./follow.ts";
import type { Type } from "./package.ts";
import type { Talk } from "./talk.ts";
import { prefixOf } from "./telemetry.ts";
import { isRunning, type Point } from "./told.ts";

export interface TellerOptions {
	type: Type;
	claim: Claim;
	/** There is no other device to tell of. */
	isAlone: boolean;
	talk: Talk;
}

/** Says what is new since the last look. */
export class Teller {
	readonly #options: TellerOptions;
	#time = Number.NEGATIVE_INFINITY;
	#state = "";
	#hold = "";
	#isOnTrial = false;

	constructor(options: TellerOptions) {
		this.#options = options;
	}

	/** After a look. */
	show(one: Followed): void {
		for (const point of one.sight.states) if (point.ts > this.#time) this.#reached(point, one);
		this.#held(one);
		this.#tried(one);
		const { state, progress } = one.sight;
		if (state === "DOWNLOADING" && this.#options.isAlone) this.#options.talk.progress(progress);
	}

	/** All states that came since, not the last one alone. */
	#reached({ ts, value }: Point, one: Followed): void {
		const { type, isAlone, talk } = this.#options;
		this.#time = ts;
		if (value === this.#state) return;
		this.#state = value;
		const who = isAlone ? "reported" : nameOf(one);
		const say = value === "FAILED" ? talk.fail : talk.step;
		say(`${prefixOf(type)}_state ${value}`, who + this.#whose({ ts, value }, one));
	}

	#whose({ ts, value }: Point, { sight: { end, runs, states } }: Followed): string {
		const isForeign = value === "UPDATED" && !end && ts === states.at(-1)?.ts;
		return isForeign ? ` of another package: the device runs ${runs.title} ${runs.version}` : "";
	}

	#held(one: Followed): void {
		const { hold, end } = one.sight;
		if (hold === this.#hold) return;
		this.#hold = hold;
		if (!end) this.#options.talk.note(`${nameOf(one)} ${hold ? `held: ${hold}` : "goes on"}`);
	}

	/** Silence of minutes is to be expected. */
	#tried(one: Followed): void {
		const { state, end, runs } = one.sight;
		const isOnTrial = state === "UPDATING" && !end && isRunning(runs, this.#options.claim);
		if (isOnTrial && !this.#isOnTrial)
			this.#options.talk.note(
				`${nameOf(one)} on trial: runs ${runs.version}, up to 5 minutes to prove itself`,
			);
		this.#isOnTrial = isOnTrial;
	}
}

/** The device's. */
export const nameOf = ({ device }: Followed): string => String(device.name);
