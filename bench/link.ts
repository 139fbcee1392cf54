// A link on the clock: round trip, bandwidth and TCP's receive window. Both sides are in this process.
import type { Cancel, Clock } from "../hosts/virtual/clock.ts";
import { addressNumber, type Network, type Wire, type WireEvents } from "../hosts/virtual/network.ts";

const Segment = 1436; // bytes: Ethernet's 1500 less IP, TCP and timestamp headers, as lwIP has it

/** Properties of a link. */
export interface LinkOptions {
	/** Milliseconds, there and back. */
	roundTrip: number;
	/** Bytes per millisecond (kB/s), each way. */
	rate: number;
	/** Bytes that may be on their way unacknowledged. */
	window: number;
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
	readonly #clock: Clock;
	readonly #link: LinkOptions;
	readonly #arrive: (data: Uint8Array) => void;
	readonly #drained: () => void;

	constructor(clock: Clock, link: LinkOptions, arrive: (data: Uint8Array) => void, drained = () => {}) {
		this.#clock = clock;
		this.#link = link;
		this.#arrive = arrive;
		this.#drained = drained;
	}

	write(data: Uint8Array): void {
		for (let at = 0; at < data.length; at += Segment) this.#queue.push(data.slice(at, at + Segment));
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
		for (let next = this.#queue[0]; next; next = this.#queue[0]) {
			if (this.#flying && this.#flying + next.length > this.#link.window) return;
			this.#queue.shift();
			this.#flying += next.length;
			this.#free = Math.max(this.#free, now) + next.length / this.#link.rate;
			const segment = next;
			this.#clock.at(this.#free + this.#link.roundTrip / 2 - now, () => this.#deliver(segment));
		}
	}

	#deliver(segment: Uint8Array): void {
		if (this.#closed) return;
		this.#arrive(segment);
		if (this.#paused) this.#owed += segment.length;
		else this.#acknowledge(segment.length);
	}

	#acknowledge(length: number): void {
		this.#clock.at(this.#link.roundTrip / 2, () => {
			if (this.#closed) return;
			this.#flying -= length;
			this.queued -= length;
			this.#send();
			this.#drained();
		});
	}
}

/** A network with one server on it, whatever the address. */
export class Link implements Network {
	/** While false, connections are refused. */
	open = true;
	readonly #clock: Clock;
	readonly #options: LinkOptions;
	readonly #serve: Serve;

	constructor(clock: Clock, options: LinkOptions, serve: Serve) {
		this.#clock = clock;
		this.#options = options;
		this.#serve = serve;
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
		return {
			write: (data) => up.write(data),
			get queued() {
				return up.queued;
			},
			pause: () => down.pause(),
			resume: () => down.resume(),
			close: () => {
				cancel();
				up.close();
				down.close();
			},
		};
	}

	resolve(_host: string, done: (address: number | undefined) => void): Cancel {
		return this.#clock.at(this.#options.roundTrip, () => done(addressNumber("127.0.0.1")));
	}
}
