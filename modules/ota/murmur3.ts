/** MurmurHash3 with seed 0, 32 bits and 128 bits (x64 variant), in 32-bit arithmetic: XS allocates for every BigInt. */
import type { Hash } from "ota/checksum";

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** Gathers input into blocks; a block is processed in place in `data`. */
abstract class Murmur implements Hash {
	protected readonly data: DataView<ArrayBuffer>;
	readonly #bytes: Uint8Array<ArrayBuffer>;
	#fill = 0;
	/** Bytes so far, modulo 2^32. */
	protected length = 0;

	constructor(block: number) {
		this.#bytes = new Uint8Array(block);
		this.data = new DataView(this.#bytes.buffer);
	}

	write(bytes: Uint8Array<ArrayBuffer>): void {
		for (let index = 0; index < bytes.length; index++) {
			this.#bytes[this.#fill++] = bytes[index] as number;
			if (this.#fill === this.#bytes.length) {
				this.mix();
				this.#fill = 0;
			}
		}
		this.length = (this.length + bytes.length) | 0;
	}

	close(): ArrayBuffer {
		this.#bytes.fill(0, this.#fill);
		return this.finish();
	}

	protected abstract mix(): void;
	protected abstract finish(): ArrayBuffer;
}

/** MURMUR3_32: `close()` gives 4 bytes, least significant first. */
export class MurmurHash32 extends Murmur {
	#hash = 0;

	constructor() {
		super(4);
	}

	protected override mix(): void {
		this.#hash = (Math.imul(rotate(this.#hash ^ this.scrambled(), 13), 5) + 0xe6546b64) | 0;
	}

	protected override finish(): ArrayBuffer {
		let hash = this.#hash ^ this.scrambled() ^ this.length; // an empty tail scrambles to 0
		hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
		hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
		const result = new DataView(new ArrayBuffer(4));
		result.setInt32(0, hash ^ (hash >>> 16), true);
		return result.buffer;
	}

	private scrambled(): number {
		return Math.imul(rotate(Math.imul(this.data.getInt32(0, true), 0xcc9e2d51), 15), 0x1b873593);
	}
}

/** A 64-bit number as two halves. Every operation changes it in place and returns it. */
class Wide {
	low: number;
	high: number;

	constructor(high = 0, low = 0) {
		this.high = high;
		this.low = low;
	}

	load(data: DataView, offset: number): this {
		this.low = data.getInt32(offset, true);
		this.high = data.getInt32(offset + 4, true);
		return this;
	}

	store(data: DataView, offset: number): void {
		data.setInt32(offset, this.low, true);
		data.setInt32(offset + 4, this.high, true);
	}

	add(other: Wide): this {
		const low = (this.low >>> 0) + (other.low >>> 0);
		this.high = (this.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0;
		this.low = low | 0;
		return this;
	}

	xor(other: Wide): this {
		this.high ^= other.high;
		this.low ^= other.low;
		return this;
	}

	multiply(other: Wide): this {
		const high = Math.imul(this.low, other.high) + Math.imul(this.high, other.low);
		this.high = (high + productHigh(this.low >>> 0, other.low >>> 0)) | 0;
		this.low = Math.imul(this.low, other.low);
		return this;
	}

	/** Rotates left by 1…63, but not 32. */
	rotate(by: number): this {
		const [high, low] = by > 32 ? [this.low, this.high] : [this.high, this.low];
		const rest = by & 31;
		this.high = (high << rest) | (low >>> (32 - rest));
		this.low = (low << rest) | (high >>> (32 - rest));
		return this;
	}

	/** The final mix of one half of the hash. */
	finish(): this {
		return this.fold().multiply(F1).fold().multiply(F2).fold();
	}

	/** value ^= value >>> 33 */
	private fold(): this {
		this.low ^= this.high >>> 1;
		return this;
	}
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function productHigh(a: number, b: number): number {
	const lowProduct = (a & 0xffff) * (b & 0xffff);
	const middle = (a >>> 16) * (b & 0xffff) + (lowProduct >>> 16);
	const other = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
	return (a >>> 16) * (b >>> 16) + Math.floor(middle / 65536) + Math.floor(other / 65536);
}

const C1 = new Wide(0x87c37b91, 0x114253d5);
const C2 = new Wide(0x4cf5ad43, 0x2745937f);
const F1 = new Wide(0xff51afd7, 0xed558ccd);
const F2 = new Wide(0xc4ceb9fe, 0x1a85ec53);
const Five = new Wide(0, 5);
const N1 = new Wide(0, 0x52dce729);
const N2 = new Wide(0, 0x38495ab5);

/** MURMUR3_128, x64 variant: `close()` gives both halves, each least significant byte first. */
export class MurmurHash128 extends Murmur {
	readonly #h1 = new Wide();
	readonly #h2 = new Wide();
	readonly #k = new Wide();

	constructor() {
		super(16);
	}

	protected override mix(): void {
		this.#h1.xor(this.first()).rotate(27).add(this.#h2).multiply(Five).add(N1);
		this.#h2.xor(this.second()).rotate(31).add(this.#h1).multiply(Five).add(N2);
	}

	protected override finish(): ArrayBuffer {
		const [h1, h2, length] = [this.#h1, this.#h2, new Wide(0, this.length)];
		h2.xor(this.second()); // an empty tail is 0 and changes nothing
		h1.xor(this.first());
		h1.xor(length).add(h2.xor(length));
		h2.add(h1);
		h1.finish().add(h2.finish());
		h2.add(h1);
		const result = new DataView(new ArrayBuffer(16));
		h1.store(result, 0);
		h2.store(result, 8);
		return result.buffer;
	}

	private first(): Wide {
		return this.#k.load(this.data, 0).multiply(C1).rotate(31).multiply(C2);
	}

	private second(): Wide {
		return this.#k.load(this.data, 8).multiply(C2).rotate(33).multiply(C1);
	}
}
