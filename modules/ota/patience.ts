/** How long to wait for what was asked for, and how often in vain. */
import type { Pace } from "ota/pace";
import Time from "time";
import Timer from "timer";

/** In vain, without one whole chunk in between. */
export const Tries = 5;
const Shortest = 5_000; // milliseconds
const Longest = 60_000;

/** Whoever waits; the object itself, for a closure takes more memory. */
export interface Waiting {
	/** Nothing came for `deadline` milliseconds; no deadline runs now. */
	overdue(deadline: number): void;
}

export class Patience {
	readonly #pace: Pace;
	readonly #waiting: Waiting;
	#left = Tries;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#moved = 0; // ticks of the last progress or request

	constructor(pace: Pace, waiting: Waiting) {
		this.#pace = pace;
		this.#waiting = waiting;
	}

	/** Something was asked for: a deadline runs. */
	arm(): void {
		this.moved();
		this.#timer ??= Timer.set(() => this.due(), this.deadline);
	}

	/** Bytes came. They move the deadline without touching the timer, which is dear at every fragment. */
	moved(): void {
		this.#moved = Time.ticks;
	}

	/** Milliseconds since bytes came or were asked for. */
	get silence(): number {
		return Time.delta(this.#moved);
	}

	/** Takes one try; false: it was the last one. */
	spend(): boolean {
		return --this.#left > 0;
	}

	/** All tries again. */
	refill(): void {
		this.#left = Tries;
	}

	/** No deadline runs. */
	disarm(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** Four round trips, doubled with every try in vain: five outlast the client's keep-alive. */
	private get deadline(): number {
		const patience = Math.max(4 * this.#pace.roundTrip, Shortest);
		return Math.min(patience * 2 ** (Tries - this.#left), Longest);
	}

	private due(): void {
		this.#timer = undefined;
		const deadline = this.deadline;
		const left = deadline - this.silence;
		if (left > 0) this.#timer = Timer.set(() => this.due(), left);
		else this.#waiting.overdue(deadline);
	}
}
