// Serves an image in chunks by ThingsBoard's rules (8.5): the last chunk is shorter, past the end it is empty. Can misbehave.
import type { Chunk, Source } from "ota/source";

export interface Request {
	request: number;
	index: number;
	size: number;
}

export class FakeServer implements Source {
	image: Uint8Array<ArrayBuffer>;
	/** Bytes of a fragment. */
	fragment = 1000;
	/** Fragments of a chunk that arrive; the others are lost. */
	fragments = Number.POSITIVE_INFINITY;
	/** Requests not yet answered. */
	readonly pending: Request[] = [];
	/** All requests, for the budget. */
	readonly asked: Request[] = [];
	/** Requests past the end: there must be none. */
	pastEnd = 0;
	/** False: nothing can be sent now. */
	accepts = true;
	/** The call of this number (from 0) of `requestFirmware` and `read` throws; -1 never. */
	failAt = -1;
	/** Bytes that were delivered. */
	delivered = 0;
	/** The package of each request id, as it was at the first request (ThingsBoard 8.7). */
	readonly #pinned = new Map<number, Uint8Array<ArrayBuffer>>();
	/** Calls so far. */
	count = 0;
	#fragment: Uint8Array = new Uint8Array(0);

	constructor(image: Uint8Array<ArrayBuffer>) {
		this.image = image;
	}

	requestFirmware(request: number, index: number, size: number): boolean {
		this.#operate();
		if (!this.accepts) return false;
		if (!this.#pinned.has(request)) this.#pinned.set(request, this.image);
		if (index * size >= this.imageOf(request).length) this.pastEnd++;
		this.asked.push({ request, index, size });
		this.pending.push({ request, index, size });
		return true;
	}

	read(view: Uint8Array): number {
		this.#operate();
		const bytes = this.#fragment.subarray(0, view.length);
		view.set(bytes);
		this.#fragment = this.#fragment.subarray(bytes.length);
		return bytes.length;
	}

	/** A new connection: no request id is known. */
	connect(): void {
		this.#pinned.clear();
	}

	/** What this request id is answered with. */
	imageOf(request: number): Uint8Array<ArrayBuffer> {
		return this.#pinned.get(request) ?? this.image;
	}

	/** Answers the pending request of this place. False: there is none. */
	answer(to: { receive(count: number, chunk: Chunk): void }, place = 0): boolean {
		const [request] = this.pending.splice(place, 1);
		if (request) this.deliver(to, request);
		return !!request;
	}

	/** Delivers the chunk, or `bytes` in its place. */
	deliver(
		to: { receive(count: number, chunk: Chunk): void },
		{ request, index, size }: Request,
		bytes = this.imageOf(request).slice(index * size, (index + 1) * size),
	): void {
		let offset = 0;
		let left = this.fragments;
		do {
			this.#fragment = bytes.subarray(offset, offset + this.fragment);
			const count = this.#fragment.length;
			this.delivered += count;
			const more = offset + count < bytes.length;
			to.receive(count, { request, index, offset, byteLength: bytes.length, more });
			offset += count;
		} while (offset < bytes.length && --left > 0);
	}

	#operate(): void {
		if (this.count++ === this.failAt) throw new Error("source: refused");
	}
}
