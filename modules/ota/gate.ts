/** Lets an update begin, and take each further step, as soon as nothing is against it; tells what is. */
import type { JSONObject, Slots, Store } from "host/contract";
import { attempt } from "ota/attempt";
import { clip } from "ota/errors";
import { Policy, type PolicyOptions } from "ota/policy";
import type { ProgressReport } from "ota/progress";
import { readTrial } from "ota/record";
import Time from "time";
import Timer from "timer";

/** What decides when an update may begin, and who is told. */
export interface GateOptions extends PolicyOptions {
	slots: Slots;
	store: Store;
	/** Random integers 0…2^32-1. */
	random: () => number;
	/** Why a download must not begin now, or undefined; asked once a second while one waits, and told like a rule. */
	wait?(): string | undefined;
	/** Why an update waits; undefined: it goes on. */
	onHold?(reason: string | undefined): void;
}

const PollInterval = 1_000; // milliseconds, while something holds the update up or could

export class Gate {
	readonly #options: GateOptions;
	readonly #report: ProgressReport;
	readonly #policy: Policy;
	#hold: string | undefined;
	/** The step that waits. */
	#next: (() => void) | undefined;
	/** The step that begins a download. */
	#first: (() => void) | undefined;
	/** Of `ota_jitter`, drawn for it; 0…1. */
	#share = 0;
	/** Milliseconds that it has waited, and ticks of the last look. */
	#waited = 0;
	#ticks = 0;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(options: GateOptions, report: ProgressReport) {
		this.#options = options;
		this.#report = report;
		this.#policy = new Policy(options);
	}

	/** Why the update waits, as it was told last, or undefined. */
	get hold(): string | undefined {
		return this.#hold;
	}

	/** A step waits. */
	get isWaiting(): boolean {
		return this.#next !== undefined;
	}

	/** By the application, beside `ota_pause`. */
	set paused(value: boolean) {
		this.#policy.paused = value;
	}

	/** Takes over the rules among shared attributes. True when there was one. */
	merge(values: JSONObject): boolean {
		return this.#policy.merge(values);
	}

	/** Goes back to the application's own rules. True when one was among the names. */
	delete(names: readonly string[]): boolean {
		return this.#policy.delete(names);
	}

	/** Takes the first step of an update after the delay of `ota_jitter`, once no image is on trial and `wait` lets it. */
	begin(step: () => void): void {
		this.#share = this.#options.random() / 2 ** 32;
		this.#waited = 0;
		this.#ticks = Time.ticks;
		this.#first = step;
		this.pass(step);
	}

	/** Takes a step, now or once no rule is against it. Another step that waits is forgotten. */
	pass(step: () => void): void {
		this.#next = step;
		this.proceed();
	}

	/** Takes a step in a second, if nothing is against it then. */
	later(step: () => void): void {
		this.#next = step;
		this.poll(() => this.proceed());
	}

	/** Takes the step that waits, unless a rule is against it. */
	proceed(): void {
		const next = this.#next;
		this.look();
		if (!next || this.#next !== next) return; // `onHold` has decided otherwise
		if (this.#hold === undefined) this.take(next);
		else this.later(next);
	}

	/** Asks the rules; tells when `hold` has changed. */
	look(): void {
		this.tell(this.#policy.hold() ?? this.notYet());
	}

	/** Calls `action` in a second, if a rule could say something else by then. */
	watch(action: () => void): void {
		if (this.#policy.hasRules) this.poll(action);
	}

	/** Nothing waits any more, and that is told. */
	clear(): void {
		this.close();
		this.tell(undefined);
	}

	/** Nothing waits any more. */
	close(): void {
		this.#next = this.#first = undefined;
		this.stop();
	}

	/** What has begun is not stopped by it. */
	private notYet(): string | undefined {
		if (this.#next === undefined || this.#next !== this.#first) return undefined;
		try {
			return (
				this.#options.wait?.() ?? (this.isOnTrial() ? "the running version is on trial" : this.delayed())
			);
		} catch (error) {
			return `expected to know what is on trial, got ${clip(String(error))}`; // nothing is written over a way back by mistake
		}
	}

	/** ESP-IDF refuses an update while the running image is unconfirmed; so do we, and wait for `Trial`'s verdict. Throws what host and store throw. */
	private isOnTrial(): boolean {
		const { slots, store } = this.#options;
		if (slots.running.state === "PENDING_VERIFY") return true;
		const trial = readTrial(store);
		return !!trial && trial.verdict === undefined && !trial.confirmed;
	}

	/** Added up from look to look: the clock's ticks wrap after 24 days. */
	private delayed(): string | undefined {
		this.#waited += Math.max(Time.delta(this.#ticks), 0);
		this.#ticks = Time.ticks;
		return this.#policy.delay(this.#share, this.#waited);
	}

	private tell(reason: string | undefined): void {
		if (reason === this.#hold) return;
		this.#hold = reason;
		this.#report.waits(reason ?? "");
		attempt(() => this.#options.onHold?.(reason));
	}

	private take(step: () => void): void {
		this.close();
		step();
	}

	private poll(action: () => void): void {
		this.stop();
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, PollInterval);
	}

	private stop(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}
}
