/** Firmware update over any source of chunks: decides, downloads, verifies, activates, and tells ThingsBoard. */
import type { DigestConstructor, JSONObject, Slots, Store } from "host/contract";
import { Assignment } from "ota/assignment";
import { attempt } from "ota/attempt";
import type { Chunk, Source } from "ota/download";
import { cureOf, OTAError } from "ota/errors";
import type { Current, Firmware } from "ota/firmware";
import { Installation } from "ota/installation";
import { ProgressReport } from "ota/progress";
import { readTrial } from "ota/record";
import type { State } from "ota/states";
import type { Report } from "ota/telling";
import Timer from "timer";

export type { Chunk, Report, Source, State };

/** `written` and `size` in bytes; `error` is the text of `fw_error`. */
export interface Progress {
	written: number;
	size: number;
	error?: string;
}

export interface UpdaterOptions {
	/** What runs now. Packages with another title are refused. */
	current: Current;
	slots: Slots;
	/** The namespace that `Trial` uses too. */
	store: Store;
	digest: DigestConstructor;
	source: Source;
	report: Report;
	/** Random integers 0…2^32-1, for request ids. */
	random: () => number;
	/** Bytes of a chunk, 1…65536; default 4096. */
	chunkSize?: number;
	/** Every change of state, and every 64 KiB. */
	onState?(state: State, progress: Progress): void;
	/** The slot is active: restart when you like. */
	onReady?(): void;
}

const LargestChunk = 65_536; // ThingsBoard 8.4
const ProgressStep = 65_536; // bytes between two onState
const PollInterval = 1_000; // milliseconds, while the running image is unconfirmed

/**
 * One updater per device. Feed it attributes (`offer`, `withdraw`), the connection (`connected`, `disconnected`) and
 * firmware fragments (`receive`). Needs a `Trial` at every boot. No public method throws, except the constructor.
 */
export default class Updater {
	readonly #options: UpdaterOptions;
	readonly #report: ProgressReport;
	readonly #chunkSize: number;
	readonly #assignment: Assignment;
	#state: State = "IDLE";
	/** The package that is wanted, being fetched, or failed. */
	#firmware: Firmware | undefined;
	#installation: Installation | undefined;
	#connected = false;
	#request: number;
	#failure: OTAError | undefined;
	#told = 0;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#closed = false;

	/** Throws RangeError on a chunk size that the server refuses. */
	constructor(options: UpdaterOptions) {
		const { chunkSize = 4096 } = options;
		if (!Number.isInteger(chunkSize) || chunkSize < 1 || chunkSize > LargestChunk)
			throw new RangeError(`chunkSize: expected an integer 1…${LargestChunk}, got ${chunkSize}`);
		this.#chunkSize = chunkSize;
		this.#options = options;
		this.#report = new ProgressReport(options.current, options.report);
		this.#assignment = new Assignment(options.current, options.slots, options.store);
		this.#request = options.random() & 0x3fffffff;
	}

	get state(): State {
		return this.#state;
	}

