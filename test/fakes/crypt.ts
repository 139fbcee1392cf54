// The SDK's `crypt` for specs on Node: the same class as hosts/virtual/guest/crypt.ts, without a board around it.
import { createHash, type Hash } from "node:crypto";

const algorithms: Record<string, string> = {
	MD5: "md5",
	SHA1: "sha1",
	SHA224: "sha224",
	SHA256: "sha256",
	SHA384: "sha384",
	SHA512: "sha512",
};

export class Digest {
	#hash: Hash | undefined;

	constructor(algorithm: string) {
		const name = algorithms[algorithm];
		if (!name) throw new Error("crypt: unsupported digest");
		this.#hash = createHash(name);
	}

	write(data: ArrayBuffer | Uint8Array | string): void {
		if (!this.#hash) throw new Error("crypt: expected an open digest, it is closed");
		this.#hash.update(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
	}

	close(): ArrayBuffer {
		if (!this.#hash) throw new Error("crypt: expected an open digest, it is closed");
		const digest = Uint8Array.from(this.#hash.digest());
		this.#hash = undefined;
		return digest.buffer;
	}
}
