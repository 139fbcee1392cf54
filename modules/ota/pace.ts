/** How much to ask for at once: chunk size and bytes in flight follow what was measured on the way. */

const Most = 65_536; // bytes in flight: twice the receive window of our sdkconfig and more
const Queue = 2_000; // milliseconds; PINGRESP and PUBACK wait behind what is in flight, so it is kept to so much time
const Growth = 4; // times, at one measurement
const Usual = 4_096; // bytes of a chunk at first: a small one is soon there on a slow link
const Large = 4; // large chunks are taken when so many of them may be in flight
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

	/** Bytes of a chunk for the next request id: large ones, which are fewer messages, where they take little time. */
	get chunk(): number {
		if (this.#window >= Large * this.#largest) return this.#largest;
		const halvings = Math.max(this.#halvings, Math.floor(this.roundTrip / Queue));
		const usual = Math.min(Usual, this.#largest);
		return Math.max(Math.ceil(usual / 2 ** halvings), Math.min(Smallest, usual));
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
		return Math.max(1, Math.ceil(this.#window / chunk));
	}

	/** `flight` bytes that were in flight have come in so many milliseconds. */
	measured(ms: number, flight: number): void {
		this.roundTrip = this.roundTrip ? (7 * this.roundTrip + ms) / 8 : ms;
		const wanted = (flight * Queue) / Math.max(ms, 1);
		this.#window = Math.min(wanted, Growth * Math.max(this.#window, flight), Most);
	}

	/** A connection was lost before a whole chunk had come: the next one asks for less at a time. */
	stumbled(): void {
		this.#halvings++;
		this.#window = 0;
	}
}
