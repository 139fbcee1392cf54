/** Firmware update over any source of chunks: decides, downloads, verifies, activates, and tells ThingsBoard. */
import type { DigestConstructor, JSONObject, Slots, Store } from "host/contract";
import { Assignment } from "ota/assignment";
import { attempt } from "ota/attempt";
import type { Chunk, Source } from "ota/download";
import { cureOf, OTAError } from "ota/errors";
import { type Current, type Firmware, firmwareNames } from "ota/firmware";
import type { Inspect } from "ota/inspector";
import { Installation } from "ota/installation";
import { type Conditions, Policy, type PolicyOptions, type Rules, ruleNames } from "ota/policy";
import { ProgressReport } from "ota/progress";
import { lacksRollback, readTrial } from "ota/record";
import type { State } from "ota/states";
import { noTally, reportOf, type Tally } from "ota/tally";
import type { Report } from "ota/telling";
import type { Accept } from "ota/version";
import Time from "time";
import Timer from "timer";

export type { Accept, Chunk, Conditions, Report, Rules, Source, State };

/** `written` and `size` in bytes; `error` is the text of `fw_error`. */
export interface Progress {
	written: number;
	size: number;
	error?: string;
}

export interface UpdaterOptions extends PolicyOptions {
	/** What runs now. */
	current: Current;
	slots: Slots;
	/** The namespace that `Trial` uses too. */
	store: Store;
	/** Must know MD5, and what the packages' checksums need. */
	digest: DigestConstructor;
	source: Source;
	report: Report;
	/** Random integers 0…2^32-1, for request ids and `ota_jitter`. */
	random: () => number;
	/** Which packages are taken; default `any` version of the running title. */
	accept?: Accept;
	/** Why a download must not begin now, or undefined; asked once a second while one waits, and told like a rule. */
	wait?(): string | undefined;
	/** A second opinion about every package, beside its checksum. */
	inspect?: Inspect;
	/** Update even where the boot loader was seen to know no rollback; default false. */
	withoutRollback?: boolean;
	/** Most bytes of a chunk, 1…65536; default 16384. Over TLS at most 4096: larger records do not fit its buffer. */
	chunkSize?: number;
	/** Every change of state, and every 64 KiB. */
	onState?(state: State, progress: Progress): void;
	/** Why an update waits; undefined: it goes on. */
	onHold?(reason: string | undefined): void;
	/** The slot is active: restart when you like. */
	onReady?(): void;
}

/** Shared attributes to ask for after every connection; what is not there goes to `withdraw`, the rest to `offer`. */
export const sharedNames: readonly string[] = Object.freeze([...firmwareNames, ...ruleNames, "ota_retry"]);

const LargestChunk = 65_536; // ThingsBoard 8.4
const UsualChunk = 16_384;
const ProgressStep = 65_536; // bytes between two onState
const PollInterval = 1_000; // milliseconds, while something holds the update up or could

/**
 * One updater per device. Feed it attributes (`offer`, `withdraw`), the connection (`connected`, `disconnected`, `writable`) and
 * firmware fragments (`receive`). Needs a `Trial` at every boot. No public method throws, except the constructor.
 */
export default class Updater {
	readonly #options: UpdaterOptions;
	readonly #report: ProgressReport;
	readonly #chunkSize: number;
	readonly #assignment: Assignment;
	readonly #policy: Policy;
	#state: State = "IDLE";
	/** The package that is wanted, being fetched, or failed. */
	#firmware: Firmware | undefined;
	#installation: Installation | undefined;
	#connected = false;
	#request: number;
	#failure: OTAError | undefined;
	#held: string | undefined;
	#told = 0;
	/** What the timer does: begin, or take the next step, as soon as nothing holds it up. */
	#next: (() => void) | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#closed = false;

	/** Throws RangeError on a chunk size that the server refuses. */
	constructor(options: UpdaterOptions) {
		const { chunkSize = UsualChunk, current, slots, store, accept } = options;
		if (!Number.isInteger(chunkSize) || chunkSize < 1 || chunkSize > LargestChunk)
			throw new RangeError(`chunkSize: expected an integer 1…${LargestChunk}, got ${chunkSize}`);
		this.#chunkSize = chunkSize;
		this.#options = options;
		this.#report = new ProgressReport(current, options.report);
		this.#assignment = new Assignment(current, slots, store, accept);
		this.#policy = new Policy(options);
		this.#request = options.random() & 0x3fffffff;
	}

	get state(): State {
		return this.#state;
	}

