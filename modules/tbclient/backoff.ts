const First = 1_000;
const Longest = 60_000;

/** Waiting times between connection attempts, ms: full jitter below a bound that doubles from 1 s to 60 s. */
export class Backoff {
	#bound = First;
	#random: () => number;

	/** `random` returns 0…1. */
	constructor(random: () => number) {
		this.#random = random;
	}

	/** The wait before the next attempt, at least 100 ms so that a dead server is not hammered. */
	next(): number {
		const wait = Math.max(100, Math.floor(this.#random() * this.#bound));
		this.#bound = Math.min(this.#bound * 2, Longest);
		return wait;
	}

	/** The wait after a refusal that only a person can cure: 30…60 s. */
	slow(): number {
		return Math.floor(Longest / 2 + (this.#random() * Longest) / 2);
	}

	/** Back to 1 s: a connection lasted. */
	reset(): void {
		this.#bound = First;
	}
}
