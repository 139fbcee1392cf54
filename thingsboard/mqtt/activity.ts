import type { Clock } from "../clock.ts";

/** How often the server looks for idle sessions, milliseconds. */
const idleCheck = 3000;

/** Ends what shows no activity (TransportActivityManager). */
export class Activity {
	#clock: Clock;
	#limit: number;
	#last: number;
	#over: (idle: number) => void;

	/** `over` is called once, at the first look at which nothing has happened for `limit` milliseconds. */
	constructor(clock: Clock, limit: number, over: (idle: number) => void) {
		this.#clock = clock;
		this.#limit = limit;
		this.#over = over;
		this.#last = clock.now();
		this.#watch();
	}

	/** Something has happened. */
	note(): void {
		this.#last = this.#clock.now();
	}

	#watch(): void {
		this.#clock.after(idleCheck, () => {
			const idle = this.#clock.now() - this.#last;
			if (idle >= this.#limit) this.#over(idle);
			else this.#watch();
		});
	}
}
