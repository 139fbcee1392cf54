/** Datagrams that the guest has not read yet. */
import type { Datagrams } from "./network.ts";
import { Event } from "./protocol.ts";
import type { SocketContext } from "./sockets.ts";

const Waiting = 6; // CONFIG_LWIP_UDP_RECVMBOX_SIZE: what comes on top of that is lost

/** One datagram, and who sent it. */
export interface Datagram {
	data: Uint8Array;
	address: string;
	port: number;
}

/** One UDP socket of the guest. */
export class BoardDatagrams {
	readonly #socket: Datagrams | undefined;
	readonly #queue: Datagram[] = [];

	/** `isUp`: without a link nothing comes in or goes out, and the socket stays. */
	constructor({ network, clock, post }: SocketContext, handle: number, port: number, isUp: () => boolean) {
		const failed = (): void => post(Event.FAILED, handle);
		const onData = (data: Uint8Array, address: string, from: number): void => {
			if (!isUp() || this.#queue.length >= Waiting) return;
			this.#queue.push({ data, address, port: from });
			post(Event.READABLE, handle, 1);
		};
		this.#socket = network.bind?.(port, { onData, onEnd: failed });
		if (!this.#socket) clock.soon(failed);
	}

	read(): Datagram | undefined {
		return this.#queue.shift();
	}

	send(data: Uint8Array, address: string, port: number): void {
		this.#socket?.send(new Uint8Array(data), address, port);
	}

	close(): void {
		this.#socket?.close();
	}
}
