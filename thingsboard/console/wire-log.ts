// What went over the wire, for the page and for specs: a ring of packet heads. It keeps bytes, and decodes only what is looked at.
import type { Clock } from "../clock.ts";
import type { Device } from "../devices.ts";

/** Packets and connection events that are kept; older ones are forgotten. */
export const capacity = 2000;
/** Bytes of a packet that are kept; the rest is only counted. */
export const headSize = 2048;

/** One packet, or the begin or end of a connection. */
export interface WireEntry {
	/** Counts from 1, without gaps. */
	readonly seq: number;
	/** Epoch milliseconds. */
	readonly at: number;
	readonly connection: number;
	/** Whose connection it is, as far as that was known then. */
	readonly device: Device | undefined;
	/** `in`: from the device. `open`, `close`: the connection itself. */
	readonly direction: "in" | "out" | "open" | "close";
	/** Protocol level of the connection: 3, 4 or 5. */
	readonly level: number;
	/** The packet from its first byte, at most `headSize` of it. */
	readonly head: Uint8Array;
	/** The packet's whole size, bytes. */
	readonly size: number;
	/** Why a connection ended. */
	readonly reason?: string;
}

const nothing = new Uint8Array();

/** Keeps the latest `capacity` entries and wakes who watches. */
export class WireLog {
	/** Called after each new entry. */
	readonly watchers = new Set<() => void>();
	#clock: Clock;
	#ring: WireEntry[] = [];
	#seq = 0;
	#connections = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Number of the newest entry; 0 when there is none. */
	get last(): number {
		return this.#seq;
	}

	/** A new connection. */
	open(): WireTrace {
		const trace = new WireTrace(this, ++this.#connections);
		this.add(trace, "open", nothing);
		return trace;
	}

	/** Entries after number `seq` that are still kept, oldest first, at most `limit`. */
	after(seq: number, limit = capacity): WireEntry[] {
		const first = Math.max(seq + 1, this.#seq - capacity + 1, 1);
		const count = Math.min(this.#seq - first + 1, limit);
		return Array.from(
			{ length: Math.max(count, 0) },
			(_, i) => this.#ring[(first + i) % capacity] as WireEntry,
		);
	}

	/** Of the traces: notes one entry. The bytes are copied, for a slice would keep its whole buffer alive. */
	add(
		{ connection, device, level }: WireTrace,
		direction: WireEntry["direction"],
		bytes: Uint8Array,
		reason?: string,
	): void {
		const seq = ++this.#seq;
		this.#ring[seq % capacity] = {
			seq,
			at: this.#clock.now(),
			connection,
			device,
			direction,
			level,
			head: bytes.slice(0, headSize),
			size: bytes.length,
			...(reason === undefined ? {} : { reason }),
		};
		for (const wake of this.watchers) wake();
	}
}

/** One connection's part of the log. */
export class WireTrace {
	/** Counts from 1. */
	readonly connection: number;
	device: Device | undefined;
	level = 4;
	#log: WireLog;

	constructor(log: WireLog, connection: number) {
		this.#log = log;
		this.connection = connection;
	}

	/** A whole packet of the device. */
	received(frame: Uint8Array): void {
		if ((frame[0] ?? 0) >> 4 === 1) this.level = levelOf(frame);
		this.#log.add(this, "in", frame);
	}

	/** One packet to the device. */
	sent(packet: Uint8Array): void {
		this.#log.add(this, "out", packet);
	}

	/** The connection is over. */
	closed(reason: string): void {
		this.#log.add(this, "close", nothing, reason);
	}
}

/** The protocol level of a CONNECT: the byte behind the protocol's name [MQTT 3.1.2.2]. */
function levelOf(frame: Uint8Array): number {
	const start = 1 + [1, 2, 3, 4].findIndex((at) => (frame[at] ?? 0) < 0x80) + 1;
	const name = ((frame[start] ?? 0) << 8) | (frame[start + 1] ?? 0);
	return frame[start + 2 + name] ?? 4;
}
