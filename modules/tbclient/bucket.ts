import Time from "time";

const Careful = 0.98; // of the server's rate: its clock and ours are not the same

/**
 * What is left of one of the server's rate limits, never more than the server thinks. Its bucket holds `capacity` tokens and gets them
 * back one by one within `period`. A message that is on its way may reach the server at any moment until it is acknowledged; so long
 * as it has not, the server's bucket may be full, and full buckets get nothing: tokens in flight do not come back here either.
 */
export class Bucket {
	readonly capacity: number;
	readonly period: number;
	#level: number;
	#flying = 0;
	#at = Time.ticks;

	/** `capacity` tokens, all of them there, in `period` ms. */
	constructor(capacity: number, period: number) {
		this.capacity = capacity;
		this.period = period;
		this.#level = capacity;
	}

	/** ms until `count` tokens are there, 0 when they are. More than there can be are never asked for. */
	wait(count: number): number {
		this.#refill();
		const missing = Math.min(count, this.capacity) - this.#level;
		return missing > 0 ? Math.ceil((missing * this.period) / (this.capacity * Careful)) : 0;
	}

	/** A message with so many left. */
	take(count: number): void {
		this.#refill();
		this.#level -= count;
		this.#flying += count;
	}

	/** So many of them have arrived. */
	arrived(count: number): void {
		this.#refill();
		this.#flying = Math.max(this.#flying - count, 0);
	}

	/** Everything has arrived, or never will. `suspect`: what was in flight may have been too much, so nothing is left. */
	settle(suspect: boolean): void {
		this.#refill();
		if (suspect && this.#flying) this.#level = Math.min(this.#level, 0);
		this.#flying = 0;
	}

	#refill(): void {
		const passed = Time.delta(this.#at);
		this.#at = Time.ticks;
		// Negative after 24 days without a message, as ticks are 32 bits on the chip.
		const gained = passed < 0 ? this.capacity : (passed * this.capacity * Careful) / this.period;
		this.#level = Math.min(this.#level + gained, this.capacity - this.#flying);
	}
}

/** Buckets of a limit as the server writes it, `capacity:seconds[,capacity:seconds…]`; what is no limit gives none. */
export function bucketsOf(text: unknown): Bucket[] {
	if (typeof text !== "string") return [];
	return text.split(",").flatMap((part) => {
		const [capacity = 0, seconds = 0] = part.split(":").map(Number);
		return capacity > 0 && seconds > 0 ? [new Bucket(capacity, seconds * 1000)] : [];
	});
}
