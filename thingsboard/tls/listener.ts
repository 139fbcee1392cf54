import { createServer, type Server, type TLSSocket } from "node:tls";
import { chained, clientChain } from "./chain.ts";

/** How the MQTT listener speaks TLS. All texts are PEM. */
export interface TlsOptions {
	key: string;
	/** The server's certificate; what leads up to the root may follow it, here or in `ca`. */
	cert: string;
	/** What is sent after `cert`: intermediates, and the root for clients that want it. */
	ca?: string;
	/** Sends the first certificate of `cert` alone: a mistake of many servers that the chip does not forgive. */
	leafOnly?: boolean;
	/** TLS 1.2 and nothing newer: all that the chip speaks. */
	only12?: boolean;
}

/**
 * A TLS server. A client's certificate is wanted, never required, and not held against any authority: whose it is CONNECT decides. A
 * chain of which one is not signed by the next ends the handshake. Throws for a key or certificate that cannot be used.
 */
export function tlsListener(options: TlsOptions, accept: (socket: TLSSocket) => void): Server {
	const { key, only12 } = options;
	const server = createServer({
		key,
		cert: sent(options),
		requestCert: true,
		rejectUnauthorized: false,
		...(only12 ? { maxVersion: "TLSv1.2" as const } : {}),
	});
	server.on("secureConnection", (socket) => {
		if (chained(clientChain(socket))) accept(socket);
		else socket.destroy();
	});
	server.on("tlsClientError", (_error, socket) => socket.destroy());
	return server;
}

function sent({ cert, ca = "", leafOnly }: TlsOptions): string {
	const end = "-----END CERTIFICATE-----";
	return leafOnly ? `${cert.slice(0, cert.indexOf(end) + end.length)}\n` : `${cert.trimEnd()}\n${ca}`;
}
