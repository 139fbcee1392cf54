// A link on the clock: round trip, bandwidth, loss and TCP's receive window. Both sides are in this process.
import type { Cancel } from "../hosts/virtual/clock.ts";
import { addressNumber, type Network, type Wire, type WireEvents } from "../hosts/virtual/network.ts";
import { makeRandom, type Random } from "../hosts/virtual/tear.ts";
import type { BenchClock } from "./clock.ts";

const Segment = 1436; // bytes: Ethernet's 1500 less IP, TCP and timestamp headers, as lwIP has it

/** Properties of a link. */
export interface LinkOptions {
	/** Milliseconds, there and back. */
	roundTrip: number;
	/** Bytes per millisecond (kB/s), each way. */
	rate: number;
	/** Bytes that may be on their way unacknowledged. */
	window: number;
	/** Share of the segments that are lost once, 0…1; default 0. The same ones at every run. */
	loss?: number;
}

/** The server's end of a connection: gets what the device sent, and a way to answer. */
export type Serve = (send: (data: Uint8Array) => void) => (data: Uint8Array) => void;

/** One direction: segments leave at the link's rate, arrive half a round trip later, and at most a window is unacknowledged. */
class Pipe {
	queued = 0;
	#flying = 0;
	#owed = 0; // arrived while paused: acknowledged on resume
	#free = 0; // when the line is idle again
	#paused = false;
	#closed = false;
	#queue: Uint8Array[] = [];
	#arrived = 0; // when the segment before arrives: TCP hands on in order
	readonly #lose: Random = makeRandom(1);
	readonly #clock: BenchClock;
	readonly #link: LinkOptions;
	readonly #arrive: (data: Uint8Array) => void;
	readonly #drained: (() => void) | undefined;

	/** `drained`: the board sends; without it the board receives, and what arrives waits for it. */
	constructor(
		clock: BenchClock,
		link: LinkOptions,
		arrive: (data: Uint8Array) => void,
		drained?: () => void,
	) {
		this.#clock = clock;
		this.#link = link;
		this.#arrive = arrive;
		this.#drained = drained;
	}

	write(data: Uint8Array): void {
		this.#queue.push(data.slice());
		this.queued += data.length;
		this.#send();
	}

	pause(): void {
		this.#paused = true;
	}

	resume(): void {
		this.#paused = false;
		if (this.#owed) this.#acknowledge(this.#owed);
		this.#owed = 0;
	}

	close(): void {
		this.#closed = true;
		this.#queue = [];
	}

	#send(): void {
		const now = this.#clock.now();
		while (this.#queue.length) {
			const room = this.#link.window - this.#flying;
			if (room < Math.min(Segment, this.queued - this.#flying)) return; // RFC 1122, 4.2.3.4: no silly windows
			const segment = this.#take(Math.min(Segment, room));
			this.#flying += segment.length;
			this.#free = Math.max(this.#free, now) + segment.length / this.#link.rate;
			this.#arrived = Math.max(this.#arrived, this.#free + this.#link.roundTrip * this.#trips);
			const deliver = () => this.#deliver(segment);
			if (this.#drained) this.#clock.outside(this.#arrived - now, deliver);
			else this.#clock.at(this.#arrived - now, deliver);
		}
	}

	/** The next bytes of the stream, whoever wrote them. */
	#take(most: number): Uint8Array {
		const parts: Uint8Array[] = [];
		for (let left = most; left > 0 && this.#queue[0]; ) {
			const part = this.#queue[0].subarray(0, left);
			parts.push(part);
			left -= part.length;
			if (part.length < this.#queue[0].length) this.#queue[0] = this.#queue[0].subarray(part.length);
			else this.#queue.shift();
		}
		return Buffer.concat(parts);
	}

	/** Round trips until a segment arrives: one more for what was lost and is sent again (fast retransmit, RFC 5681). */
	get #trips(): number {
		const { loss = 0 } = this.#link;
		return loss && this.#lose() < loss ? 1.5 : 0.5;
	}

	#deliver(segment: Uint8Array): void {
		if (this.#closed) return;
		const read = this.#clock.now(); // the bytes leave TCP's buffer before they are worked on
		this.#arrive(segment);
		if (this.#paused) this.#owed += segment.length;
		else this.#acknowledge(segment.length, this.#clock.now() - read);
	}

	#acknowledge(length: number, ago = 0): void {
		this.#clock.outside(this.#link.roundTrip / 2 - ago, () => {
			if (this.#closed) return;
			this.#flying -= length;
			this.queued -= length;
			this.#send();
			if (this.#drained) this.#clock.at(0, this.#drained);
		});
	}
}

/** A network with one server on it, whatever the address. */
export class Link implements Network {
	/** While false, connections are refused. */
	open = true;
	readonly #clock: BenchClock;
	readonly #options: LinkOptions;
	readonly #serve: Serve;
	#cut: () => void = () => {};

	constructor(clock: BenchClock, options: LinkOptions, serve: Serve) {
		this.#clock = clock;
		this.#options = options;
		this.#serve = serve;
	}

	/** Ends the present connection, as a reset by the network does. */
	cut(): void {
		this.#cut();
	}

	connect(_address: string, _port: number, events: WireEvents): Wire {
		const { roundTrip } = this.#options;
		let received: (data: Uint8Array) => void = () => {};
		const down = new Pipe(this.#clock, this.#options, events.onData);
		const up = new Pipe(this.#clock, this.#options, (data) => received(data), events.onDrain);
		const cancel = this.#clock.at(roundTrip, () => {
			if (!this.open) return events.onEnd();
			received = this.#serve((data) => down.write(data));
			events.onOpen();
		});
		const close = () => {
			cancel();
			up.close();
			down.close();
		};
		this.#cut = () => {
			close();
			this.#cut = () => {};
			this.#clock.at(0, () => events.onEnd());
		};
		return {
			write: (data) => up.write(data),
			get queued() {
				return up.queued;
			},
			pause: () => down.pause(),
			resume: () => down.resume(),
			close,
		};
	}

	resolve(_host: string, done: (address: number | undefined) => void): Cancel {
		return this.#clock.at(this.#options.roundTrip, () => done(addressNumber("127.0.0.1")));
	}
}
