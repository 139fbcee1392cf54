import type { Clock } from "../clock.ts";
import type { Armed } from "../faults/armed.ts";

/** Longest time that reordered acknowledgements are held back, milliseconds. */
const patience = 1000;

/**
 * Sends acknowledgements as the server does: from another thread, so a moment later. Those of one turn leave in one write. Faults may
 * lose, delay or reorder them.
 */
export class Acks {
	#clock: Clock;
	#faults: Armed;
	#send: (...packets: Uint8Array[]) => void;
	#waiting: Uint8Array[] = [];
	#held: Uint8Array[] = [];

	constructor(clock: Clock, faults: Armed, send: (...packets: Uint8Array[]) => void) {
		this.#clock = clock;
		this.#faults = faults;
		this.#send = send;
	}

	/** Sends soon. */
	later(bytes: Uint8Array): void {
		if (this.#waiting.push(bytes) === 1) this.#clock.after(0, () => this.#flush());
	}

	/** Sends now, unless a fault is in the way. */
	now(bytes: Uint8Array): void {
		if (this.#faults.any) this.#bent(bytes);
		else this.#send(bytes);
	}

	#flush(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		if (this.#faults.any) for (const bytes of waiting) this.#bent(bytes);
		else this.#send(...waiting);
	}

	#bent(bytes: Uint8Array): void {
		const delay = this.#faults.get("delayAcks");
		if (this.#faults.countDown("loseAcks")) return;
		if (this.#faults.get("reorderAcks")) this.#hold(bytes);
		else if (delay) this.#clock.after(delay, () => this.#send(bytes));
		else this.#send(bytes);
	}

	/** Groups of `reorderAcks` leave last first. */
	#hold(bytes: Uint8Array): void {
		const held = this.#held.push(bytes);
		if (held >= (this.#faults.get("reorderAcks") ?? 0)) this.#release();
		else if (held === 1) this.#clock.after(patience, () => this.#release());
	}

	#release(): void {
		for (const bytes of this.#held.splice(0).reverse()) this.#send(bytes);
	}
}
