/** Reads fields one after another; past the end they are 0 and empty. */
export class Fields {
	at = 0;
	#bytes: Buffer;

	constructor(bytes: Uint8Array) {
		this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	get left(): number {
		return this.#bytes.length - this.at;
	}

	u8(): number {
		return this.#bytes[this.at++] ?? 0;
	}

	u16(): number {
		return this.u8() * 256 + this.u8();
	}

	/** 7 bits a byte, at most 4 of them [MQTT 2.2.3]. */
	varint(): number {
		let value = 0;
		for (let scale = 1; scale <= 128 ** 3; scale *= 128) {
			const byte = this.u8();
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) break;
		}
		return value;
	}

	text(): string {
		return this.take(this.u16()).toString();
	}

	take(count: number): Buffer {
		const start = this.at;
		this.at += count;
		return this.#bytes.subarray(start, this.at);
	}

	/** Jumps over the properties of MQTT 5. */
	properties(level: number): void {
		if (level !== 5 || this.left <= 0) return;
		const size = this.varint();
		this.at += size;
	}
}
