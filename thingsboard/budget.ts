/** Bytes that one device's history may fill, and its client attributes: a stand-in has no disk, and a device no end. Rough. */
export const storageLimit = 16_000_000;

/** What a stored value costs beside its text, bytes. */
export const overhead = 64;

/** Watches over a store: asks it to forget its oldest when it has grown beyond the limit, until half of that is free. */
export class Budget {
	#measure: () => number;
	#forget: () => void;
	/** Never too low: what was deleted meanwhile still counts until the next measuring. */
	#used = 0;

	/** `forget` drops something; it is called until `measure`, in bytes, is at most half the limit. */
	constructor(measure: () => number, forget: () => void) {
		this.#measure = measure;
		this.#forget = forget;
	}

	/** So many bytes have come. */
	add(bytes: number): void {
		this.#used += bytes;
		if (this.#used <= storageLimit) return;
		this.#used = this.#measure();
		if (this.#used <= storageLimit) return;
		for (; this.#used > storageLimit / 2; this.#used = this.#measure()) this.#forget();
	}
}
