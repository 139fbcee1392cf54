// Which server to connect to, over what network, and whom to trust.
import type { MQTTNetwork, TLSOptions } from "host/contract";

/** Where a client connects to. Spread `device.network.mqtt` or `device.network.mqtts` into it. */
export interface ServerOptions extends MQTTNetwork {
	/** Name or address of the server. */
	host: string;
	/** 1…65535; default 1883, with `secure` 8883. */
	port?: number;
	/** Whom to trust, and the device's own certificate; with `device.network.mqtts`. */
	secure?: TLSOptions;
}

/** The same, complete; `secure` is among the options of the socket. */
export interface Server extends MQTTNetwork {
	host: string;
	port: number;
}

/** Fills in the defaults. @throws TypeError host, or `secure` without a network for it, which would go out in the clear. */
export function serverOf({ io, dns, socket, host, port, secure }: ServerOptions): Server {
	if (typeof host !== "string" || !host) throw new TypeError("host: expected a name or an address");
	const tls = socket.secure;
	if (secure && !tls)
		throw new TypeError("secure: expected device.network.mqtts beside it, got a network without TLS");
	return {
		io,
		dns,
		socket: tls ? { ...socket, secure: { ...tls, ...secure } } : socket,
		host,
		port: port ?? (tls ? 8883 : 1883),
	};
}
