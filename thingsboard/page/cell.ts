/** A value that tells when it changes. */
export class Cell<T> {
	#value: T;
	#watchers = new Set<(value: T) => void>();

	constructor(value: T) {
		this.#value = value;
	}

	get value(): T {
		return this.#value;
	}

	set value(value: T) {
		if (value === this.#value) return;
		this.#value = value;
		for (const watcher of this.#watchers) watcher(value);
	}

	/** Calls `watcher` now and after every change. */
	watch(watcher: (value: T) => void): void {
		this.#watchers.add(watcher);
		watcher(this.#value);
	}
}
