// ECMA-419 TCP and resolver that do what they are told: split inbound bytes anywhere, run out of room, refuse a write, drop.
// The rules that the MQTT client relies on are those of SDK 8.2.3: totals in callbacks, all-or-nothing writes, nothing after close.
import type { Format, ResolveOptions, Socket, SocketOptions, WriteOptions } from "guards/types";
import type { ByteBuffer } from "host/contract";

type Bytes = Uint8Array<ArrayBuffer>;
const view = (data: ByteBuffer): Bytes => (data instanceof Uint8Array ? data : new Uint8Array(data));

/** Joins byte lists. */
export function join(...parts: ArrayLike<number>[]): Bytes {
	const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		result.set(part, at);
		at += part.length;
	}
	return result;
}

export class FakeTCP implements Socket {
	/** Every socket opened since the last `reset`. */
	static opened: FakeTCP[] = [];
	/** Room of a fresh send buffer, bytes; the SDK's simulator has 1536. */
	static window = 1536;
	/** What the constructor throws, when set. */
	static refusal: Error | undefined;

	static reset(): void {
		FakeTCP.opened = [];
		FakeTCP.window = 1536;
		FakeTCP.refusal = undefined;
	}
	static get last(): FakeTCP {
		const last = FakeTCP.opened.at(-1);
		if (!last) throw new Error("FakeTCP: no socket was opened");
		return last;
	}

	readonly options: SocketOptions;
	closed = false;
	/** How often `close` was called. */
	closes = 0;
	/** Bytes that arrived and were not read. */
	unread: Bytes = new Uint8Array(0);
	/** Most bytes that waited to be read. */
	peak = 0;
	/** Whole writes, as the network would see them: a chain of `more` is one. */
	frames: Bytes[] = [];
	/** Frames whose size is not the `byteLength` promised with their first write. */
	torn = 0;
	/** Room left. */
	room = 0;
	/** The write after this many throws; -1 = never. */
	refuseAfter = -1;
	#format: Format;
	#held: Bytes[] = [];
	#promised = 0;

	constructor(options: SocketOptions) {
		if (FakeTCP.refusal) throw FakeTCP.refusal;
		this.options = options;
		this.#format = (options.format as Format) ?? "buffer";
		FakeTCP.opened.push(this);
	}

	get format(): Format {
		return this.#format;
	}
	set format(value: Format) {
		this.#open("format");
		if (value !== "number" && value !== "buffer") throw new RangeError("unimplemented");
		this.#format = value;
	}

	read(into?: number | ByteBuffer): number | ArrayBuffer | undefined {
		this.#open("read");
		if (!this.unread.length) return undefined;
		if (this.#format === "number") return this.#take(1)[0];
		const count = typeof into === "object" ? into.byteLength : (into ?? this.unread.length);
		if (count <= 0 || count > this.unread.length) throw new Error("invalid");
		const taken = this.#take(count);
		if (typeof into !== "object") return taken.buffer;
		(into instanceof Uint8Array ? into : new Uint8Array(into)).set(taken);
		return count;
	}

	write(data: number | ByteBuffer, options?: WriteOptions): number {
		this.#open("write");
		if (this.refuseAfter === 0) throw new Error("would block");
		if (this.refuseAfter > 0) this.refuseAfter -= 1;
		const bytes = typeof data === "number" ? Uint8Array.of(data) : view(data);
		if (bytes.length > this.room) throw new Error("would block");
		this.room -= bytes.length;
		if (!this.#held.length && options?.byteLength) this.#promised = options.byteLength;
		this.#held.push(bytes.slice());
		if (!options?.more) this.#flush();
		return this.room;
	}

	close(): void {
		this.closes += 1;
		this.closed = true;
	}

	/** The connection is there: the whole window is writable. */
	accept(): void {
		this.drain();
	}
	/** The peer took everything: the window is open again. */
	drain(): void {
		this.room = FakeTCP.window;
		this.#call("onWritable", this.room);
	}
	/** Bytes arrive, in segments that end at `cuts`. */
	receive(bytes: ArrayLike<number>, ...cuts: number[]): void {
		const all = join(bytes);
		let start = 0;
		for (const end of [...cuts, all.length]) {
			this.#arrive(all.slice(start, end));
			start = end;
		}
	}
	/** The connection is lost. */
	drop(): void {
		this.#call("onError");
	}
	/** All bytes written and flushed. */
	get sent(): Bytes {
		return join(...this.frames);
	}
	/** Bytes written with `more` and nothing after: they would never leave the chip. */
	get held(): number {
		return this.#held.length;
	}

	#arrive(segment: Bytes): void {
		if (!segment.length || this.closed) return;
		this.unread = join(this.unread, segment);
		this.peak = Math.max(this.peak, this.unread.length);
		this.#call("onReadable", this.unread.length);
	}

	#call(name: "onReadable" | "onWritable" | "onError", count?: number): void {
		if (this.closed) return;
		const callback = this.options[name] as ((this: unknown, count?: number) => void) | undefined;
		callback?.call(this, count);
	}

	#take(count: number): Bytes {
		const taken = this.unread.slice(0, count);
		this.unread = this.unread.slice(count);
		return taken;
	}

	#flush(): void {
		const frame = join(...this.#held);
		this.#held = [];
		if (this.#promised && this.#promised !== frame.length) this.torn += 1;
		this.#promised = 0;
		this.frames.push(frame);
	}

	#open(what: string): void {
		if (this.closed) throw new Error(`FakeTCP ${what}: closed`);
	}
}

export class FakeResolver {
	/** Every resolver made since the last `reset`. */
	static made: FakeResolver[] = [];
	static reset(): void {
		FakeResolver.made = [];
	}
	static get last(): FakeResolver {
		const last = FakeResolver.made.at(-1);
		if (!last) throw new Error("FakeResolver: no resolver was made");
		return last;
	}

	closed = false;
	readonly options: object;
	question: ResolveOptions | undefined;

	constructor(options: object) {
		this.options = options;
		FakeResolver.made.push(this);
	}
	resolve(question: ResolveOptions): void {
		this.question = question;
	}
	close(): void {
		this.closed = true;
	}
	/** The name is known. The SDK's resolver may answer even after `close`, from a loop under way. */
	answer(address = "192.0.2.1"): void {
		const { host = "", onResolved } = this.question ?? {};
		onResolved?.call(this, host, address);
	}
	fail(): void {
		this.question?.onError?.call(this, this.question.host);
	}
}
