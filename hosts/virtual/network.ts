/** Where the board's bytes go. Real sockets are one implementation, an in-process link on the board's clock the other. */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns";
import { connect } from "node:net";
import type { Cancel } from "./clock.ts";
import { connectSecure, reasonOf, type Secure } from "./tls.ts";

/** What a connection tells. Never called from inside `connect` or a method of `Wire`, never after `close` or `onEnd`. */
export interface WireEvents {
	onOpen(): void;
	onData(data: Uint8Array): void;
	/** Everything written so far has left. */
	onDrain(): void;
	/** Refused, reset or ended by the other side; `reason` where TLS has one. */
	onEnd(reason?: string): void;
}

/** One end of a connection. */
export interface Wire {
	write(data: Uint8Array): void;
	/** Bytes written that have not left. */
	readonly queued: number;
	/** No more `onData` (what is on its way may still come) until `resume`. */
	pause(): void;
	resume(): void;
	/** Idempotent. */
	close(): void;
}

/** A bound datagram socket. */
export interface Datagrams {
	send(data: Uint8Array, address: string, port: number): void;
	/** Idempotent. */
	close(): void;
}

/** What it tells, under the rules of `WireEvents`. */
export interface DatagramEvents {
	onData(data: Uint8Array, address: string, port: number): void;
	/** The port cannot be had, or the socket broke. */
	onEnd(): void;
}

export interface Network {
	/** Opens a port for datagrams, 0 for any; a network that has none of them leaves it out. */
	bind?(port: number, events: DatagramEvents): Datagrams;
	/** With `secure` over TLS; a network without TLS ends such a connection. */
	connect(address: string, port: number, events: WireEvents, secure?: Secure): Wire;
	/** Answers with an IPv4 address as a number, undefined when there is none. */
	resolve(host: string, done: (address: number | undefined) => void): Cancel;
}

/** "127.0.0.1" → 0x7f000001. */
export const addressNumber = (dotted: string): number =>
	dotted.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

/** The laptop's own sockets. Goes with `RealClock`: real sockets know nothing of virtual time. */
export class RealNetwork implements Network {
	connect(address: string, port: number, events: WireEvents, secure?: Secure): Wire {
		const socket = secure ? connectSecure(address, port, secure) : connect(port, address);
		let over = false;
		const end = (error?: unknown) => {
			if (!over) events.onEnd(secure && reasonOf(error));
			over = true;
		};
		socket.setNoDelay(true);
		socket
			.on(secure ? "secureConnect" : "connect", () => over || events.onOpen())
			.on("data", (data) => over || events.onData(data))
			.on("drain", () => over || events.onDrain())
			.on("error", end)
			.on("end", () => end())
			.on("close", () => end());
		return {
			write: (data) => {
				// A short write does not make Node emit "drain": its completion is the sign.
				const full = socket.write(data, () => full || over || events.onDrain()) === false;
			},
			get queued() {
				return socket.writableLength;
			},
			pause: () => socket.pause(),
			resume: () => socket.resume(),
			close: () => {
				over = true;
				socket.destroy();
			},
		};
	}

	bind(port: number, { onData, onEnd }: DatagramEvents): Datagrams {
		const socket = createSocket("udp4");
		let over = false;
		socket.on("message", (data, { address, port }) => over || onData(data, address, port));
		socket.on("error", () => {
			if (!over) onEnd();
			over = true;
		});
		socket.bind(port, "127.0.0.1");
		return {
			send: (data, address, port) => over || socket.send(data, port, address),
			close() {
				if (!over) socket.close();
				over = true;
			},
		};
	}

	resolve(host: string, done: (address: number | undefined) => void): Cancel {
		let cancelled = false;
		lookup(host, 4, (error, address) => {
			if (!cancelled) done(error ? undefined : addressNumber(address));
		});
		return () => {
			cancelled = true;
		};
	}
}
