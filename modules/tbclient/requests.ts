import { TBError } from "tbclient/errors";
import Time from "time";
import Timer from "timer";

/** One request: `callback` gets the answer, or why there is none. */
interface Pending<Answer> {
	callback: (error: TBError | null, answer: Answer | undefined) => void;
	/** `Time.ticks` at the request. */
	since: number;
}

/** Requests that may wait at the same time. */
export const MaxRequests = 8;

/** Requests that wait for an answer, by id; one timer serves all deadlines. */
export class Requests<Answer> {
	#pending = new Map<number, Pending<Answer>>();
	#timeout: number;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#lastId = 0;

	/** `timeout` in ms, the same for all, so that the oldest is always due first. */
	constructor(timeout: number) {
		this.#timeout = timeout;
	}

	/** Whether any request waits for its answer. */
	get waiting(): boolean {
		return this.#pending.size > 0;
	}

	/** Returns the id, 1…2^31 - 1, or undefined when too many wait; before ids come round, earlier requests have timed out. */
	add(callback: Pending<Answer>["callback"]): number | undefined {
		if (this.#pending.size >= MaxRequests) return undefined;
		this.#lastId = (this.#lastId % 0x7fffffff) + 1;
		this.#pending.set(this.#lastId, { callback, since: Time.ticks });
		if (this.#timer === undefined) this.#arm();
		return this.#lastId;
	}

	/** Removes a request; undefined when the id is not (or no longer) expected. */
	take(id: number): Pending<Answer>["callback"] | undefined {
		const callback = this.#pending.get(id)?.callback;
		this.#pending.delete(id);
		if (this.#pending.size === 0) this.#disarm();
		return callback;
	}

	/** Settles every request with an error. */
	fail(error: TBError): void {
		for (const id of [...this.#pending.keys()]) this.take(id)?.(error, undefined);
	}

	/** Forgets every request without a call. */
	close(): void {
		this.#pending.clear();
		this.#disarm();
	}

	#disarm(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#arm(): void {
		const [first] = this.#pending.values();
		if (!first) return;
		const rest = this.#timeout - Time.delta(first.since);
		this.#timer = Timer.set(() => this.#expire(), Math.max(rest, 0));
	}

	#expire(): void {
		this.#timer = undefined;
		for (const [id, { since }] of [...this.#pending])
			if (Time.delta(since) >= this.#timeout)
				this.take(id)?.(
					new TBError("TB_TIMEOUT", `request ${id}: no answer in ${this.#timeout} ms`),
					undefined,
				);
		if (this.#timer === undefined) this.#arm();
	}
}
