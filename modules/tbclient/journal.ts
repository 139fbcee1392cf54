// Messages that wait in flash: a loss of power at any moment loses none that was accepted, and may at most send one twice.
import type { Log } from "host/contract";
import { reasonOf, TBError } from "tbclient/errors";
import type { Backlog, Dater } from "tbclient/memory";
import { type Completion, kindOf, type Message, makeMessage, ofKind } from "tbclient/message";
import Time from "time";

const LineEnd = 10;
const Head = 200; // bytes of a record that are not payload
const MaxBoots = 16; // whose clock is remembered
const MarkSize = 64; // bytes, at least as many as a mark has

/** What a journal works with. */
export interface JournalOptions {
	/** The application's `host/log`. */
	log: Log;
	/** A number that differs at every boot (`host/system`): readings of an earlier boot cannot be dated by this one's clock. */
	bootId: number;
	/** As the client's. */
	clock?: () => number | undefined;
	/** TB_STORE: flash could not be read or written, or a record in it is damaged. A message that was not kept is told to its completion. */
	onError?(error: TBError): void;
}

/** The first line of a record, JSON: QoS and whether rates count, data points, topic, and of early readings ticks and boot. */
type Line = [kind: number, points: number, topic: string, ticks?: number, boot?: number];
/** The record that dates early readings of a boot: the time at its tick 0. */
type Mark = ["time", boot: number, origin: number];

/**
 * A backlog that survives restarts, `new TBClient({backlog: new Journal({log, bootId}), …})`. A message may have as many bytes as a
 * record; completions are called in the same boot only. Each costs memory, so a long journal is best filled without.
 */
export class Journal implements Backlog {
	readonly inMemory = false;
	readonly length = 0;
	readonly bytes = 0;
	/** Bytes of the largest payload that it keeps: 3872 over `host/log`. */
	readonly largest: number;
	/** Records that were found damaged. */
	damaged = 0;
	#options: JournalOptions;
	#log: Log;
	#position: number | undefined; // of the message taken last, or of a mark behind it
	#callbacks = new Map<number, Completion>();
	#last: Message | undefined; // the newest, while it is the only one that waits
	#waiting = 0;
	#taken = 0; // and not done
	#passed: number[] = []; // marks that are needed until nothing is taken
	#ahead = false; // a mark was written that was not passed: nothing may jump over it, or it would hold its sector for ever
	#origins = new Map<number, number>();
	#early = false; // readings of this boot wait for its clock
	#dater: Dater | undefined;

	constructor(options: JournalOptions) {
		this.#options = options;
		this.#log = options.log;
		this.largest = options.log.maxRecord - Head;
		this.guard(() => this.survey());
	}

	/** Messages in flash that were not taken yet. */
	get waiting(): number {
		return this.#waiting;
	}

	/** For the client. */
	start(dater: Dater): void {
		this.#dater = dater;
	}

	/** For the client. @throws what the log throws. */
	add(message: Message): boolean {
		this.mark();
		const position = this.#log.append(this.encode(message));
		if (position === undefined) return false;
		message.position = position;
		if (message.early !== undefined) this.#early = true;
		if (message.callback) this.#callbacks.set(position, message.callback);
		this.#last = this.#waiting || this.#ahead ? undefined : message;
		this.#waiting += 1;
		return true;
	}

	/** For the client. */
	take(): Message | undefined {
		this.guard(() => this.mark());
		const message = this.#last ?? this.guard(() => this.read());
		this.#last = undefined;
		if (message?.position === undefined) return undefined;
		this.#waiting -= 1;
		this.#taken += 1;
		this.#position = message.position;
		this.#callbacks.delete(message.position);
		return message;
	}

	/** For the client. Only the oldest can give way, since flash is written in one direction; and none while older ones in flight hold their sector. */
	evict(which: "oldest" | "newest"): Message | undefined {
		return which === "oldest" && !this.#taken ? this.take() : undefined;
	}

