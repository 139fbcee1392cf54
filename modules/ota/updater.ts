/** Firmware update over any source of chunks: decides, downloads, verifies, activates, and tells ThingsBoard. */
import type { JSONObject } from "host/contract";
import { Assignment } from "ota/assignment";
import { Course, UsualChunk } from "ota/course";
import { OTAError } from "ota/errors";
import { firmwareNames } from "ota/firmware";
import type { UpdaterOptions } from "ota/options";
import { ruleNames } from "ota/policy";
import type { Chunk } from "ota/source";
import type { State } from "ota/states";
import type { Tally } from "ota/tally";

export type { Progress, UpdaterOptions } from "ota/options";
export type { Conditions, Rules } from "ota/policy";
export type { Chunk, Source } from "ota/source";
export type { State } from "ota/states";
export type { Report } from "ota/telling";
export type { Accept } from "ota/version";

/** Shared attributes to ask for after every connection; `offer` takes the answer whole: values, and names of what is not there. */
export const sharedNames: readonly string[] = Object.freeze([...firmwareNames, ...ruleNames, "ota_retry"]);

const LargestChunk = 65_536; // ThingsBoard 8.4
/**
 * One updater per device. Feed it attributes (`offer`, `withdraw`), the connection (`connected`, `disconnected`, `writable`) and
 * firmware fragments (`receive`). Needs a `Trial` at every boot. No public method throws, except the constructor.
 */
export default class Updater {
	readonly #assignment: Assignment;
	readonly #course: Course;

	/** Throws RangeError on a chunk size that the server refuses. */
	constructor(options: UpdaterOptions) {
		const { chunkSize = UsualChunk } = options;
		if (!Number.isInteger(chunkSize) || chunkSize < 1 || chunkSize > LargestChunk)
			throw new RangeError(`chunkSize: expected an integer 1…${LargestChunk}, got ${chunkSize}`);
		this.#assignment = new Assignment(options);
		this.#course = new Course(options, this.#assignment, () => this.decide());
	}

	/** Where the update is; docs/ota-states.md has what may follow. */
	get state(): State {
		return this.#course.state;
	}

	/** Bytes in flash or in the one buffer, and bytes of the image; both 0 without one. */
	get progress(): { written: number; size: number } {
		return this.#course.progress;
	}

	/** Counters of the running update. */
	get stats(): Readonly<Tally> | undefined {
		return this.#course.installation?.tally;
	}

	/** Why the update waits, or undefined. */
	get hold(): string | undefined {
		return this.#course.gate.hold;
	}

	/**
	 * Takes shared attributes, pushed or asked for: `fw_*`, the rules, and `ota_retry` (a new value: retry); no others are looked at.
	 * `deleted`: names of those that one message says are gone or not there; see `withdraw`.
	 */
	offer(values: JSONObject, deleted: readonly string[] = []): void {
		if (this.#course.isFinal) return;
		const { gate } = this.#course;
		const isFreed = gate.delete(deleted);
		const isRuled = gate.merge(values);
		this.#assignment.delete(deleted);
		if (this.#assignment.merge(values) && !this.#course.isWorking) this.#assignment.retry();
		if (deleted.includes("fw_title")) this.#course.release(this.#assignment.release());
		else this.decide();
		// After the decision: the end of a pause must not let a package pass that the same message has replaced or taken back.
		if (isFreed || isRuled) this.#course.regulate();
	}

	/** Takes the names of deleted attributes. Un-assigning (`fw_title`) stops the update and lifts the quarantine. */
	withdraw(deleted: readonly string[]): void {
		this.offer({}, deleted);
	}

	/** Tries the package again that was given up; nothing while an update is under way. Inside `onState` that would be without end. */
	retry(): void {
		if (this.#course.isFinal || this.#course.isWorking) return;
		this.#assignment.retry();
		this.decide();
	}

	/** Gives the package up until another one, a withdrawal, `retry` or a restart; too late once the slot is the boot slot. */
	cancel(): void {
		if (this.#course.isFinal || !(this.#course.isWorking || this.#course.gate.isWaiting)) return;
		const { written, size } = this.#course.progress;
		this.#course.fail(new OTAError("OTA_CANCELLED", `cancelled at ${written} of ${size} bytes`));
	}

	/** Holds everything up until `resume`; what has come is kept. Too late once the slot is the boot slot. */
	pause(): void {
		this.#course.gate.paused = true;
		this.#course.regulate();
	}

	/** Goes on after `pause`; a rule may still hold it up. */
	resume(): void {
		this.#course.gate.paused = false;
		this.#course.regulate();
	}

	/** The client is connected: tells what runs and continues at the next byte. */
	connected(): void {
		this.#course.connected();
	}

	/** The client has lost its connection: no deadline runs until the next one. */
	disconnected(): void {
		this.#course.disconnected();
	}

	/** The source refused a request before, and has room again. */
	writable(): void {
		this.#course.installation?.writable();
	}

	/** Takes a fragment of `count` bytes, which `source.read` gives. */
	receive(count: number, chunk: Chunk): void {
		this.#course.installation?.receive(count, chunk);
	}

	/** The server's own words on `v2/fw/error`; it closes the connection next. */
	sourceError(text: string): void {
		this.#course.sourceError(text);
	}

	/** Stops; nothing is called after it. What is in flash stays unbootable. */
	close(): void {
		this.#course.close();
	}

	private decide(): void {
		const news = this.#assignment.next();
		if (news?.kind === "wanted") this.#course.take(news.firmware);
		else if (news?.kind === "refused") this.#course.refuse(String(news.error));
		else if (news) this.#course.takeBack();
	}
}
