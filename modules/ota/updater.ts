/** Firmware update over any source of chunks: decides, downloads, verifies, activates, and tells ThingsBoard. */
import type { DigestConstructor, JSONObject, JSONValue, Slots, Store } from "host/contract";
import { type Chunk, Download, type Source } from "ota/download";
import { cureOf, flashError, OTAError, storeError } from "ota/errors";
import { type Current, decide, type Firmware, keyOf, merge } from "ota/firmware";
import { Image } from "ota/image";
import {
	dropQuarantine,
	dropTrial,
	readQuarantine,
	readTrial,
	writeQuarantine,
	writeTrial,
} from "ota/record";
import { moves, type State } from "ota/states";
import { type Report, Teller } from "ota/telling";
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
const Apart = 2; // milliseconds between an acknowledgement and the next state
const LastWord = 5_000; // milliseconds for the acknowledgement of UPDATING before the restart
const FreshDownloads = 1; // per offer, after a wrong checksum or a flash failure
const Reconnects = 3; // downloads per offer that a later connection may begin again

/**
 * One updater per device. Feed it attributes (`offer`, `withdraw`), the connection (`connected`, `disconnected`) and
 * firmware fragments (`receive`). Needs a `Trial` at every boot. No public method throws, except the constructor.
 */
export default class Updater {
	readonly #options: UpdaterOptions;
	readonly #teller: Teller;
	readonly #chunkSize: number;
	#state: State = "IDLE";
	#offer: JSONObject = {};
	/** The package that is wanted, being fetched, or failed. */
	#firmware: Firmware | undefined;
	/** Identity of what was decided last, refusals included. */
	#decided = "";
	#image: Image | undefined;
	#download: Download | undefined;
	#connected = false;
	#request: number;
	#fresh = FreshDownloads;
	#reconnects = Reconnects;
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
		this.#teller = new Teller(options.report);
		this.#request = options.random() & 0x3fffffff;
	}

	get state(): State {
		return this.#state;
	}

	/** Bytes in flash or in the one buffer, and bytes of the image; both 0 without one. */
	get progress(): { written: number; size: number } {
		return { written: this.#image?.position ?? 0, size: this.#firmware?.size ?? 0 };
	}

	/** Counters of the running download. */
	get stats(): { requests: number; again: number; skipped: number } | undefined {
		return this.#download?.stats;
	}

	/** Takes shared attributes, pushed or asked for; other keys than `fw_*` and `ota_retry` (a new value: retry) are not looked at. */
	offer(values: JSONObject): void {
		if (this.#closed || this.#state === "UPDATING") return;
		if (values.ota_retry !== undefined && this.#isNewRetry(values.ota_retry)) this.#forget();
		this.#offer = merge(this.#offer, values);
		this.#decide();
	}

	/** Takes the names of deleted attributes. Un-assigning (`fw_title`) stops the update and lifts the quarantine. */
	withdraw(deleted: readonly string[]): void {
		if (this.#closed || this.#state === "UPDATING" || !deleted.length) return;
		for (const key of deleted) delete this.#offer[key];
		if (deleted.includes("fw_title")) this.#withdrawn();
		else this.#decide();
	}

	/** Tries the package again that was given up. */
	retry(): void {
		if (this.#closed || this.#state === "UPDATING") return;
		this.#forget();
		this.#decide();
	}

	/** The client is connected: tells what runs and continues at the next byte. */
	connected(): void {
		if (this.#closed) return;
		const { title, version } = this.#options.current;
		this.#connected = true;
		this.#send({ current_fw_title: title, current_fw_version: version });
		this.#download?.connected();
	}

	/** The client has lost its connection: no deadline runs until the next one. */
	disconnected(): void {
		this.#connected = false;
		this.#download?.disconnected();
		if (this.#state !== "FAILED" || !this.#failure || cureOf(this.#failure.code) !== "reconnect") return;
		if (this.#reconnects-- > 0) this.#decided = ""; // the next offer begins again
	}

	/** Takes a fragment of `count` bytes, which `source.read` gives. */
	receive(count: number, chunk: Chunk): void {
		this.#download?.receive(count, chunk);
	}

	/** The server's own words on `v2/fw/error`; it closes the connection next. */
	sourceError(text: string): void {
		if (this.#download) this.#fail(new OTAError("OTA_SOURCE", `server: expected a chunk, got error ${text}`));
	}

	/** Stops; nothing is called after it. What is in flash stays unbootable. */
	close(): void {
		this.#closed = true;
		this.#stop();
		this.#teller.close();
	}

	#decide(): void {
		const { current, slots } = this.#options;
		const decision = decide(this.#offer, current, attempt(() => slots.next.size) ?? 0);
		const key =
			decision.kind === "wanted"
				? keyOf(decision.firmware)
				: `${decision.kind} ${JSON.stringify(this.#offer)}`;
		if (decision.kind === "nothing" || key === this.#decided) return;
		this.#stop();
		this.#decided = key;
		this.#fresh = FreshDownloads;
		if (decision.kind === "refused") this.#fail(decision.error);
		else if (decision.kind === "wanted") this.#want(decision.firmware);
		else if (this.#isWorking) this.#withdrawn();
	}

	get #isWorking(): boolean {
		return this.#state !== "IDLE" && this.#state !== "FAILED";
	}

	#want(firmware: Firmware): void {
		this.#firmware = firmware;
		const quarantine = attempt(() => readQuarantine(this.#options.store));
		if (quarantine?.key === keyOf(firmware)) this.#enter("FAILED", quarantine.error);
		else this.#await();
	}

	/** ESP-IDF refuses an update while the running image is unconfirmed; so do we, and wait for `Trial`'s verdict. */
	#await(): void {
		if (!this.#isBlocked()) this.#begin();
		else this.#after(PollInterval, () => this.#await());
	}

	#isBlocked(): boolean {
		const { current, slots, store } = this.#options;
		if (attempt(() => slots.running.state) === "PENDING_VERIFY") return true;
		const trial = attempt(() => readTrial(store));
		return !!trial && trial.verdict === undefined && trial.version !== current.version;
	}

	/** From byte 0. The slot is about to change, so no trial record may speak of it any more. */
	#begin(): void {
		const { slots, store, digest, source } = this.#options;
		const firmware = this.#firmware as Firmware;
		this.#stop();
		try {
			storing("forget the last trial", () => dropTrial(store));
			this.#image = new Image(firmware, slots, digest);
		} catch (error) {
			this.#fail(error as OTAError);
			return;
		}
		this.#failure = undefined;
		this.#told = 0;
		this.#download = new Download({
			source,
			image: this.#image,
			size: firmware.size,
			chunkSize: this.#chunkSize,
			nextRequest: () => this.#nextRequest(),
			onProgress: () => this.#progress(),
			onDone: (error) => this.#downloaded(error),
		});
		this.#enter("DOWNLOADING");
		if (this.#connected) this.#download?.connected();
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
		this.#download = undefined;
		if (error) this.#fail(error);
		else {
			this.#enter("DOWNLOADED", undefined, () => this.#verify());
		}
	}

	#verify(): void {
		this.#image?.verify();
		this.#enter("VERIFIED", undefined, () => this.#activate());
	}

	/** The record comes first: after the switch a power cut must not leave an image that nobody knows. */
	#activate(): void {
		const { slots, store } = this.#options;
		const firmware = this.#firmware as Firmware;
		storing("keep the trial record", () =>
			writeTrial(store, { ...firmware, slot: slots.next.label, trials: 1 }),
		);
		try {
			slots.activate();
		} catch (error) {
			attempt(() => dropTrial(store));
			throw flashError("activate the slot", error);
		}
		this.#enter("UPDATING");
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
		this.#teller.close();
		attempt(() => this.#options.onReady?.());
	}

	#withdrawn(): void {
		const { written, size } = this.progress;
		const working = this.#isWorking;
		this.#stop();
		this.#forget();
		this.#decided = ""; // the same package may be assigned again
		if (working)
			this.#fail(new OTAError("OTA_WITHDRAWN", `package taken back at ${written} of ${size} bytes`));
		else if (this.#state === "FAILED") this.#enter("IDLE");
	}

	/** The attribute stays on the server and is asked for at every connect, so only a change of it counts. */
	#isNewRetry(value: JSONValue): boolean {
		const { store } = this.#options;
		const text = JSON.stringify(value);
		if (attempt(() => store.get("retry")) === text) return false;
		attempt(() => store.set("retry", text));
		return !!value;
	}

	/** Lifts hold and quarantine. */
	#forget(): void {
		if (!this.#isWorking) this.#decided = "";
		this.#reconnects = Reconnects;
		attempt(() => dropQuarantine(this.#options.store));
	}

	#fail(error: OTAError): void {
		const again = cureOf(error.code) === "fresh" && this.#isWorking;
		this.#stop();
		if (again && this.#fresh-- > 0) {
			this.#begin();
			return;
		}
		this.#failure = error;
		if (again) this.#quarantine(String(error));
		this.#enter("FAILED", String(error));
	}

	#quarantine(error: string): void {
		const key = keyOf(this.#firmware as Firmware);
		attempt(() => writeQuarantine(this.#options.store, { key, error }));
	}

	/** Download, timer and buffer are let go. */
	#stop(): void {
		this.#download?.close();
		this.#download = undefined;
		this.#image = undefined;
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** The one way into a state. */
	#enter(state: State, error?: string, next?: () => void): void {
		if (!moves[this.#state].includes(state)) throw new Error(`ota: no way from ${this.#state} to ${state}`);
		this.#state = state;
		const { title, version } = this.#options.current;
		if (state === "FAILED")
			this.#teller.tell({
				current_fw_title: title,
				current_fw_version: version,
				fw_state: state,
				fw_error: error ?? "",
			});
		else if (state === "UPDATING") this.#lastWord();
		else if (state === "IDLE") this.#teller.close();
		else if (next) this.#stored(state, next);
		else this.#teller.mention({ fw_state: state });
		this.#notify(error);
	}

	/** ThingsBoard keeps one value per key and millisecond, so the next state waits until this one is stored, or long enough. */
	#stored(state: State, next: () => void): void {
		this.#after(LastWord, () => this.#step(next));
		this.#teller.mention({ fw_state: state }, () => this.#after(Apart, () => this.#step(next)));
	}

	#lastWord(): void {
		this.#after(LastWord, () => this.#ready());
		this.#teller.mention({ fw_state: "UPDATING" }, () => this.#ready());
	}

	#notify(error?: string): void {
		const progress = this.progress;
		attempt(() =>
			this.#options.onState?.(this.#state, error === undefined ? progress : { ...progress, error }),
		);
	}

	#send(values: JSONObject): void {
		attempt(() => this.#options.report(values));
	}

	#after(ms: number, action: () => void): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, ms);
	}
}

/** The application's and the host's exceptions end here: one that escaped would restart the chip. */
function attempt<T>(action: () => T): T | undefined {
	try {
		return action();
	} catch {
		return undefined;
	}
}

function storing(what: string, action: () => void): void {
	try {
		action();
	} catch (error) {
		throw storeError(what, error);
	}
}
