/** A proof of the bytes so far, block by block: a digest cannot be asked in the middle, so each block's takes in the one before. */
import type { DigestConstructor } from "host/contract";
import { hex } from "ota/checksum";

/** Bytes of a block; also how often the store is written. */
export const SealedBlock = 65_536;

/** MD5: it finds torn and worn flash and costs the least. Who made the image is asked elsewhere. */
export class Seal {
	/** Of the blocks that are complete. */
	proof = "";
	readonly #Digest: DigestConstructor;
	#digest: InstanceType<DigestConstructor> | undefined;
	#length = 0;

	constructor(Digest: DigestConstructor) {
		this.#Digest = Digest;
	}

	/** Bytes never reach over the end of a block. True when a block is complete. */
	write(bytes: Uint8Array<ArrayBuffer>): boolean {
		this.#digest ??= this.begin();
		this.#digest.write(bytes);
		this.#length += bytes.length;
		if (this.#length < SealedBlock) return false;
		this.close();
		return true;
	}

	/** Ends the block before its time: the image ends here. */
	close(): void {
		if (this.#digest) this.proof = hex(this.#digest.close());
		this.#digest = undefined;
		this.#length = 0;
	}

	private begin(): InstanceType<DigestConstructor> {
		const digest = new this.#Digest("MD5");
		digest.write(new Uint8Array(ArrayBuffer.fromString(this.proof)));
		return digest;
	}
}
