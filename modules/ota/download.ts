/** Fetches one image chunk by chunk: what to keep of what comes, what to do while nothing comes, and when to give up. */
import { OTAError } from "ota/errors";
import { Patience, Tries } from "ota/patience";
import { Requests, type RequestsOptions, type Series } from "ota/requests";
import type { Chunk } from "ota/source";
import Timer from "timer";

export interface DownloadOptions extends RequestsOptions {
	/** The position moved. */
	onProgress(): void;
	/** All bytes are in the sink, or it ended with an error. Nothing is called after it. */
	onDone(error?: OTAError): void;
}

const Silence = 5; // milliseconds; the gap in which what was asked for is on its way

export class Download {
	readonly #options: DownloadOptions;
	readonly #patience: Patience;
	readonly #requests: Requests;
	#came = false; // bytes came over this connection
	#whole = false; // a chunk was completed over this connection
	#gap = -1; // position for which a chunk ahead of its turn has already caused a new request
	#idle: ReturnType<typeof Timer.set> | undefined;

	constructor(options: DownloadOptions) {
		this.#options = options;
		this.#patience = new Patience(options.pace, this);
		this.#requests = new Requests(options, this.#patience);
	}

	/** The connection is there: continues at the next byte under a new request id. */
	connected(): void {
		this.#came = this.#whole = false;
		if (this.isComplete)
			this.end(); // closed when the last byte was told
		else this.renew();
	}

	/** The connection is gone: no deadline runs. One that brought nothing costs a try, for the request may be what ended it. */
	disconnected(): void {
		const { isOpen } = this.#requests;
		if (isOpen && !this.#whole) this.#options.pace.stumbled();
		this.close();
		if (isOpen && !this.#came)
			this.spend("OTA_DELIVERY", `${this.next}: expected bytes, got a lost connection`);
	}

	/** There is room again for what the source refused. */
	writable(): void {
		this.#requests.writable();
	}

	/** Stops; only `connected` starts it again. */
	close(): void {
		this.#requests.close();
		this.#patience.disarm();
		if (this.#idle !== undefined) Timer.clear(this.#idle);
		this.#idle = undefined;
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
		const series = this.#requests.seriesOf(chunk.request);
		if (!series || !this.isOurs(chunk, series)) this.#options.tally.skipped++;
		else if (chunk.index * series.size + chunk.offset > this.place) this.ahead(chunk.index * series.size);
		else this.keep(count, chunk, series);
	}

	private renew(): void {
		this.#requests.renew();
		this.rest();
	}

	private get place(): number {
		return this.#options.sink.position;
	}

	private get isComplete(): boolean {
		return this.place === this.#options.size;
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
		else this.#requests.askAgain();
	}

	/** Skipped, never buffered; it will be asked again in its turn, and the missing one once at once. */
	private ahead(start: number): void {
		this.#options.tally.skipped++;
		this.#requests.backTo(start);
		if (this.#gap === this.place) return;
		this.#gap = this.place;
		if (this.spend("OTA_DELIVERY", `${this.next}: expected it, got byte ${start}`))
			this.#requests.askMissing();
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
		this.#patience.moved();
		this.#requests.measure();
		this.#options.onProgress();
		if (!this.#requests.isOpen) return; // the application has closed us
		if (this.isComplete) this.end();
		else if (this.place >= (index + 1) * series.size) this.completed(series);
	}

	/** Only whole chunks refill the tries, so that requests stay in proportion to the image. */
	private completed(series: Series): void {
		this.#whole = true;
		this.#patience.refill();
		this.#requests.completed(series);
		this.rest();
	}

	/** While nothing comes the sink prepares, one step in a turn, so that nothing else waits longer than for one. */
	private rest(): void {
		if (this.#requests.isOpen && this.#options.sink.isBehind)
			this.#idle ??= Timer.set(() => this.prepareSink(), Silence);
	}

	private prepareSink(): void {
		this.#idle = undefined;
		const { sink } = this.#options;
		const isSilent = this.#patience.silence >= Silence;
		try {
			if (isSilent && sink.isBehind) sink.prepare(); // else the bytes have come sooner, and erase what they need
			this.rest();
		} catch (error) {
			this.end(error as OTAError);
		}
	}

	/** For `Patience`. */
	overdue(deadline: number): void {
		if (this.spend("OTA_TIMEOUT", `${this.next}: expected it within ${deadline} ms, got nothing`))
			this.#requests.askAgain();
	}

	/** Takes one try, or ends. */
	private spend(code: "OTA_TIMEOUT" | "OTA_DELIVERY", text: string): boolean {
		this.#options.tally.again++;
		if (this.#patience.spend()) return true;
		this.end(new OTAError(code, `${text}, ${Tries} times`));
		return false;
	}

	private end(error?: OTAError): void {
		this.close();
		this.#options.onDone(error);
	}
}
