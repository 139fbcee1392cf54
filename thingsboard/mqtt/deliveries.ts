import type { Clock } from "../clock.ts";
import type { Delivery } from "../rpc.ts";

/** Messages whose PUBACK somebody waits for, by packet id as it was counted: after the overflow none matches any more. */
export class Deliveries {
	#clock: Clock;
	#admit: () => boolean;
	#waiting = new Map<number, (acknowledged: boolean) => void>();

	/** `admit`: whether the status that a PUBACK causes may go to the core; it counts as a message. */
	constructor(clock: Clock, admit: () => boolean) {
		this.#clock = clock;
		this.#admit = admit;
	}

	/** Waits for the PUBACK of that id. */
	expect(id: number, { ms, done }: Delivery): void {
		const stop = this.#clock.after(ms, () => this.#waiting.get(id)?.(false));
		this.#waiting.set(id, (acknowledged) => {
			stop();
			this.#waiting.delete(id);
			// What a rate limit drops is neither a delivery nor a timeout.
			if (!acknowledged || this.#admit()) done(acknowledged);
		});
	}

	/** A PUBACK has come; whether somebody waited for it. */
	acknowledged(id: number): boolean {
		const delivered = this.#waiting.get(id);
		delivered?.(true);
		return delivered !== undefined;
	}
}
