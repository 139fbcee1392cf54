import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { clientChain } from "../tls/chain.ts";

/** A byte duplex: all that an MQTT connection needs of a socket. */
export interface Wire {
	/** Sends bytes; order is kept. Ignored once closed. */
	write(bytes: Uint8Array): void;
	/** Sends what is queued, then ends the connection. No callback fires afterwards. */
	close(): void;
	/** Set by the connection: bytes that came, in pieces of any size. */
	onBytes: (bytes: Uint8Array) => void;
	/** Set by the connection: the other side is gone. */
	onGone: () => void;
	/** The certificates of a TLS client in DER, leaf first. Absent or empty: none. */
	readonly chain?: Uint8Array[];
	/** Where the other side is. Absent: in this process. */
	readonly address?: string;
}

const ignore = () => undefined;

/** Bytes that may wait for a client that does not read, or for a fault to let them pass; the server itself knows no limit. */
export const maxWaiting = 64 * 1024 * 1024;

/** A TCP or TLS socket as a wire. */
export function socketWire(socket: Socket): Wire {
	const wire: Wire = {
		onBytes: ignore,
		onGone: ignore,
		write: (bytes) => {
			if (socket.writable) socket.write(bytes);
			if (socket.writableLength > maxWaiting) socket.destroy();
		},
		close() {
			wire.onBytes = wire.onGone = ignore;
			socket.destroySoon();
		},
		chain: socket instanceof TLSSocket ? clientChain(socket) : [],
		address: socket.remoteAddress ?? "",
	};
	socket.setNoDelay(true);
	socket.on("data", (bytes) => wire.onBytes(bytes));
	socket.on("error", ignore); // "close" follows and says all that matters
	socket.on("close", () => wire.onGone());
	return wire;
}
