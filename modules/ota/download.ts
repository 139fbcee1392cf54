/** Fetches one image chunk by chunk: what to ask next, what to keep of what comes, and when to give up. */
import { OTAError } from "ota/errors";
import type { Pace } from "ota/pace";
import type { Tally } from "ota/tally";
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
	/** Asks for chunk `index`; false when it cannot be sent now: `writable` then tells when to ask again. */
	requestFirmware(request: number, index: number, size: number): boolean;
	/** Fills the view with the bytes of the fragment at hand; returns how many. */
	read(view: Uint8Array<ArrayBuffer>): number | undefined;
}

/** Where bytes go, in order. */
export interface Sink {
	/** Bytes so far. */
	readonly position: number;
	/** Where the next bytes go: at most `count`. */
	room(count: number): Uint8Array<ArrayBuffer>;
	/** Keeps `count` bytes that were put there. */
	take(count: number): void;
	/** There is something to `prepare` while nothing comes. */
	readonly isBehind: boolean;
	/** One bounded step. */
	prepare(): void;
}

export interface DownloadOptions {
	source: Source;
	sink: Sink;
	/** Bytes of all. */
	size: number;
	pace: Pace;
	/** Bytes of a chunk; default: as `pace` says. */
	chunkSize?: number;
	tally: Tally;
	/** Draws a fresh request id, 1…2^31-1. */
	nextRequest(): number;
	/** The position moved. */
	onProgress(): void;
	/** All bytes are in the sink, or it ended with an error. Nothing is called after it. */
	onDone(error?: OTAError): void;
}

/** A request id and the size of its chunks: the server remembers the package by it, and the size (ThingsBoard 8.4, 8.7). */
interface Series {
	readonly request: number;
	readonly size: number;
}

const Tries = 5; // without one new chunk
const Shortest = 5_000; // milliseconds
const Longest = 60_000;
const Silence = 5; // milliseconds; the gap in which what was asked for is on its way

export class Download {
	readonly #options: DownloadOptions;
	#series: Series | undefined; // none while disconnected: no answer can match
	#earlier: Series | undefined; // its last chunks may still come
	#first = 0; // byte at which this series was begun
	#answered = false; // this series has been answered: order is safe now
	#asked = 0; // bytes below have been requested
	#refused = false; // the source had no room
	#came = false; // bytes came over this connection
	#whole = false; // a chunk was completed over this connection
	#gap = -1; // position for which a chunk ahead of its turn has already caused a new request
	#tries = Tries;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#idle: ReturnType<typeof Timer.set> | undefined;
	#moved = 0; // ticks of the last progress or request
	#timed: { end: number; flight: number; ticks: number } | undefined;

	constructor(options: DownloadOptions) {
		this.#options = options;
	}

	/** The connection is there: continues at the next byte under a new request id. */
	connected(): void {
		this.#came = this.#whole = false;
		this.renew();
	}

