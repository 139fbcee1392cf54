/** The SDK's `crypt`, its `Digest` only: computed by Node, as a chip would use its accelerator. */
import type { ByteBuffer } from "host/contract";
import { Op } from "../protocol.ts";
import { call, encode } from "./bridge.ts";

let last = 0;

/** MD5, SHA1, SHA224, SHA256, SHA384, SHA512. @throws Error "crypt: unsupported digest". */
export class Digest {
	#handle: number;

	constructor(algorithm: string) {
		last += 1;
		call(Op.DigestOpen, last, encode(String(algorithm)));
		this.#handle = last;
	}

	/** @throws Error after `close`: the SDK would compute garbage. */
	write(data: ByteBuffer | string): void {
		const bytes =
			typeof data === "string" ? encode(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
		call(Op.DigestWrite, this.#handle, bytes);
	}

	/** The digest. */
	close(): ArrayBuffer {
		const digest = call(Op.DigestClose, this.#handle);
		return digest.slice().buffer;
	}
}
