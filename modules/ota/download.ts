/** Fetches one image chunk by chunk: what to ask next, what to keep of what comes, and when to give up. */
import { OTAError } from "ota/errors";
import type { Image } from "ota/image";
import Time from "time";
import Timer from "timer";

/** One fragment of a chunk, as `TBClient` hands it on. `byteLength` is that of the whole chunk. */
export interface Chunk {
	request: number;
	index: number;
	offset: number;
	byteLength: number;
	more: boolean;
}

/** Where chunks come from. What `read` leaves when `receive` returns is dropped by the source. */
export interface Source {
	/** Asks for chunk `index`; false when it cannot be sent now. */
	requestFirmware(request: number, index: number, size: number): boolean;
	/** Fills the view with the bytes of the fragment at hand; returns how many. */
	read(view: Uint8Array<ArrayBuffer>): number | undefined;
}

export interface DownloadOptions {
	source: Source;
	image: Image;
	/** Bytes of the image. */
	size: number;
	/** Bytes of a chunk. */
	chunkSize: number;
	/** Draws a fresh request id, 1…2^31-1. */
	nextRequest(): number;
	/** The position moved. */
	onProgress(): void;
	/** All bytes are in flash, or it ended with an error. Nothing is called after it. */
	onDone(error?: OTAError): void;
}

const Window = 4; // requests in flight once the server has answered: 16 KiB at the default chunk size
const Tries = 5; // without one new byte
const Shortest = 5_000; // milliseconds
const Longest = 60_000;

export class Download {
	/** Counters for the application. */
	readonly stats = { requests: 0, again: 0, skipped: 0 };
	readonly #options: DownloadOptions;
	#request = 0; // 0 while disconnected: no answer can match
	#answered = false; // this request id has been answered: order is safe now
	#asked = 0; // chunks below have been requested
	#came = false; // bytes came over this connection
	#gap = -1; // position for which a chunk ahead of its turn has already caused a new request
	#tries = Tries;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#moved = 0; // ticks of the last progress or request
	#timed: { index: number; ticks: number } | undefined;
	#roundTrip = 0; // milliseconds, smoothed

	constructor(options: DownloadOptions) {
		this.#options = options;
	}

	/** The connection is there: continues at the next byte under a new request id. */
	connected(): void {
		this.#request = this.#options.nextRequest();
		this.#came = false;
		this.#askAgain();
	}

	/** The connection is gone: no deadline runs. One that brought nothing costs a try, for the request may be what ended it. */
	disconnected(): void {
		const isVain = this.#request > 0 && !this.#came;
		this.close();
		if (isVain) this.#spend("OTA_DELIVERY", `chunk ${this.#index}: expected bytes, got a lost connection`);
	}

	/** Stops; only `connected` starts it again. */
	close(): void {
		this.#request = 0;
		this.#disarm();
	}

	/** Takes a fragment of `count` bytes. Throws nothing: a source that throws has lost the fragment, flash ends it. */
	receive(count: number, chunk: Chunk): void {
		try {
			this.#receive(count, chunk);
		} catch (error) {
			if (error instanceof OTAError) this.#end(error);
			else this.stats.skipped++;
		}
	}

	#receive(count: number, chunk: Chunk): void {
		if (chunk.request !== this.#request || !this.#isOurs(chunk)) this.stats.skipped++;
		else if (chunk.index * this.#options.chunkSize + chunk.offset > this.#position) this.#ahead(chunk);
		else this.#keep(count, chunk);
	}

	get #position(): number {
		return this.#options.image.position;
	}

	/** The chunk that holds the next byte. */
	get #index(): number {
		return Math.floor(this.#position / this.#options.chunkSize);
	}

	#lengthOf(index: number): number {
		return Math.min(this.#options.chunkSize, this.#options.size - index * this.#options.chunkSize);
	}

	/** A chunk of a wrong length is not used at all; the one we wait for is asked again. */
	#isOurs({ index, offset, byteLength }: Chunk): boolean {
		const expected = this.#lengthOf(index);
		if (expected > 0 && byteLength === expected) return true;
		if (offset === 0 && index === this.#index) this.#wrong(index, expected, byteLength);
		return false;
	}