	/** Bytes in flash or in the one buffer, and bytes of the image; both 0 without one. */
	get progress(): { written: number; size: number } {
		return { written: this.#installation?.written ?? 0, size: this.#firmware?.size ?? 0 };
	}

	/** Counters of the running update. */
	get stats(): Readonly<Tally> | undefined {
		return this.#installation?.tally;
	}

	/** Why the update waits, or undefined. */
	get hold(): string | undefined {
		return this.#held;
	}

	/** Takes shared attributes, pushed or asked for: `fw_*`, the rules, and `ota_retry` (a new value: retry); no others are looked at. */
	offer(values: JSONObject): void {
		if (this.isFinal) return;
		if (this.#policy.merge(values)) this.regulate();
		if (this.#assignment.merge(values) && !this.isWorking) this.#assignment.retry();
		this.decide();
	}

	/** Takes the names of deleted attributes. Un-assigning (`fw_title`) stops the update and lifts the quarantine. */
	withdraw(deleted: readonly string[]): void {
		if (this.isFinal) return;
		if (this.#policy.delete(deleted)) this.regulate();
		this.#assignment.delete(deleted);
		if (deleted.includes("fw_title")) this.released();
		else this.decide();
	}

	/** Tries the package again that was given up; nothing while an update is under way. */
	retry(): void {
		if (this.isFinal || this.isWorking) return;
		this.#assignment.retry();
		this.decide();
	}

	/** Gives the package up until another one, a withdrawal, `retry` or a restart; too late once the slot is the boot slot. */
	cancel(): void {
		if (this.isFinal || !(this.isWorking || this.#next)) return;
		const { written, size } = this.progress;
		this.fail(new OTAError("OTA_CANCELLED", `cancelled at ${written} of ${size} bytes`));
	}

	/** Holds everything up until `resume`; what has come is kept. Too late once the slot is the boot slot. */
	pause(): void {
		this.#policy.paused = true;
		this.regulate();
	}

	resume(): void {
		this.#policy.paused = false;
		this.regulate();
	}

	/** The client is connected: tells what runs and continues at the next byte. */
	connected(): void {
		if (this.#closed) return;
		this.#connected = true;
		this.#report.running();
		if (this.isFetching && this.#held === undefined) this.#installation?.connected();
	}

	/** The client has lost its connection: no deadline runs until the next one. */
	disconnected(): void {
		this.#connected = false;
		if (this.isFetching) this.#installation?.disconnected();
		if (this.#failure && cureOf(this.#failure.code) === "reconnect") this.#assignment.reopen();
		this.#failure = undefined;
	}

	/** The source refused a request before, and has room again. */
	writable(): void {
		this.#installation?.writable();
	}

	/** Takes a fragment of `count` bytes, which `source.read` gives. */
	receive(count: number, chunk: Chunk): void {
		this.#installation?.receive(count, chunk);
	}

	/** The server's own words on `v2/fw/error`; it closes the connection next. */
	sourceError(text: string): void {
		if (this.isFetching) this.fail(new OTAError("OTA_SOURCE", `server: expected a chunk, got error ${text}`));
	}

	/** Stops; nothing is called after it. What is in flash stays unbootable. */
	close(): void {
		this.#closed = true;
		this.stop();
		this.#report.close();
	}

	private decide(): void {
		const news = this.#assignment.next();
		if (news?.kind === "wanted") this.want(news.firmware);
		else if (news?.kind === "refused") this.refuse(String(news.error));
		else if (news) this.takenBack();
	}

	/** Closed, or the slot is the boot slot already: nothing can be changed any more. */
	private get isFinal(): boolean {
		return this.#closed || this.#state === "UPDATING";
	}

	private get isFetching(): boolean {
		return this.#state === "DOWNLOADING";
	}

	private get isWorking(): boolean {
		return this.#state !== "IDLE" && this.#state !== "FAILED";
	}

	private want(firmware: Firmware): void {
		this.stop();
		this.#firmware = firmware;
		const error = this.#assignment.quarantined(firmware) ?? this.unguarded;
		if (error === undefined) this.await(firmware);
		else this.enterFailed(error);
	}

	/** Without a rollback a firmware that does not start could not be undone. */
	private get unguarded(): string | undefined {
		const { store, withoutRollback } = this.#options;
		if (withoutRollback || !attempt(() => lacksRollback(store))) return undefined;
		const text =
			"boot loader: expected CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, this chip's went without a trial";
		return String(new OTAError("OTA_ROLLBACK", text));
	}

	private refuse(error: string): void {
		this.stop();
		this.#firmware = undefined;
		this.enterFailed(error);
	}

	/** ESP-IDF refuses an update while the running image is unconfirmed; so do we, and wait for `Trial`'s verdict. */
	private await(firmware: Firmware): void {
		const delay = this.#policy.delay(this.#options.random() / 2 ** 32);
		const decided = Time.ticks;
		const begin = () => {
			if (this.isBlocked() || Time.delta(decided) < delay) this.later(begin);
			else this.begin(firmware);
		};
		this.pass(begin);
	}

	private isBlocked(): boolean {
		const { slots, store } = this.#options;
		if (attempt(() => slots.running.state) === "PENDING_VERIFY") return true;
		const trial = attempt(() => readTrial(store));
		return !!trial && trial.verdict === undefined && !trial.confirmed;
	}

	/** From what is kept, or from byte 0. */
	private begin(firmware: Firmware): void {
		try {
			this.#installation = new Installation({
				...this.#options,
				firmware,
				chunkSize: this.#chunkSize,
				spoiled: this.#assignment.spoiled(firmware),
				nextRequest: () => this.nextRequest(),
				onProgress: () => this.moved(),
				onDone: (error) => this.downloaded(error),
			});
		} catch (error) {
			this.fail(error as OTAError);
			return;
		}
		this.#told = 0;
		const installation = this.#installation;
		this.enter("DOWNLOADING");
		if (this.#installation !== installation) return; // the application has decided otherwise meanwhile
		if (this.#connected) installation.connected();
		installation.begin();
		this.regulate();
	}

	/** 1…2^30, never 0: the server pins a package to (connection, request id). */
	private nextRequest(): number {
		this.#request = (this.#request & 0x3fffffff) + 1;
		return this.#request;
	}

	private moved(): void {
		const { written } = this.progress;
		if (written - this.#told < ProgressStep) return;
		this.#told = written;
		this.notify();
	}

	/** Each of the next steps in a turn of its own, so that the last fragment's callback returns first. */
	private downloaded(error?: OTAError): void {
		if (error) this.fail(error);
		else this.enter("DOWNLOADED", () => this.pass(() => this.step(() => this.verify())));
	}

	private verify(): void {
		this.#installation?.verify();
		this.enter("VERIFIED", () => this.pass(() => this.step(() => this.activate())));
	}

	private activate(): void {
		this.#installation?.activate();
		this.enter("UPDATING", () => this.ready());
	}

	private step(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.fail(error as OTAError);
		}
	}

	private ready(): void {
		this.stop();
		this.#report.close();
		attempt(() => this.#options.onReady?.());
	}

	/** Looks at the rules again: they have changed, or the second is over. A download waits in the middle; a step before it begins. */
	private regulate(): void {
		if (this.#closed) return;
		if (this.#next) this.pass(this.#next);
		else if (this.isFetching) this.govern();
	}

	/** Goes on, or stops asking. */
	private govern(): void {
		const was = this.#held;
		const reason = this.holdUp();
		if (reason !== undefined && was === undefined) this.#installation?.pause();
		if (reason === undefined && was !== undefined && this.#connected) this.#installation?.connected();
		if (this.#policy.hasRules) this.poll(() => this.regulate());
	}

	/** Takes the next step unless a rule is against it. */
	private pass(action: () => void): void {
		this.disarm();
		if (this.holdUp() === undefined) action();
		else this.later(action);
	}

	private later(action: () => void): void {
		this.#next = action;
		this.poll(() => this.pass(action));
	}

	/** What the rules say now; told when it changes. */
	private holdUp(): string | undefined {
		const reason = this.#policy.hold() ?? this.elsewhere();
		this.tellHold(reason);
		return reason;
	}

	/** What has begun is not stopped by it. */
	private elsewhere(): string | undefined {
		return this.isWorking ? undefined : attempt(() => this.#options.wait?.());
	}

	private tellHold(reason: string | undefined): void {
		if (reason === this.#held) return;
		this.#held = reason;
		this.#report.waits(reason ?? "");
		attempt(() => this.#options.onHold?.(reason));
	}

	private poll(action: () => void): void {
		this.clear();
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, PollInterval);
	}

	private released(): void {
		const hasFailed = this.#state === "FAILED";
		this.#assignment.release();
		this.takenBack();
		if (hasFailed) this.enter("IDLE");
	}

	private takenBack(): void {
		const { written, size } = this.progress;
		if (!this.isWorking) this.stop();
		else this.fail(new OTAError("OTA_WITHDRAWN", `package taken back at ${written} of ${size} bytes`));
	}

	private fail(error: OTAError): void {
		const cure = cureOf(error.code);
		const tally = this.#installation?.tally;
		const firmware = this.#firmware as Firmware;
		this.stop();
		if (cure === "fresh" && this.#assignment.takeFresh(firmware, tally ?? noTally())) {
			this.begin(firmware);
			return;
		}
		this.#failure = error;
		if (cure === "fresh" || cure === "never") this.#assignment.quarantine(firmware, String(error));
		this.enterFailed(String(error), tally && reportOf(tally));
	}

	/** Download, timers and buffer are let go; nothing waits any more. */
	private stop(): void {
		this.#failure = undefined;
		this.#installation?.close();
		this.#installation = undefined;
		this.#report.hold();
		this.disarm();
		if (!this.#closed) this.tellHold(undefined);
	}

	private disarm(): void {
		this.#next = undefined;
		this.clear();
	}

	private clear(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** The way into every state but FAILED. */
	private enter(state: State, next?: () => void): void {
		this.#state = state;
		if (state === "IDLE") this.#report.close();
		else this.#report.reached(state, next);
		this.notify();
	}

	private enterFailed(error: string, report?: JSONObject): void {
		this.#state = "FAILED";
		this.#report.failed(error, report);
		this.notify(error);
	}

	private notify(error?: string): void {
		const progress = this.progress;
		attempt(() =>
			this.#options.onState?.(this.#state, error === undefined ? progress : { ...progress, error }),
		);
	}
}
