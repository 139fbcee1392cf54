/** Firmware update over any source of chunks: decides, downloads, verifies, activates, and tells ThingsBoard. */
import type { JSONObject } from "host/contract";
import { Assignment } from "ota/assignment";
import { attempt } from "ota/attempt";
import { cureOf, OTAError } from "ota/errors";
import { type Firmware, firmwareNames } from "ota/firmware";
import { Gate } from "ota/gate";
import { Installation } from "ota/installation";
import type { UpdaterOptions } from "ota/options";
import { ruleNames } from "ota/policy";
import { ProgressReport } from "ota/progress";
import type { Chunk } from "ota/source";
import type { State } from "ota/states";
import { noTally, reportOf, type Tally } from "ota/tally";
import Timer from "timer";

export type { Progress, UpdaterOptions } from "ota/options";
export type { Conditions, Rules } from "ota/policy";
export type { Chunk, Source } from "ota/source";
export type { State } from "ota/states";
export type { Report } from "ota/telling";
export type { Accept } from "ota/version";

/** Shared attributes to ask for after every connection; what is not there goes to `withdraw`, the rest to `offer`. */
export const sharedNames: readonly string[] = Object.freeze([...firmwareNames, ...ruleNames, "ota_retry"]);

const LargestChunk = 65_536; // ThingsBoard 8.4
const UsualChunk = 16_384;
const ProgressStep = 65_536; // bytes between two onState
const Again = 900_000; // milliseconds from a failure that a later try may cure to that try

/**
 * One updater per device. Feed it attributes (`offer`, `withdraw`), the connection (`connected`, `disconnected`, `writable`) and
 * firmware fragments (`receive`). Needs a `Trial` at every boot. No public method throws, except the constructor.
 */
export default class Updater {
	readonly #options: UpdaterOptions;
	readonly #report: ProgressReport;
	readonly #chunkSize: number;
	readonly #assignment: Assignment;
	readonly #gate: Gate;
	#state: State = "IDLE";
	/** The package that is wanted, being fetched, or failed. */
	#firmware: Firmware | undefined;
	#installation: Installation | undefined;
	#connected = false;
	#request: number;
	/** Runs while a new connection, or so much time on this one, may begin the package again. */
	#again: ReturnType<typeof Timer.set> | undefined;
	#told = 0;
	#closed = false;

	/** Throws RangeError on a chunk size that the server refuses. */
	constructor(options: UpdaterOptions) {
		const { chunkSize = UsualChunk, current } = options;
		if (!Number.isInteger(chunkSize) || chunkSize < 1 || chunkSize > LargestChunk)
			throw new RangeError(`chunkSize: expected an integer 1…${LargestChunk}, got ${chunkSize}`);
		this.#chunkSize = chunkSize;
		this.#options = options;
		this.#report = new ProgressReport(current, options.report);
		this.#assignment = new Assignment(options);
		this.#gate = new Gate(options, this.#report);
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
		return this.#gate.hold;
	}

