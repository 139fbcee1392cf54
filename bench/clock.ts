// Time for measurements: it passes when told, it can stand still under a busy flash chip, and it counts what each step cost.
import type { Cancel, Clock } from "../hosts/virtual/clock.ts";

interface Due {
	when: number;
	action: () => void;
}

/** A virtual clock that runs one action at a time and tells after each. Milliseconds. */
export class BenchClock implements Clock {
	readonly virtual = true;
	/** Called after every action, e.g. to read a meter. */
	onStep: (() => void) | undefined;
	#now = Date.UTC(2025, 0);
	readonly #due = new Set<Due>();

	now(): number {
		return this.#now;
	}

	at(delay: number, action: () => void): Cancel {
		const entry = { when: this.#now + Math.max(delay, 0), action };
		this.#due.add(entry);
		return () => this.#due.delete(entry);
	}

	soon(action: () => void): Cancel {
		return this.at(0, action);
	}

	/** Time that passes while everything waits: what falls due meanwhile comes late. */
	stall(ms: number): void {
		this.#now += ms;
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
		for (const entry of this.#due) if (entry.when <= end && (!next || entry.when < next.when)) next = entry;
		if (!next) return false;
		this.#due.delete(next);
		this.#now = Math.max(this.#now, next.when);
		next.action();
		this.onStep?.();
		return true;
	}
}
