// A store that is full, or cannot be read, must not end the program while it starts: on a chip that would be a restart for ever.
import type { Store, StoreConstructor, StoreValue } from "host/contract";
import type { Log } from "service/log";

/** A namespace that is opened when it is first used, and at each use until that succeeds; why not is told to `log` once. */
export class LateStore implements Store {
	readonly #Store: StoreConstructor;
	readonly #namespace: string;
	readonly #log: Log;
	#store: Store | undefined;
	#told = false;

	constructor(Store: StoreConstructor, namespace: string, log: Log) {
		this.#Store = Store;
		this.#namespace = namespace;
		this.#log = log;
	}
	/** This and the others throw what the store throws. */
	get(name: string): StoreValue | undefined {
		return this.#open().get(name);
	}
	set(name: string, value: StoreValue): void {
		this.#open().set(name, value);
	}
	delete(name: string): void {
		this.#open().delete(name);
	}
	clear(): void {
		this.#open().clear();
	}
	close(): void {
		this.#store?.close();
		this.#store = undefined;
	}

	#open(): Store {
		try {
			this.#store ??= new this.#Store(this.#namespace);
			return this.#store;
		} catch (error) {
			if (!this.#told) this.#log.error(`settings: ${error}`);
			this.#told = true;
			throw error;
		}
	}
}