	/** An empty chunk before the end: the server's cache of this request id has expired (ThingsBoard 8.7). */
	#wrong(index: number, expected: number, came: number): void {
		if (!this.#spend("OTA_DELIVERY", `chunk ${index}: expected ${expected} bytes, got ${came}`)) return;
		if (came === 0) this.connected();
		else this.#askAgain();
	}

	/** Skipped, never buffered; it will be asked again in its turn, and the missing one once at once. */
	#ahead({ index }: Chunk): void {
		this.stats.skipped++;
		this.#asked = Math.max(Math.min(this.#asked, index), this.#index + 1);
		if (this.#gap === this.#position) return;
		this.#gap = this.#position;
		if (this.#spend("OTA_DELIVERY", `chunk ${this.#index}: expected it, got chunk ${index}`))
			this.#send(this.#index);
	}

	#keep(count: number, chunk: Chunk): void {
		const { index, offset } = chunk;
		const start = index * this.#options.chunkSize + offset;
		const from = this.#position;
		if (start + count <= from) this.stats.skipped++;
		else this.#copy(from - start, count);
		if (this.#position > from) this.#progress(index);
	}

	/** The one copy: source to the image's buffer. The first `skip` bytes are known already. */
	#copy(skip: number, count: number): void {
		const { image, source } = this.#options;
		let behind = skip;
		for (let left = count; left > 0; ) {
			const view = image.room(behind > 0 ? Math.min(behind, left) : left);
			const came = source.read(view) ?? 0;
			if (came <= 0) return; // the rest counts as not received
			left -= came;
			if (behind > 0) behind -= came;
			else image.take(came);
		}
	}

	#progress(index: number): void {
		this.#came = true;
		this.#tries = Tries;
		this.#moved = Time.ticks;
		this.#measure(index);
		this.#options.onProgress();
		if (!this.#request) return; // the application has closed us
		if (this.#position === this.#options.size) this.#end();
		else if (this.#index > index) {
			this.#answered = true;
			this.#ask();
		}
	}

	#measure(index: number): void {
		if (this.#timed?.index !== index) return;
		const took = Time.delta(this.#timed.ticks, Time.ticks);
		this.#roundTrip = this.#roundTrip ? (7 * this.#roundTrip + took) / 8 : took;
		this.#timed = undefined;
	}

	/** Requests what the window allows, never past the end. */
	#ask(): void {
		const last = this.#index + (this.#answered ? Window : 1);
		this.#asked = Math.max(this.#asked, this.#index);
		while (this.#asked < last && this.#lengthOf(this.#asked) > 0) {
			if (!this.#send(this.#asked)) return;
			this.#asked++;
		}
	}

	#askAgain(): void {
		this.#timed = undefined;
		this.#answered = false; // one at a time until it flows again
		this.#asked = this.#index;
		this.#ask();
	}

	#send(index: number): boolean {
		const { source, chunkSize } = this.#options;
		this.#arm();
		this.stats.requests++;
		this.#timed ??= { index, ticks: Time.ticks };
		try {
			return source.requestFirmware(this.#request, index, chunkSize);
		} catch {
			return false; // the deadline asks again
		}
	}

	#arm(): void {
		this.#moved = Time.ticks;
		this.#timer ??= Timer.set(() => this.#due(), this.#deadline);
	}

	#disarm(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** Four round trips, doubled with every try in vain: five outlast the client's keep-alive. */
	get #deadline(): number {
		const patience = Math.max(4 * this.#roundTrip, Shortest);
		return Math.min(patience * 2 ** (Tries - this.#tries), Longest);
	}

	/** Bytes move the deadline without touching the timer, which is dear at every fragment. */
	#due(): void {
		this.#timer = undefined;
		const deadline = this.#deadline;
		const left = deadline - Time.delta(this.#moved, Time.ticks);
		if (left > 0) this.#timer = Timer.set(() => this.#due(), left);
		else if (
			this.#spend("OTA_TIMEOUT", `chunk ${this.#index}: expected bytes within ${deadline} ms, got none`)
		)
			this.#askAgain();
	}

	/** Takes one try, or ends. */
	#spend(code: "OTA_TIMEOUT" | "OTA_DELIVERY", text: string): boolean {
		this.stats.again++;
		this.#tries--;
		if (this.#tries > 0) return true;
		this.#end(new OTAError(code, `${text}, ${Tries} times`));
		return false;
	}

	#end(error?: OTAError): void {
		this.close();
		this.#options.onDone(error);
	}
}
