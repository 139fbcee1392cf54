import type { Clock } from "../clock.ts";
import type { Delivery } from "../rpc.ts";

/** Messages whose PUBACK somebody waits for, by packet id as it was counted: after the overflow none matches any more. */
export class Deliveries {
	#clock: Clock;
	#waiting = new Map<number, () => void>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Waits for the PUBACK of that id. */
	expect(id: number, { ms, done }: Delivery): void {
		const end = (acknowledged: boolean) => () => {
			stop();
			this.#waiting.delete(id);
			done(acknowledged);
		};
		const stop = this.#clock.after(ms, end(false));
		this.#waiting.set(id, end(true));
	}

	/** A PUBACK has come; whether somebody waited for it. */
	acknowledged(id: number): boolean {
		const delivered = this.#waiting.get(id);
		delivered?.();
		return delivered !== undefined;
	}
}
