// Time for measurements: it passes when told, the board can stand still in it under a busy flash chip while the world goes on, and
// each step can be looked at.
import type { Cancel, Clock } from "../hosts/virtual/clock.ts";

interface Due {
	when: number;
	action: () => void;
	/** Waits for a board that stands still. */
	board: boolean;
}

/** A virtual clock that runs one action at a time and tells after each. Milliseconds. */
export class BenchClock implements Clock {
	readonly virtual = true;
	/** Called after every action, e.g. to read a meter. */
	onStep: (() => void) | undefined;
	#now = Date.UTC(2025, 0);
	#free = 0; // when the board has ended what it does
	readonly #due = new Set<Due>();

	now(): number {
		return this.#now;
	}

	/** For the board: late when it stands still then. */
	at(delay: number, action: () => void): Cancel {
		return this.#add({ when: this.#now + Math.max(delay, 0), action, board: true });
	}

	/** For the world around it: in time whatever the board does. */
	outside(delay: number, action: () => void): Cancel {
		return this.#add({ when: this.#now + Math.max(delay, 0), action, board: false });
	}

	soon(action: () => void): Cancel {
		return this.at(0, action);
	}

	/** Time that the board spends in what it does: what falls due for it meanwhile comes late. */
	stall(ms: number): void {
		this.#now += ms;
		this.#free = this.#now;
	}

	/** Passes `ms`. */
	advance(ms: number): void {
		const end = this.#now + ms;
		while (this.#step(end));
		this.#now = Math.max(this.#now, end);
	}

	/** Passes time until `done`, at most `limit` ms of it. Throws when the limit is met, naming `what` it waited for. */
	until(what: string, done: () => boolean, limit = 600_000): void {
		const end = this.#now + limit;
		while (!done())
			if (!this.#step(end)) throw new Error(`bench: expected ${what} within ${limit} ms, it did not come`);
	}

	#step(end: number): boolean {
		let next: Due | undefined;
		for (const entry of this.#due) if (!next || this.#timeOf(entry) < this.#timeOf(next)) next = entry;
		if (!next || this.#timeOf(next) > end) return false;
		this.#due.delete(next);
		this.#now = this.#timeOf(next); // back in time where the board has spent some of its own
		next.action();
		this.onStep?.();
		return true;
	}

	#timeOf({ when, board }: Due): number {
		return board ? Math.max(when, this.#free) : when;
	}

	#add(entry: Due): Cancel {
		this.#due.add(entry);
		return () => this.#due.delete(entry);
	}
}
