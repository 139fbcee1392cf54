// What waits for its turn, in memory. One string each: on XS that is 16 bytes besides the text, where an object is 250.
import type { TBError } from "tbclient/errors";
import { bodyOf, type Completion, headOf, type Message, messageOf } from "tbclient/message";

/** Knows how telemetry is written, and whom to tell. */
export interface Dater {
	/** A message that was kept cannot be had any more: counted, and told in a later turn. */
	refuse(callback: Completion | undefined, error: TBError): void;
	/** Turns the values of early readings into telemetry, with that time, or without any. */
	date(message: Message, ts: number | undefined): void;
}

/** Keeps messages that wait, in order. `Memory` is the default, `tbclient/journal` keeps them over restarts. */
export interface Backlog {
	/** Whether the outbox's bounds are its own. */
	readonly inMemory: boolean;
	/** Messages of it that take memory, and their payload bytes. */
	readonly length: number;
	readonly bytes: number;
	/** Bytes of the largest payload that it can keep. */
	readonly largest: number;
	/** Called once, first of all. */
	start(dater: Dater): void;
	/** Keeps a message at the end. False when there is no room; nothing is kept then. @throws when it is broken. */
	add(message: Message): boolean;
	/** Takes the oldest one out; it is in flight now. */
	take(): Message | undefined;
	/** Takes out the oldest or the newest one, to make room. */
	evict(which: "oldest" | "newest"): Message | undefined;
	/** A message that was taken or evicted is not needed any more. */
	done(message: Message): void;
}

/** In memory, so lost with the power. Its bounds are those of the outbox. */
export class Memory implements Backlog {
	readonly inMemory = true;
	readonly largest = Number.POSITIVE_INFINITY;
	bytes = 0;
	#topic: string;
	#kept: (string | Message | Completion)[] = []; // behind a text stands its callback, if it has one
	#length = 0; // messages in it
	#last: Message | undefined; // the newest, not packed yet: while connected it leaves at once

	/** `topic` of telemetry. */
	constructor(topic: string) {
		this.#topic = topic;
	}

	get length(): number {
		return this.#length + (this.#last ? 1 : 0);
	}

	start(): void {}

	add(message: Message): boolean {
		if (this.#last) this.pack(this.#last);
		this.#last = message;
		this.bytes += message.bytes.byteLength;
		return true;
	}

	take(): Message | undefined {
		if (!this.#length) return this.takeLast();
		const record = this.#kept.shift();
		const callback = typeof this.#kept[0] === "function" ? this.#kept.shift() : undefined;
		return this.unpack(record as string | Message, callback as Completion | undefined);
	}

	evict(which: "oldest" | "newest"): Message | undefined {
		if (which === "oldest") return this.take();
		if (this.#last || !this.#length) return this.takeLast();
		const newest = this.#kept.pop();
		const callback = typeof newest === "function" ? newest : undefined;
		return this.unpack((callback ? this.#kept.pop() : newest) as string | Message, callback);
	}

	done(): void {}

	private takeLast(): Message | undefined {
		const last = this.#last;
		this.#last = undefined;
		if (last) this.bytes -= last.bytes.byteLength;
		return last;
	}

	private pack(message: Message): void {
		const { text, callback } = message;
		this.#kept.push(text === undefined ? message : `${headOf(message, this.#topic)}\n${text}`);
		if (text !== undefined && callback) this.#kept.push(callback);
		this.#length += 1;
	}

	private unpack(record: string | Message, callback: Completion | undefined): Message {
		const message = typeof record === "string" ? this.parse(record, callback) : record;
		this.bytes -= message.bytes.byteLength;
		this.#length -= 1;
		return message;
	}

	private parse(record: string, callback: Completion | undefined): Message {
		const end = record.indexOf("\n");
		return messageOf(record.slice(0, end), bodyOf(record.slice(end + 1)), this.#topic, callback);
	}
}
