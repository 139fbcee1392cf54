/** Telemetry that matters is sent again until the server has it; what has become untrue is not. */
import type { JSONObject } from "host/contract";
import Timer from "timer";

/** Sends telemetry; the callback means acknowledged, or an error when it was dropped. */
export type Report = (values: JSONObject, callback?: (error: Error | null) => void) => void;

const Pause = 30_000; // milliseconds between two tries

/** One message at a time: a newer one takes the place of an older one. */
export class Teller {
	readonly #report: Report;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#turn = 0;

	constructor(report: Report) {
		this.#report = report;
	}

	/** Sends until acknowledged, then calls `onTold`. `isTrue` is asked before each repetition. */
	tell(values: JSONObject, onTold: () => void = () => {}, isTrue: () => boolean = () => true): void {
		this.close();
		const turn = this.#turn;
		this.send(values, (error) => {
			if (turn !== this.#turn) return;
			if (!error) this.finish(onTold);
			else
				this.#timer = Timer.set(() => {
					this.#timer = undefined;
					if (isTrue()) this.tell(values, onTold, isTrue);
				}, Pause);
		});
	}

	/** Sends once; `onDone` is called with the acknowledgement or the loss. */
	mention(values: JSONObject, onDone: () => void): void {
		this.close();
		const turn = this.#turn;
		this.send(values, () => {
			if (turn === this.#turn) this.finish(onDone);
		});
	}

	/** Nothing is sent or called any more. */
	close(): void {
		this.#turn++;
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	private finish(action: () => void): void {
		this.close();
		action();
	}

	private send(values: JSONObject, done: (error: Error | null) => void): void {
		try {
			this.#report(values, done);
		} catch (error) {
			done(error as Error);
		}
	}
}
