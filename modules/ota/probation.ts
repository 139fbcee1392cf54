/** This image is on trial: it shows in time that it works and is confirmed, or it is given up. */
import type { Slots } from "host/contract";
import { attempt } from "ota/attempt";
import { flashError } from "ota/errors";
import Timer from "timer";

/** What a new image has to show before it is kept. */
export type Proof = "connected" | "acknowledged" | "application";

export interface ProbationOptions {
	slots: Slots;
	/** Milliseconds to the last proof. */
	timeout: number;
	/** The boot loader goes back by itself. */
	guarded: boolean;
	/** What has been shown so far; grows. */
	proved: ReadonlySet<Proof>;
	/** The image is confirmed. */
	onKept(): void;
	/** It is confirmed as far as ESP-IDF can tell, but the other one boots next. */
	onLost(): void;
	/** It has not shown that it works. `offline`: it never reached ThingsBoard. */
	onFailed(reason: string, offline: boolean): void;
}

const Proofs: readonly Proof[] = Object.freeze(["connected", "acknowledged", "application"] as const);
const Pause = 5_000; // milliseconds before a failed confirmation is repeated

export class Probation {
	readonly #options: ProbationOptions;
	#deadline: ReturnType<typeof Timer.set> | undefined;
	#again: ReturnType<typeof Timer.set> | undefined;
	#lastError: unknown;

	/** The time begins. */
	constructor(options: ProbationOptions) {
		this.#options = options;
		this.#deadline = Timer.set(() => this.timedOut(), options.timeout);
	}

	/** Confirms when all is proved. */
	weigh(): void {
		if (this.#options.proved.size === Proofs.length && this.#again === undefined) this.confirm();
	}

	/** Nothing is called after it. */
	close(): void {
		if (this.#deadline !== undefined) Timer.clear(this.#deadline);
		if (this.#again !== undefined) Timer.clear(this.#again);
		this.#deadline = this.#again = undefined;
	}

	private confirm(): void {
		const { slots, guarded, onKept, onLost } = this.#options;
		try {
			slots.confirm();
		} catch (error) {
			this.#lastError = error;
			this.later();
			return;
		}
		this.close();
		if (guarded && attempt(() => slots.running.state) === "UNDEFINED") onLost();
		else onKept();
	}

	private later(): void {
		this.#again = Timer.set(() => {
			this.#again = undefined;
			this.weigh();
		}, Pause);
	}

	private timedOut(): void {
		const { timeout, proved, onFailed } = this.#options;
		this.#deadline = undefined;
		const seen = Proofs.filter((proof) => proved.has(proof)).join(", ") || "nothing";
		const text = this.#lastError
			? flashError("confirm", this.#lastError).message
			: `trial: expected ${Proofs.join(", ")} within ${timeout / 1000} s, got ${seen}`;
		onFailed(text, !proved.has("connected"));
	}
}
