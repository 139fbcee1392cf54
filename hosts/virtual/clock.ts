/** Time as the board sees it: either it passes by itself, or it passes when told. */

/** Cancels what was arranged; harmless afterwards. */
export type Cancel = () => void;

export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Runs the action in `delay` ms (0 or less: as soon as possible, never at once). */
	at(delay: number, action: () => void): Cancel;
	/** Runs the action after what is going on now, without time passing. */
	soon(action: () => void): Cancel;
	/** True when time passes only by `advance`. */
	readonly virtual: boolean;
}

const Longest = 2 ** 31 - 1; // ms: what setTimeout takes

/** Time that passes by itself. */
export class RealClock implements Clock {
	readonly virtual = false;

	now(): number {
		return Date.now();
	}

	at(delay: number, action: () => void): Cancel {
		const timer = setTimeout(action, Math.min(delay, Longest));
		return () => clearTimeout(timer);
	}

	soon(action: () => void): Cancel {
		const immediate = setImmediate(action);
		return () => clearImmediate(immediate);
	}
}

interface Due {
	when: number;
	action: () => void;
}

/** Time that passes when told: `advance` fires what falls due, in order, also what is arranged meanwhile. */
export class VirtualClock implements Clock {
	readonly virtual = true;
	#now: number;
	readonly #due = new Set<Due>();

	/** `start`: milliseconds since 1970; default 1 January 2025. */
	constructor(start = Date.UTC(2025, 0)) {
		this.#now = start;
	}

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

	/** Passes `ms` milliseconds (default 0: only what is due now). */
	advance(ms = 0): void {
		const end = this.#now + ms;
		for (let next = this.#next(end); next; next = this.#next(end)) {
			this.#due.delete(next);
			this.#now = Math.max(this.#now, next.when);
			next.action();
		}
		this.#now = Math.max(this.#now, end);
	}

	/** How many actions are arranged: a spec can hold that nothing leaks. */
	get armed(): number {
		return this.#due.size;
	}

	#next(end: number): Due | undefined {
		let next: Due | undefined;
		for (const entry of this.#due) if (entry.when <= end && (!next || entry.when < next.when)) next = entry;
		return next;
	}
}