	/** The connection is gone: no deadline runs. One that brought nothing costs a try, for the request may be what ended it. */
	disconnected(): void {
		const isVain = !!this.#series && !this.#came;
		if (this.#series && !this.#whole) this.#options.pace.stumbled();
		this.close();
		if (isVain) this.spend("OTA_DELIVERY", `${this.next}: expected bytes, got a lost connection`);
	}

	/** There is room again for what the source refused. */
	writable(): void {
		if (this.#series && this.#refused) this.ask();
	}

	/** Stops; only `connected` starts it again. */
	close(): void {
		this.#series = this.#earlier = undefined;
		this.disarm();
	}

	/** Takes a fragment of `count` bytes. Throws nothing: a source that throws has lost the fragment, flash ends it. */
	receive(count: number, chunk: Chunk): void {
		this.#options.tally.bytes += count;
		try {
			this.take(count, chunk);
		} catch (error) {
			if (error instanceof OTAError) this.end(error);
			else this.#options.tally.skipped++;
		}
	}

	private take(count: number, chunk: Chunk): void {
		const series = [this.#series, this.#earlier].find((one) => one?.request === chunk.request);
		if (!series || !this.isOurs(chunk, series)) this.#options.tally.skipped++;
		else if (chunk.index * series.size + chunk.offset > this.place) this.ahead(chunk, series);
		else this.keep(count, chunk, series);
	}

	private get place(): number {
		return this.#options.sink.position;
	}

	/** Begin of the chunk that holds the next byte. */
	private get start(): number {
		return this.place - (this.place % (this.#series as Series).size);
	}

	/** For texts. */
	private get next(): string {
		return `byte ${this.place}`;
	}

	/** A chunk of a wrong length is not used at all; the one we wait for is asked again. */
	private isOurs({ index, offset, byteLength }: Chunk, { size }: Series): boolean {
		const expected = Math.min(size, this.#options.size - index * size);
		if (expected > 0 && byteLength === expected) return true;
		const isNext = index === Math.floor(this.place / size);
		if (offset === 0 && isNext) this.wrong(index, expected, byteLength);
		return false;
	}

	/** An empty chunk before the end: the server's cache of this request id has expired (ThingsBoard 8.7). */
	private wrong(index: number, expected: number, came: number): void {
		if (!this.spend("OTA_DELIVERY", `chunk ${index}: expected ${expected} bytes, got ${came}`)) return;
		if (came === 0) this.renew();
		else this.askAgain();
	}

	/** Skipped, never buffered; it will be asked again in its turn, and the missing one once at once. */
	private ahead({ index }: Chunk, { size }: Series): void {
		this.#options.tally.skipped++;
		const mine = this.#series as Series;
		const behind = Math.min(this.#asked, index * size);
		const missing = this.#refused ? this.start : this.start + mine.size;
		this.#asked = Math.max(behind - (behind % mine.size), missing);
		if (this.#gap === this.place) return;
		this.#gap = this.place;
		if (!this.spend("OTA_DELIVERY", `${this.next}: expected it, got byte ${index * size}`)) return;
		if (!this.send(this.start)) this.#asked = this.#first = this.start;
	}

	private keep(count: number, { index, offset }: Chunk, series: Series): void {
		const start = index * series.size + offset;
		const from = this.place;
		if (start + count <= from) this.#options.tally.skipped++;
		else this.copy(from - start, count);
		if (this.place > from) this.progress(index, series);
	}

	/** The one copy: source to the sink's buffer. The first `skip` bytes are known already. */
	private copy(skip: number, count: number): void {
		const { sink, source } = this.#options;
		let behind = skip;
		for (let left = count; left > 0; ) {
			const view = sink.room(behind > 0 ? Math.min(behind, left) : left);
			const came = source.read(view) ?? 0;
			if (came <= 0) return; // the rest counts as not received
			left -= came;
			if (behind > 0) behind -= came;
			else sink.take(came);
		}
	}

	private progress(index: number, series: Series): void {
		this.#came = true;
		this.#moved = Time.ticks;
		this.measure();
		this.#options.onProgress();
		if (!this.#series) return; // the application has closed us
		if (this.place === this.#options.size) this.end();
		else if (this.place >= (index + 1) * series.size) this.completed(series);
	}

	/** Only whole chunks refill the tries, so that requests stay in proportion to the image. */
	private completed(series: Series): void {
		this.#whole = true;
		this.#tries = Tries;
		this.#answered ||= series === this.#series;
		this.ask();
	}

	private measure(): void {
		if (!this.#timed || this.place < this.#timed.end) return;
		this.#options.pace.measured(Time.delta(this.#timed.ticks), this.#timed.flight);
		this.#timed = undefined;
	}

	/** A new request id: for a new connection, and when the server has forgotten the old one. */
	private renew(): void {
		const { nextRequest, chunkSize, pace } = this.#options;
		this.#series = { request: nextRequest(), size: chunkSize ?? pace.chunkAt(this.place) };
		this.askAgain();
	}

	/** One at a time until it flows again. */
	private askAgain(): void {
		this.#earlier = this.#timed = undefined;
		this.#answered = false;
		this.#asked = this.#first = this.start;
		this.ask();
	}

	/** Requests what the window allows, never past the end. */
	private ask(): void {
		this.#refused = false;
		for (this.enlarge(); this.mayAsk; this.enlarge()) {
			if (!this.send(this.#asked)) break;
			this.#asked += (this.#series as Series).size;
		}
		this.rest();
	}

	private get mayAsk(): boolean {
		if (this.#asked >= this.#options.size) return false;
		if (!this.#answered) return this.#asked === this.#first;
		const { size } = this.#series as Series;
		return this.#asked < this.start + this.#options.pace.requests(size) * size;
	}

	/** Goes over to larger chunks, which takes a request id of their own; what was asked before still comes under the old one. */
	private enlarge(): void {
		const { nextRequest, chunkSize, pace } = this.#options;
		const size = chunkSize ?? pace.chunk;
		const series = this.#series as Series;
		if (!this.#answered || size <= series.size || this.#asked % size) return;
		this.#earlier = series;
		this.#series = { request: nextRequest(), size };
		this.#answered = false;
		this.#first = this.#asked;
	}

	/** Asks for the chunk at byte `start`; false when that is not possible now. */
	private send(start: number): boolean {
		const { source, tally, size: all } = this.#options;
		const { request, size } = this.#series as Series;
		this.arm();
		try {
			this.#refused = !source.requestFirmware(request, start / size, size);
		} catch {
			this.#refused = true; // the deadline asks again
		}
		if (this.#refused) return false;
		tally.requests++;
		const end = Math.min(start + size, all);
		this.#timed ??= { end, flight: end - this.place, ticks: Time.ticks };
		return true;
	}

	/** While nothing comes the sink prepares, one step in a turn, so that nothing else waits longer than for one. */
	private rest(): void {
		if (this.#options.sink.isBehind) this.#idle ??= Timer.set(() => this.prepareSink(), Silence);
	}

	private prepareSink(): void {
		this.#idle = undefined;
		const { sink } = this.#options;
		const isSilent = Time.delta(this.#moved) >= Silence;
		try {
			if (isSilent && sink.isBehind) sink.prepare(); // else the bytes have come sooner, and erase what they need
			this.rest();
		} catch (error) {
			this.end(error as OTAError);
		}
	}

	private arm(): void {
		this.#moved = Time.ticks;
		this.#timer ??= Timer.set(() => this.due(), this.deadline);
	}

	private disarm(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		if (this.#idle !== undefined) Timer.clear(this.#idle);
		this.#timer = this.#idle = undefined;
	}

	/** Four round trips, doubled with every try in vain: five outlast the client's keep-alive. */
	private get deadline(): number {
		const patience = Math.max(4 * this.#options.pace.roundTrip, Shortest);
		return Math.min(patience * 2 ** (Tries - this.#tries), Longest);
	}

	/** Bytes move the deadline without touching the timer, which is dear at every fragment. */
	private due(): void {
		this.#timer = undefined;
		const deadline = this.deadline;
		const left = deadline - Time.delta(this.#moved);
		if (left > 0) this.#timer = Timer.set(() => this.due(), left);
		else if (this.spend("OTA_TIMEOUT", `${this.next}: expected it within ${deadline} ms, got nothing`))
			this.askAgain();
	}

	/** Takes one try, or ends. */
	private spend(code: "OTA_TIMEOUT" | "OTA_DELIVERY", text: string): boolean {
		this.#options.tally.again++;
		this.#tries--;
		if (this.#tries > 0) return true;
		this.end(new OTAError(code, `${text}, ${Tries} times`));
		return false;
	}

	private end(error?: OTAError): void {
		this.close();
		this.#options.onDone(error);
	}
}