	/** For the client. */
	done({ position }: Message): void {
		if (position === undefined) return;
		this.remove(position);
		this.#taken -= 1;
		if (!this.#taken) for (const mark of this.#passed.splice(0)) this.remove(mark);
	}

	/** Early readings of this boot can be dated from now on, also by another one. */
	private mark(): void {
		const now = this.#early ? this.#options.clock?.() : undefined;
		if (now === undefined) return;
		const mark: Mark = ["time", this.#options.bootId, Math.floor(now) - (Time.ticks >>> 0)];
		if (this.#log.append(ArrayBuffer.fromString(`${JSON.stringify(mark)}\n`)) === undefined) return;
		this.#early = false;
		this.#ahead = true;
	}

	private encode(message: Message): ArrayBuffer {
		const { points, topic, early, bytes } = message;
		const line: Line = [kindOf(message), points, topic];
		if (early !== undefined) line.push(early >>> 0, this.#options.bootId);
		const head = new Uint8Array(ArrayBuffer.fromString(`${JSON.stringify(line)}\n`));
		const record = new Uint8Array(head.length + bytes.byteLength);
		record.set(head);
		record.set(new Uint8Array(bytes), head.length);
		return record.buffer;
	}

	/** The next message; what is none is passed over. */
	private read(): Message | undefined {
		for (let at = this.#log.after(this.#position); at !== undefined; at = this.#log.after(at)) {
			const found = this.parse(at);
			if (found === "mark") this.pass(at);
			else if (found) return found;
			else {
				this.#waiting -= 1;
				this.lose(at);
			}
		}
		this.#ahead = false;
		return undefined;
	}

	/** A damaged record: what it was is lost, and its completion must not wait for ever. */
	private lose(position: number): void {
		const callback = this.#callbacks.get(position);
		this.#callbacks.delete(position);
		this.#dater?.refuse(callback, new TBError("TB_STORE", `journal: the record at ${position} is damaged`));
		this.remove(position);
	}

	/** A mark is needed until everything before it is done. */
	private pass(mark: number): void {
		this.#position = mark;
		if (this.#taken) this.#passed.push(mark);
		else this.remove(mark);
	}

	/** The message at a position; undefined when it is damaged. */
	private parse(position: number): Message | "mark" | undefined {
		const record = this.#log.read(position);
		try {
			if (!record) throw new TypeError("other bytes than were written");
			const end = new Uint8Array(record).indexOf(LineEnd);
			const line: Line | Mark = JSON.parse(String.fromArrayBuffer(record.slice(0, end)));
			return line[0] === "time" ? "mark" : this.message(position, line, record.slice(end + 1));
		} catch (error) {
			this.damaged += 1;
			this.tell(`record at ${position}: expected a message, got ${reasonOf(error)}`, error);
			return undefined;
		}
	}

	private message(position: number, line: Line, bytes: ArrayBuffer): Message {
		const [kind, points, topic, ticks, boot] = line;
		const callback = this.#callbacks.get(position);
		const message = makeMessage(
			topic,
			{ bytes, text: undefined },
			{ ...ofKind(kind), points, position, callback },
		);
		if (boot === undefined || ticks === undefined) return message;
		message.early = ticks;
		if (boot === this.#options.bootId) return message;
		const origin = this.#origins.get(boot);
		this.#dater?.date(message, origin === undefined ? undefined : origin + ticks);
		return message;
	}

	/** What earlier boots have left. */
	private survey(): void {
		for (let at = this.#log.after(); at !== undefined; at = this.#log.after(at)) {
			const record = this.#log.read(at);
			const text = record && String.fromCharCode(...new Uint8Array(record.slice(0, MarkSize)));
			if (text?.startsWith('["time"')) this.remember(JSON.parse(text) as Mark);
			else this.#waiting += 1;
		}
	}

	private remember([, boot, origin]: Mark): void {
		this.#ahead = true;
		this.#origins.set(boot, origin);
		const [oldest] = this.#origins.keys();
		if (this.#origins.size > MaxBoots && oldest !== undefined) this.#origins.delete(oldest);
	}

	private remove(position: number): void {
		this.guard(() => this.#log.remove(position));
	}

	/** What flash refuses must not stop the client. */
	private guard<Result>(action: () => Result): Result | undefined {
		try {
			return action();
		} catch (error) {
			this.tell(reasonOf(error), error);
			return undefined;
		}
	}

	/** What the application throws over it must not end the connection: the record would be tried again for ever. */
	private tell(text: string, cause: unknown): void {
		try {
			this.#options.onError?.(new TBError("TB_STORE", `journal: ${text}`, cause));
		} catch {
			// There is nobody left to tell.
		}
	}
}
