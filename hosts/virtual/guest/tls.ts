/** ECMA-419 TLS client of the virtual board, with the options of the SDK's (`secure`): the board's network does the cryptography. */
import { TLSError } from "guards/tls";
import type { SocketOptions } from "guards/types";
import type { TLSOptions } from "host/contract";
import { Op } from "../protocol.ts";
import { forget, invoke } from "./bridge.ts";
import TCP from "./tcp.ts";

/** Connects and shakes hands; the first `onWritable` says that both are done. @throws TLSError without a `certificate` to trust. */
export default class TLS extends TCP {
	constructor(options: SocketOptions) {
		const { host, secure = {} } = options as SocketOptions & { secure?: TLSOptions };
		const { certificate, verify = true, serverName = host, clientCertificates = [], clientKey } = secure;
		if (verify && !certificate) throw new TLSError("secure: expected a certificate to trust, got none");
		const parts = [certificate, clientKey, ...clientCertificates].map(
			(part) => new Uint8Array(part ?? new ArrayBuffer(0)),
		);
		const lengths = parts.map(({ length }) => length);
		super(options, {
			connect(handle, address, port) {
				try {
					invoke(Op.Secure, [handle, address, port, serverName, verify, lengths], joined(parts));
				} catch (error) {
					forget(handle);
					throw new TLSError(`secure: ${(error as Error).message}`);
				}
			},
			failure: (reason) => (reason ? new TLSError(reason) : undefined),
		});
	}
}

function joined(parts: Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
