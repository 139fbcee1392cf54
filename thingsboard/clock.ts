/** Time as the stand-in sees it. Every wait of the protocol goes through one of these, so a spec can tell the time. */
export interface Clock {
	/** Epoch milliseconds. */
	now(): number;
	/** Runs `action` once, `ms` milliseconds from now. The returned function cancels it. */
	after(ms: number, action: () => void): () => void;
}

/** The longest wait of one timer of Node, milliseconds; a longer one would end at once. */
const longest = 2 ** 31 - 1;

/** Real time. */
export const realClock: Clock = {
	now: () => Date.now(),
	after(ms, action) {
		let timer: NodeJS.Timeout;
		const wait = (left: number) => {
			const then = left > longest ? () => wait(left - longest) : action;
			timer = setTimeout(then, Math.min(left, longest));
		};
		wait(ms);
		return () => clearTimeout(timer);
	},
};

/** A clock whose pending waits end together: nothing of a closed server fires later. */
export class ServerClock implements Clock {
	#clock: Clock;
	#pending = new Set<() => void>();
	#closed = false;
	#offset = 0;
	#failed: (error: unknown) => void;

	/** `failed` gets what an action throws; without it the error goes on, and ends the process. */
	constructor(clock: Clock, failed: (error: unknown) => void = rethrow) {
		this.#clock = clock;
		this.#failed = failed;
	}

	now(): number {
		return this.#clock.now() + this.#offset;
	}

	/** Lets `now` be `ms` later (or earlier) from now on. Waits are not touched: they run on a clock that only goes forward. */
	jump(ms: number): void {
		this.#offset += ms;
	}

	after(ms: number, action: () => void): () => void {
		if (this.#closed) return () => undefined;
		const cancel = this.#clock.after(ms, () => {
			this.#pending.delete(stop);
			this.#run(action);
		});
		const stop = () => {
			this.#pending.delete(stop);
			cancel();
		};
		this.#pending.add(stop);
		return stop;
	}

	#run(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.#failed(error);
		}
	}

	/** Cancels what is pending; later calls of `after` do nothing. */
	close(): void {
		this.#closed = true;
		for (const stop of [...this.#pending]) stop();
	}
}

function rethrow(error: unknown): never {
	throw error;
}
