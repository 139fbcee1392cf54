// The SDK's own typing of `crypt` (8.2.3) allows neither views nor an algorithm that is a plain string; its code takes both.
declare module "crypt" {
	/** See `Digest` in hosts/contract.ts. */
	export class Digest {
		constructor(algorithm: string);
		write(data: ArrayBuffer | Uint8Array<ArrayBuffer>): void;
		close(): ArrayBuffer;
	}
}
