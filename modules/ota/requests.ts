/** What was asked for, and under which request ids. What to ask next follows from the bytes that came, and never lies past the end. */
import type { Pace } from "ota/pace";
import type { Patience } from "ota/patience";
import type { Sink } from "ota/sink";
import type { Source } from "ota/source";
import type { Tally } from "ota/tally";
import Time from "time";

/** A request id and the size of its chunks: the server remembers the package by it, and the size (ThingsBoard 8.4, 8.7). */
export interface Series {
	readonly request: number;
	readonly size: number;
}

export interface RequestsOptions {
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
}

export class Requests {
	readonly #options: RequestsOptions;
	readonly #patience: Patience;
	#series: Series | undefined; // none while disconnected: no answer can match
	#earlier: Series | undefined; // its last chunks may still come
	#first = 0; // byte at which this series was begun
	#answered = false; // this series has been answered: order is safe now
	#asked = 0; // bytes below have been requested
	#refused = false; // the source had no room
	#timed: { end: number; flight: number; ticks: number } | undefined;

	/** Each request that is sent arms the deadline of `patience`. */
	constructor(options: RequestsOptions, patience: Patience) {
		this.#options = options;
		this.#patience = patience;
	}

	/** An answer can match. */
	get isOpen(): boolean {
		return this.#series !== undefined;
	}

	/** Nothing is asked for, and no answer that still comes can match, until `renew`. */
	close(): void {
		this.#series = this.#earlier = undefined;
	}

	/** Whose answer this is. */
	seriesOf(request: number): Series | undefined {
		if (this.#series?.request === request) return this.#series;
		return this.#earlier?.request === request ? this.#earlier : undefined;
	}

	/** A new request id: for a new connection, and when the server has forgotten the old one. */
	renew(): void {
		const { nextRequest, chunkSize, pace } = this.#options;
		this.#series = { request: nextRequest(), size: chunkSize ?? pace.chunkAt(this.place) };
		this.askAgain();
	}

	/** One at a time until it flows again. */
	askAgain(): void {
		this.#earlier = this.#timed = undefined;
		this.#answered = false;
		this.#asked = this.#first = this.start;
		this.ask();
	}

	/** A whole chunk of this series has come: asks for what follows. */
	completed(series: Series): void {
		this.#answered ||= series === this.#series;
		this.#asked = Math.max(this.#asked, this.start); // it came although it was to be asked for again
		this.ask();
	}

	/** There is room again for what the source refused. */
	writable(): void {
		if (this.#series && this.#refused) this.ask();
	}

	/** What came at byte `from` was ahead of its turn: from there on all is asked for again when its turn comes. */
	backTo(from: number): void {
		const { size } = this.#series as Series;
		const behind = Math.min(this.#asked, from);
		this.#asked = behind - (behind % size);
	}

	/** Asks at once for the chunk that is missing. */
	askMissing(): void {
		const { start } = this;
		if (!this.send(start)) this.#asked = this.#first = start;
	}

	/** Bytes came: tells the pace how long they took. */
	measure(): void {
		if (!this.#timed || this.place < this.#timed.end) return;
		this.#options.pace.measured(Time.delta(this.#timed.ticks), this.#timed.flight);
		this.#timed = undefined;
	}

	private get place(): number {
		return this.#options.sink.position;
	}

	/** Begin of the chunk that holds the next byte. */
	private get start(): number {
		return this.place - (this.place % (this.#series as Series).size);
	}

	/** What the window allows, never past the end. */
	private ask(): void {
		for (this.enlarge(); this.mayAsk; this.enlarge()) {
			if (!this.send(this.#asked) || !this.#series) break; // the source may lose the connection meanwhile
			this.#asked += this.#series.size;
		}
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
		this.#patience.arm();
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
}
