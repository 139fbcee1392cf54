/** The course of an update: its state, and its steps from the first byte to the boot slot. What is to be fetched is decided elsewhere. */
import type { JSONObject } from "host/contract";
import type { Assignment } from "ota/assignment";
import { attempt } from "ota/attempt";
import { cureOf, OTAError } from "ota/errors";
import type { Firmware } from "ota/firmware";
import { Gate } from "ota/gate";
import { Installation } from "ota/installation";
import type { UpdaterOptions } from "ota/options";
import { ProgressReport } from "ota/progress";
import type { State } from "ota/states";
import { noTally, reportOf } from "ota/tally";
import Timer from "timer";

/** Bytes of a chunk at most, unless the application says otherwise. */
export const UsualChunk = 16_384;
const ProgressStep = 65_536; // bytes between two onState
const Again = 900_000; // milliseconds from a failure that a later try may cure to that try

export class Course {
	readonly #options: UpdaterOptions;
	readonly #assignment: Assignment;
	readonly #onAgain: () => void;
	readonly #report: ProgressReport;
	/** What may hold it up. */
	readonly gate: Gate;
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

	/** `onAgain`: a failed package may begin again on the connection that is. */
	constructor(options: UpdaterOptions, assignment: Assignment, onAgain: () => void) {
		this.#options = options;
		this.#assignment = assignment;
		this.#onAgain = onAgain;
		this.#report = new ProgressReport(options.current, options.report);
		this.gate = new Gate(options, this.#report);
		this.#request = options.random() & 0x3fffffff;
	}

	get state(): State {
		return this.#state;
	}

	/** Nothing can be changed any more: closed, or the slot is the boot slot. */
	get isFinal(): boolean {
		return this.#closed || this.#state === "UPDATING";
	}

	get isWorking(): boolean {
		return this.#state !== "IDLE" && this.#state !== "FAILED";
	}

	/** What fetches, verifies and activates; none before it begins and after it has ended. */
	get installation(): Installation | undefined {
		return this.#installation;
	}

	/** Bytes in flash or in the one buffer, and bytes of the image; both 0 without one. */
	get progress(): { written: number; size: number } {
		return { written: this.#installation?.written ?? 0, size: this.#firmware?.size ?? 0 };
	}

	/** Takes a package as soon as it may begin, in the place of another. */
	take(firmware: Firmware): void {
		this.#firmware = firmware;
		if (this.stop() && this.isTaken(firmware))
			this.gate.begin(() => this.isTaken(firmware) && this.begin(firmware));
	}

	/** What is assigned cannot be used. */
	refuse(error: string): void {
		this.#firmware = undefined;
		if (this.stop()) this.enterFailed(error);
	}

	/** Nothing is wanted any more. */
	takeBack(): void {
		const { written, size } = this.progress;
		if (!this.isWorking) this.stop();
		else {
			this.#assignment.abandon();
			this.fail(withdrawn(`at ${written} of ${size} bytes`));
		}
	}

	/** The package is not assigned any more. `isNews`: half of it is kept from before a restart, and nobody was told. */
	release(isNews: boolean): void {
		if (this.isWorking) this.takeBack();
		else if (!this.stop()) return;
		else if (this.#state === "FAILED") this.enter("IDLE");
		else if (isNews) this.#report.failed(String(withdrawn("half downloaded, before a restart")));
	}

	/** Ends it; the error says what follows. */
	fail(error: OTAError): void {
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
		this.enterFailed(String(error), tally && reportOf(tally, this.#options.resetReason));
	}

	/** The client is connected: tells what runs and continues at the next byte. */
	connected(): void {
		if (this.#closed) return;
		this.#connected = true;
		this.reopen();
		this.#report.running(this.gate.hold ?? "");
		if (this.isFetching && this.gate.hold === undefined) this.#installation?.connected();
	}

	/** No deadline runs until the next connection, which may begin again what has failed. */
	disconnected(): void {
		this.#connected = false;
		if (this.isFetching) this.#installation?.disconnected();
		this.reopen();
	}

	/** The server's own words; they are about chunks that are fetched, not about a package that waits. */
	sourceError(text: string): void {
		if (this.isFetching && this.#installation)
			this.fail(new OTAError("OTA_SOURCE", `server: expected a chunk, got error ${text}`));
	}

	/** Looks at the rules again: they have changed, or the second is over. A download waits in the middle; a step before it begins. */
	regulate(): void {
		if (this.#closed) return;
		if (this.gate.isWaiting) this.gate.proceed();
		else if (this.isFetching) this.govern();
	}

	/** Nothing is called after it. */
	close(): void {
		this.#closed = true;
		this.stop();
		this.#report.close();
	}

	private get isFetching(): boolean {
		return this.#state === "DOWNLOADING";
	}

	/** Looked at again when it begins: the trial that it waited for may have given it up. */
	private isTaken(firmware: Firmware): boolean {
		const error = this.#assignment.objection(firmware);
		if (error !== undefined) this.enterFailed(error);
		return error === undefined;
	}

	/** From what is kept, or from byte 0. */
	private begin(firmware: Firmware): void {
		try {
			const plan = {
				firmware,
				spoiled: this.#assignment.spoiled(firmware),
				isFirst: this.#assignment.begins(firmware),
				nextRequest: () => this.nextRequest(),
				onProgress: () => this.moved(),
				onDone: (error?: OTAError) => this.downloaded(error),
			};
			this.#installation = new Installation(this.#options, plan, this.#options.chunkSize ?? UsualChunk);
		} catch (error) {
			this.fail(error as OTAError);
			return;
		}
		this.#told = 0;
		const installation = this.#installation;
		this.enter("DOWNLOADING");
		if (this.#installation !== installation) return; // the application has decided otherwise meanwhile
		if (this.#connected && this.gate.hold === undefined) installation.connected();
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
		this.#assignment.progressed(written);
		this.notify();
	}

	/** Each of the next steps in a turn of its own, so that the last fragment's callback returns first. */
	private downloaded(error?: OTAError): void {
		this.#installation?.close(); // only the image is needed any more
		if (error) this.fail(error);
		else this.enter("DOWNLOADED", () => this.gate.pass(() => this.step(() => this.verify())));
	}

	private verify(): void {
		this.#installation?.verify();
		this.enter("VERIFIED", () => this.gate.pass(() => this.step(() => this.activate())));
	}

	/** Not without a connection: the new image would spend its trial waiting for a server that is away. */
	private activate(): void {
		if (!this.#connected) {
			this.gate.later(() => this.step(() => this.activate()));
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

	/** Goes on, or stops asking. */
	private govern(): void {
		const installation = this.#installation;
		const was = this.gate.hold;
		this.gate.look();
		if (!installation || this.#installation !== installation) return; // `onHold` has decided otherwise
		const { hold } = this.gate;
		if (hold !== undefined && was === undefined) installation.pause();
		if (hold === undefined && was !== undefined && this.#connected) installation.connected();
		this.gate.watch(() => this.regulate());
	}

	/** Download, timers and buffer are let go; nothing waits any more. False: `onHold`, which is told so, has decided otherwise. */
	private stop(): boolean {
		const firmware = this.#firmware;
		this.calm();
		this.#installation?.close();
		this.#installation = undefined;
		this.#report.hold();
		if (this.#closed) this.gate.close();
		else this.gate.clear();
		return !this.#closed && this.#firmware === firmware;
	}

	/** A server may be out of reach behind a connection that stays. */
	private askAgain(): void {
		this.#again = undefined;
		this.#assignment.reopen();
		this.#onAgain();
	}

	/** The next offer may begin again what has failed. */
	private reopen(): void {
		if (this.#again !== undefined) this.#assignment.reopen();
		this.calm();
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