	/** Bytes in flash or in the one buffer, and bytes of the image; both 0 without one. */
	get progress(): { written: number; size: number } {
		return { written: this.#installation?.written ?? 0, size: this.#firmware?.size ?? 0 };
	}

	/** Counters of the running download. */
	get stats(): { requests: number; again: number; skipped: number } | undefined {
		return this.#installation?.stats;
	}

	/** Takes shared attributes, pushed or asked for; other keys than `fw_*` and `ota_retry` (a new value: retry) are not looked at. */
	offer(values: JSONObject): void {
		if (this.#isFinal) return;
		if (this.#assignment.merge(values) && !this.#isWorking) this.#assignment.retry();
		this.#decide();
	}

	/** Takes the names of deleted attributes. Un-assigning (`fw_title`) stops the update and lifts the quarantine. */
	withdraw(deleted: readonly string[]): void {
		if (this.#isFinal) return;
		this.#assignment.delete(deleted);
		if (deleted.includes("fw_title")) this.#released();
		else this.#decide();
	}

	/** Tries the package again that was given up; nothing while an update is under way. */
	retry(): void {
		if (this.#isFinal || this.#isWorking) return;
		this.#assignment.retry();
		this.#decide();
	}

	/** The client is connected: tells what runs and continues at the next byte. */
	connected(): void {
		if (this.#closed) return;
		this.#connected = true;
		this.#report.running();
		if (this.#isFetching) this.#installation?.connected();
	}

	/** The client has lost its connection: no deadline runs until the next one. */
	disconnected(): void {
		this.#connected = false;
		if (this.#isFetching) this.#installation?.disconnected();
		if (this.#failure && cureOf(this.#failure.code) === "reconnect") this.#assignment.reopen();
		this.#failure = undefined;
	}

	/** Takes a fragment of `count` bytes, which `source.read` gives. */
	receive(count: number, chunk: Chunk): void {
		this.#installation?.receive(count, chunk);
	}

	/** The server's own words on `v2/fw/error`; it closes the connection next. */
	sourceError(text: string): void {
		if (this.#isFetching)
			this.#fail(new OTAError("OTA_SOURCE", `server: expected a chunk, got error ${text}`));
	}

	/** Stops; nothing is called after it. What is in flash stays unbootable. */
	close(): void {
		this.#closed = true;
		this.#stop();
		this.#report.close();
	}

	#decide(): void {
		const news = this.#assignment.next();
		if (news?.kind === "wanted") this.#want(news.firmware);
		else if (news?.kind === "refused") this.#refuse(String(news.error));
		else if (news) this.#takenBack();
	}

	/** Closed, or the slot is the boot slot already: nothing can be changed any more. */
	get #isFinal(): boolean {
		return this.#closed || this.#state === "UPDATING";
	}

	get #isFetching(): boolean {
		return this.#state === "DOWNLOADING";
	}

	get #isWorking(): boolean {
		return this.#state !== "IDLE" && this.#state !== "FAILED";
	}

	#want(firmware: Firmware): void {
		this.#stop();
		this.#firmware = firmware;
		const error = this.#assignment.quarantined(firmware);
		if (error === undefined) this.#await();
		else this.#enterFailed(error);
	}

	#refuse(error: string): void {
		this.#stop();
		this.#firmware = undefined;
		this.#enterFailed(error);
	}

	/** ESP-IDF refuses an update while the running image is unconfirmed; so do we, and wait for `Trial`'s verdict. */
	#await(): void {
		this.#timer = undefined;
		if (!this.#isBlocked()) this.#begin();
		else this.#timer = Timer.set(() => this.#await(), PollInterval);
	}

	#isBlocked(): boolean {
		const { current, slots, store } = this.#options;
		if (attempt(() => slots.running.state) === "PENDING_VERIFY") return true;
		const trial = attempt(() => readTrial(store));
		return !!trial && trial.verdict === undefined && trial.version !== current.version;
	}

	/** From byte 0. */
	#begin(): void {
		const firmware = this.#firmware as Firmware;
		try {
			this.#installation = new Installation({
				...this.#options,
				firmware,
				chunkSize: this.#chunkSize,
				nextRequest: () => this.#nextRequest(),
				onProgress: () => this.#progress(),
				onDone: (error) => this.#downloaded(error),
			});
		} catch (error) {
			this.#fail(error as OTAError);
			return;
		}
		this.#told = 0;
		this.#enter("DOWNLOADING");
		if (this.#connected) this.#installation?.connected();
	}

	/** 1…2^30, never 0: the server pins a package to (connection, request id). */
	#nextRequest(): number {
		this.#request = (this.#request & 0x3fffffff) + 1;
		return this.#request;
	}

	#progress(): void {
		const { written } = this.progress;
		if (written - this.#told < ProgressStep) return;
		this.#told = written;
		this.#notify();
	}

	/** Each of the next steps in a turn of its own, so that the last fragment's callback returns first. */
	#downloaded(error?: OTAError): void {
		if (error) this.#fail(error);
		else this.#enter("DOWNLOADED", () => this.#verify());
	}

	#verify(): void {
		this.#installation?.verify();
		this.#enter("VERIFIED", () => this.#activate());
	}

	#activate(): void {
		this.#installation?.activate();
		this.#enter("UPDATING", () => this.#ready());
	}

	#step(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.#fail(error as OTAError);
		}
	}

	#ready(): void {
		this.#stop();
		this.#report.close();
		attempt(() => this.#options.onReady?.());
	}

	#released(): void {
		const hasFailed = this.#state === "FAILED";
		this.#assignment.release();
		this.#takenBack();
		if (hasFailed) this.#enter("IDLE");
	}

	#takenBack(): void {
		const { written, size } = this.progress;
		if (!this.#isWorking) this.#stop();
		else this.#fail(new OTAError("OTA_WITHDRAWN", `package taken back at ${written} of ${size} bytes`));
	}

	#fail(error: OTAError): void {
		const fresh = cureOf(error.code) === "fresh";
		this.#stop();
		if (fresh && this.#assignment.takeFresh()) {
			this.#begin();
			return;
		}
		this.#failure = error;
		if (fresh) this.#assignment.quarantine(this.#firmware as Firmware, String(error));
		this.#enterFailed(String(error));
	}

	/** Download, timer and buffer are let go. */
	#stop(): void {
		this.#failure = undefined;
		this.#installation?.close();
		this.#installation = undefined;
		this.#report.hold();
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** The way into every state but FAILED. */
	#enter(state: State, next?: () => void): void {
		this.#state = state;
		if (state === "IDLE") this.#report.close();
		else this.#report.reached(state, next && (() => this.#step(next)));
		this.#notify();
	}

	#enterFailed(error: string): void {
		this.#state = "FAILED";
		this.#report.failed(error);
		this.#notify(error);
	}

	#notify(error?: string): void {
		const progress = this.progress;
		attempt(() =>
			this.#options.onState?.(this.#state, error === undefined ? progress : { ...progress, error }),
		);
	}
}
