/** The TCP stack of the board: receive window, send buffer, and what the guest is told of them. */
import type { Clock } from "./clock.ts";
import type { Network, Wire, WireEvents } from "./network.ts";
import { Event } from "./protocol.ts";
import type { Secure } from "./tls.ts";

/** Delivers an event to the guest. */
export type Post = (kind: number, handle: number, value?: number) => void;

export interface SocketContext {
	clock: Clock;
	network: Network;
	post: Post;
	/** Bytes the guest can be told of at once: CONFIG_LWIP_TCP_WND_DEFAULT. */
	receiveWindow: number;
	/** Bytes that can be written and not yet sent: CONFIG_LWIP_TCP_SND_BUF_DEFAULT. */
	sendBuffer: number;
}

/** One TCP connection of the guest. Nothing is posted from inside a method: events never nest. */
export class BoardSocket {
	readonly #context: SocketContext;
	readonly #handle: number;
	readonly #wire: Wire;
	readonly #queue: Uint8Array[] = [];
	#total = 0;
	#announced = 0;
	#full = false; // the guest was told that there is no room
	#ended = false;
	#closed = false;
	#reason = "";

	/** @throws Error for a certificate or key of `secure` that is none */
	constructor(context: SocketContext, handle: number, address: string, port: number, secure?: Secure) {
		this.#context = context;
		this.#handle = handle;
		const events: WireEvents = {
			onOpen: () => this.#post(Event.WRITABLE, context.sendBuffer),
			onData: (data) => this.#receive(data),
			onDrain: () => this.#drained(),
			onEnd: (reason = "") => {
				this.#reason = reason;
				this.#end();
			},
		};
		this.#wire = context.network.connect(address, port, events, secure);
	}

	/** Why it ended, where anything is known. */
	get reason(): string {
		return this.#reason;
	}

	/** Up to `count` of the announced bytes. */
	read(count: number): Uint8Array {
		const parts: Uint8Array[] = [];
		for (let left = Math.min(count, this.#announced); left > 0; ) {
			const part = this.#take(left);
			parts.push(part);
			left -= part.length;
		}
		const data = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
		this.#total -= data.length;
		this.#announced -= data.length;
		this.#after();
		return data;
	}

	/** Takes everything; returns the room left. */
	write(data: Uint8Array): number {
		if (this.#closed || this.#ended) return 0;
		this.#wire.write(new Uint8Array(data)); // a copy: `data` is part of a buffer that is used again
		const room = Math.max(this.#context.sendBuffer - this.#wire.queued, 0);
		if (!room) this.#full = true;
		return room;
	}

	close(): void {
		this.#closed = true;
		this.#wire.close();
	}

	/** Closes, and the guest learns it as an error, at once. */
	fail(): void {
		this.close();
		this.#context.post(Event.FAILED, this.#handle);
	}

	#post(kind: number, value = 0): void {
		if (!this.#closed) this.#context.post(kind, this.#handle, value);
	}

	#receive(data: Uint8Array): void {
		this.#queue.push(data);
		this.#total += data.length;
		if (this.#total >= this.#context.receiveWindow) this.#wire.pause();
		this.#announce();
	}

	#announce(): void {
		if (this.#closed || this.#total <= this.#announced || this.#announced >= this.#context.receiveWindow)
			return;
		this.#announced = Math.min(this.#total, this.#context.receiveWindow);
		this.#post(Event.READABLE, this.#announced);
	}

	#after(): void {
		const { clock, receiveWindow } = this.#context;
		if (this.#total > this.#announced) clock.soon(() => this.#announce());
		else if (this.#ended) clock.soon(() => this.#end());
		if (this.#total < receiveWindow && !this.#ended) this.#wire.resume();
	}

	#take(count: number): Uint8Array {
		const first = this.#queue[0] ?? new Uint8Array(count);
		if (first.length <= count) this.#queue.shift();
		else this.#queue[0] = first.subarray(count);
		return first.subarray(0, count);
	}

	#drained(): void {
		if (!this.#full) return;
		const room = this.#context.sendBuffer - this.#wire.queued;
		if (room <= 0) return;
		this.#full = false;
		this.#post(Event.WRITABLE, room);
	}

	/** Told when everything that was received has been read. */
	#end(): void {
		this.#ended = true;
		if (this.#total || this.#closed) return;
		this.#post(Event.FAILED);
		this.#closed = true;
	}
}
