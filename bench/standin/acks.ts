/** Size of a PUBACK of MQTT 3.1.1, bytes. */
const size = 4;
const puback = 0x40;

/** Cuts a stream of PUBACKs into packet ids, wherever the pieces end. Throws when something else comes. */
export class Acks {
	#kept = 0;
	#packet = Buffer.alloc(size);

	/** Takes bytes; calls `acknowledged` with each id that is complete now. */
	take(bytes: Uint8Array, acknowledged: (id: number) => void): void {
		for (const byte of bytes) {
			this.#packet[this.#kept++] = byte;
			if (this.#kept < size) continue;
			this.#kept = 0;
			if (this.#packet[0] !== puback || this.#packet[1] !== size - 2)
				throw new Error(`load: expected PUBACKs, got ${this.#packet.toString("hex")}`);
			acknowledged(this.#packet.readUInt16BE(2));
		}
	}
}
