/** How much to ask for at once: chunk size and bytes in flight follow what was measured on the way. */

const Most = 65_536; // bytes in flight: twice the receive window of our sdkconfig and more
const Quick = 1_000; // milliseconds; answers within it let the window grow
const Lazy = 3_000; // milliseconds; PINGRESP and PUBACK wait behind what is in flight, so a longer queue is too long
const Usual = 4_096; // bytes of a chunk until the window is full: a small one is soon there on a slow link
const Smallest = 512;
const Grain = 16; // bytes between the chunk sizes that are tried

export class Pace {
	/** Milliseconds from a request to the end of its answer, smoothed; 0 before the first. */
	roundTrip = 0;
	readonly #largest: number;
	#window = 0; // bytes
	#halvings = 0;

	/** `largest`: bytes of a chunk. */
	constructor(largest: number) {
		this.#largest = largest;
	}

	/** Bytes of a chunk for the next request id. Large ones only where the largest window was filled quickly: fewer messages. */
	get chunk(): number {
		if (this.#window === Most && !this.#halvings) return this.#largest;
		const slow = this.roundTrip > Lazy ? 4 : this.roundTrip > Quick ? 2 : 0;
		const usual = Math.min(Usual, this.#largest);
		return Math.max(Math.ceil(usual / 2 ** Math.max(this.#halvings, slow)), Math.min(Smallest, usual));
	}

	/**
	 * The same for a request id that continues at `position`: chunks begin at multiples of their size, so of the sizes down to half
	 * the one is taken that brings least again.
	 */
	chunkAt(position: number): number {
		const most = this.chunk;
		let best = most;
		for (let size = most; size > most / 2 && position % best; size -= Grain)
			if (position % size < position % best) best = size;
		return best;
	}

	/** Requests of `chunk` bytes that may be unanswered. */
	requests(chunk: number): number {
		return Math.max(1, Math.floor(this.#window / chunk));
	}

	/** A chunk of `chunk` bytes has taken so long. */
	measured(ms: number, chunk: number): void {
		this.roundTrip = this.roundTrip ? (7 * this.roundTrip + ms) / 8 : ms;
		const window = Math.max(this.#window, chunk);
		if (ms < Quick) this.#window = Math.min(4 * window, Most);
		else if (ms > Lazy) this.#window = window / 2;
	}

	/** A connection was lost before a whole chunk had come: the next one asks for less at a time. */
	stumbled(): void {
		this.#halvings++;
		this.#window = 0;
	}
}
