/** Time that passes when told. `timer` and `time` of the specs run on it, so a spec never waits. */
interface Entry {
	when: number;
	interval: number;
	action: () => void;
}

class Clock {
	/** Milliseconds since an arbitrary start. */
	now = 1_000_000;
	#due = new Set<Entry>();

	at(delay: number, interval: number, action: () => void): Entry {
		const entry = { when: this.now + Math.max(delay, 0), interval, action };
		this.#due.add(entry);
		return entry;
	}

	cancel(entry: Entry): void {
		this.#due.delete(entry);
	}

	/** Passes `ms` of time and fires what falls due, in order, also what is armed meanwhile. */
	advance(ms: number): void {
		const end = this.now + ms;
		for (let next = this.#next(end); next; next = this.#next(end)) {
			this.now = Math.max(this.now, next.when);
			this.#fire(next);
		}
		this.now = end;
	}

	/** Forgets every timer, for a fresh start in `beforeEach`. */
	reset(): void {
		this.#due.clear();
	}

	/** How many timers are armed: a spec can hold that nothing leaks. */
	get armed(): number {
		return this.#due.size;
	}

	#next(end: number): Entry | undefined {
		let next: Entry | undefined;
		for (const entry of this.#due) if (entry.when <= end && (!next || entry.when < next.when)) next = entry;
		return next;
	}

	#fire(entry: Entry): void {
		if (entry.interval) entry.when += entry.interval;
		else this.#due.delete(entry);
		entry.action();
	}
}

export const clock = new Clock();
export type { Entry };
