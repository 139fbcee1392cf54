import type { Clock } from "./clock.ts";

/** Lets actions happen one after the other, each at least `pace` milliseconds after its request and after the one before. */
export class Turns {
	#clock: Clock;
	#pace: number;
	#last = Number.NEGATIVE_INFINITY;

	constructor(clock: Clock, pace: number) {
		this.#clock = clock;
		this.#pace = pace;
	}

	next(action: () => void): void {
		const now = this.#clock.now();
		this.#last = Math.max(now, this.#last) + this.#pace;
		this.#clock.after(this.#last - now, action);
	}
}
