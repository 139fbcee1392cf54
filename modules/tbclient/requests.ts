import { TBError } from "tbclient/errors";
import Time from "time";
import Timer from "timer";

/** Called once: with the answer, or why there is none. */
export type Settle<Answer> = (error: TBError | null, answer?: Answer) => void;

interface Pending<Answer> {
	settle: Settle<Answer>;
	/** `Time.ticks` at the request. */
	since: number;
	/** ms. */
	timeout: number;
}

/** Requests of one kind that may wait at the same time. */
export const MaxRequests = 8;

/** Requests that wait for an answer, by id; one timer serves all deadlines. */
export class Requests<Answer> {
	#pending = new Map<number, Pending<Answer>>();
	#timer: ReturnType<typeof Timer.set> | undefined;
	#lastId: number;

	/** The first id is the one after `lastId`. */
	constructor(lastId = 0) {
		this.#lastId = lastId;
	}

	/** Whether any request waits for its answer. */
	get waiting(): boolean {
		return this.#pending.size > 0;
	}

	/**
	 * Returns the id, 1…2^31 - 1, or undefined when too many wait; before ids come round, earlier requests have timed out.
	 * `timeout` in ms.
	 */
	add(settle: Settle<Answer>, timeout: number): number | undefined {
		if (this.#pending.size >= MaxRequests) return undefined;
		this.#lastId = (this.#lastId % 0x7fffffff) + 1;
		this.#pending.set(this.#lastId, { settle, since: Time.ticks, timeout });
		this.arm();
		return this.#lastId;
	}

	/** Settles a request; an id that is not (or no longer) expected is ignored. */
	settle(id: number, error: TBError | null, answer?: Answer): void {
		const settle = this.#pending.get(id)?.settle;
		this.#pending.delete(id);
		if (!this.#pending.size) this.disarm();
		settle?.(error, answer);
	}

	/** Settles every request with an error. */
	fail(error: TBError): void {
		for (const id of [...this.#pending.keys()]) this.settle(id, error);
	}

	/** Forgets every request without a call. */
	close(): void {
		this.#pending.clear();
		this.disarm();
	}

	private disarm(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** For the request that is due first. */
	private arm(): void {
		this.disarm();
		let next = Number.POSITIVE_INFINITY;
		for (const pending of this.#pending.values()) next = Math.min(next, rest(pending));
		if (this.#pending.size) this.#timer = Timer.set(() => this.expire(), Math.max(next, 0));
	}

	private expire(): void {
		this.#timer = undefined;
		for (const [id, pending] of [...this.#pending])
			if (rest(pending) <= 0)
				this.settle(id, new TBError("TB_TIMEOUT", `request ${id}: no answer in ${pending.timeout} ms`));
		this.arm();
	}
}

const rest = ({ since, timeout }: Pending<never>): number => timeout - Time.delta(since);