	/** Takes shared attributes, pushed or asked for: `fw_*`, the rules, and `ota_retry` (a new value: retry); no others are looked at. */
	offer(values: JSONObject): void {
		if (this.isFinal) return;
		const isRuled = this.#gate.merge(values);
		if (this.#assignment.merge(values) && !this.isWorking) this.#assignment.retry();
		this.decide();
		if (isRuled) this.regulate(); // after the decision: the end of a pause must not let a package pass that is gone
	}

	/** Takes the names of deleted attributes. Un-assigning (`fw_title`) stops the update and lifts the quarantine. */
	withdraw(deleted: readonly string[]): void {
		if (this.isFinal) return;
		const isRuled = this.#gate.delete(deleted);
		this.#assignment.delete(deleted);
		if (deleted.includes("fw_title")) this.released();
		else this.decide();
		if (isRuled) this.regulate();
	}

	/** Tries the package again that was given up; nothing while an update is under way. */
	retry(): void {
		if (this.isFinal || this.isWorking) return;
		this.#assignment.retry();
		this.decide();
	}

	/** Gives the package up until another one, a withdrawal, `retry` or a restart; too late once the slot is the boot slot. */
	cancel(): void {
		if (this.isFinal || !(this.isWorking || this.#gate.isWaiting)) return;
		const { written, size } = this.progress;
		this.fail(new OTAError("OTA_CANCELLED", `cancelled at ${written} of ${size} bytes`));
	}

	/** Holds everything up until `resume`; what has come is kept. Too late once the slot is the boot slot. */
	pause(): void {
		this.#gate.paused = true;
		this.regulate();
	}

	resume(): void {
		this.#gate.paused = false;
		this.regulate();
	}

	/** The client is connected: tells what runs and continues at the next byte. */
	connected(): void {
		if (this.#closed) return;
		this.#connected = true;
		this.#report.running();
		if (this.isFetching && this.#gate.hold === undefined) this.#installation?.connected();
	}

	/** The client has lost its connection: no deadline runs until the next one. */
	disconnected(): void {
		this.#connected = false;
		if (this.isFetching) this.#installation?.disconnected();
		if (this.#again !== undefined) this.#assignment.reopen();
		this.calm();
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
		if (this.isFetching && this.#installation)
			this.fail(new OTAError("OTA_SOURCE", `server: expected a chunk, got error ${text}`));
	}

	/** Stops; nothing is called after it. What is in flash stays unbootable. */
	close(): void {
		this.#closed = true;
		this.#gate.close();
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
		this.#firmware = firmware;
		if (this.stop() && this.isTaken(firmware))
			this.#gate.begin(() => this.isTaken(firmware) && this.begin(firmware));
	}

	/** Looked at again when it begins: the trial that it waited for may have given it up. */
	private isTaken(firmware: Firmware): boolean {
		const error = this.#assignment.objection(firmware);
		if (error !== undefined) this.enterFailed(error);
		return error === undefined;
	}

	private refuse(error: string): void {
		this.#firmware = undefined;
		if (this.stop()) this.enterFailed(error);
	}

	/** From what is kept, or from byte 0. */
	private begin(firmware: Firmware): void {
		try {
			this.#installation = new Installation({
				...this.#options,
				firmware,
				chunkSize: this.#chunkSize,
				spoiled: this.#assignment.spoiled(firmware),
				isFirst: this.#assignment.begins(firmware),
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
		this.#assignment.progressed();
		this.notify();
	}

	/** Each of the next steps in a turn of its own, so that the last fragment's callback returns first. */
	private downloaded(error?: OTAError): void {
		if (error) this.fail(error);
		else this.enter("DOWNLOADED", () => this.#gate.pass(() => this.step(() => this.verify())));
	}

	private verify(): void {
		this.#installation?.verify();
		this.enter("VERIFIED", () => this.#gate.pass(() => this.step(() => this.activate())));
	}

	/** Not without a connection: the new image would spend its trial waiting for a server that is away. */
	private activate(): void {
		if (!this.#connected) {
			this.#gate.later(() => this.step(() => this.activate()));
			return;
		}
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
		attempt(() => this.#options.onReady?.());
	}

	/** Looks at the rules again: they have changed, or the second is over. A download waits in the middle; a step before it begins. */
	private regulate(): void {
		if (this.#closed) return;
		if (this.#gate.isWaiting) this.#gate.proceed();
		else if (this.isFetching) this.govern();
	}

	/** Goes on, or stops asking. */
	private govern(): void {
		const installation = this.#installation;
		const was = this.#gate.hold;
		this.#gate.look();
		if (!installation || this.#installation !== installation) return; // `onHold` has decided otherwise
		const { hold } = this.#gate;
		if (hold !== undefined && was === undefined) installation.pause();
		if (hold === undefined && was !== undefined && this.#connected) installation.connected();
		this.#gate.watch(() => this.regulate());
	}

	private released(): void {
		const wasKept = this.#assignment.release();
		if (this.isWorking) this.takenBack();
		else if (wasKept && this.#state === "IDLE")
			this.#report.failed(String(withdrawn("half downloaded, before a restart")));
		else if (this.stop() && this.#state === "FAILED") this.enter("IDLE");
	}

	private takenBack(): void {
		const { written, size } = this.progress;
		if (!this.isWorking) this.stop();
		else this.fail(withdrawn(`at ${written} of ${size} bytes`));
	}

	private fail(error: OTAError): void {
		const cure = cureOf(error.code);
		const tally = this.#installation?.tally;
		const firmware = this.#firmware as Firmware;
		if (!this.stop()) return;
		if (cure === "fresh" && this.#assignment.takeFresh(firmware, tally ?? noTally())) {
			this.begin(firmware);
			return;
		}
		if (cure === "reconnect") this.#again = Timer.set(() => this.askAgain(), Again);
		if (cure === "fresh" || cure === "never") this.#assignment.quarantine(firmware, String(error));
		this.enterFailed(String(error), tally && reportOf(tally));
	}

	/** Download, timers and buffer are let go; nothing waits any more. False: `onHold`, which is told so, has decided otherwise. */
	private stop(): boolean {
		const firmware = this.#firmware;
		this.calm();
		this.#installation?.close();
		this.#installation = undefined;
		this.#report.hold();
		this.#gate.clear();
		return !this.#closed && this.#firmware === firmware;
	}

	/** A server may be out of reach behind a connection that stays. */
	private askAgain(): void {
		this.#again = undefined;
		this.#assignment.reopen();
		this.decide();
	}

	private calm(): void {
		if (this.#again !== undefined) Timer.clear(this.#again);
		this.#again = undefined;
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
		if (this.#closed) return; // by the application, while it was told on the way here
		const progress = this.progress;
		attempt(() =>
			this.#options.onState?.(this.#state, error === undefined ? progress : { ...progress, error }),
		);
	}
}

const withdrawn = (where: string): OTAError => new OTAError("OTA_WITHDRAWN", `package taken back ${where}`);
