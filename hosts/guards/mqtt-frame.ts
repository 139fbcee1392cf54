// The head of an inbound MQTT 3.1.1 packet: just enough of it to know what the packet is before its first byte is handed on.

/** Packet types a server may send (MQTT 3.1.1 table 2.1) that the frame looks into. */
export const CONNACK = 2;
export const PUBLISH = 3;
const PUBREL = 6;
const SUBACK = 9;

/** Longest topic let through, bytes. The SDK's client allocates whatever a topic's length field says, up to 64 KiB. */
export const MaxTopic = 1024;
/** Longest SUBACK let through: 125 return codes. The SDK's client collects them in an array without a bound. */
const MaxSuback = 127;

/** Exact remaining length by packet type, -1 = of its own kind. A type that is missing must not come from a server. */
const lengths = Object.freeze([
	undefined,
	undefined,
	2,
	-1,
	2,
	2,
	2,
	2,
	undefined,
	-1,
	undefined,
	2,
	undefined,
	0,
]);

/** Collects the head byte by byte; at most 7 bytes of memory. */
export default class Frame {
	/** The bytes collected so far. */
	readonly bytes = new Uint8Array(7);
	length = 0;
	/** All bytes that tell what this packet is are here. */
	complete = false;
	/** Bytes of the packet that follow the head. */
	body = 0;
	#fixed = 0; // size of the fixed header, 0 = not known yet
	#remaining = 0;

	/** Packet type, 1…14. */
	get type(): number {
		return this.#byte(0) >> 4;
	}
	get QoS(): number {
		return (this.#byte(0) >> 1) & 3;
	}
	/** Bytes of topic; PUBLISH only. */
	get topicLength(): number {
		return (this.#byte(this.#fixed) << 8) | this.#byte(this.#fixed + 1);
	}
	/** A PUBLISH that carries topic and packet identifier, and nothing else. */
	get empty(): boolean {
		return PUBLISH === this.type && this.body === this.topicLength + this.idLength;
	}
	/** Bytes of packet identifier; PUBLISH only. */
	get idLength(): number {
		return this.QoS ? 2 : 0;
	}
	/** CONNACK only. */
	get sessionPresent(): boolean {
		return 0 !== (this.#byte(this.#fixed) & 1);
	}
	/** CONNACK only. */
	get returnCode(): number {
		return this.#byte(this.#fixed + 1);
	}

	reset(): void {
		this.length = this.body = this.#fixed = this.#remaining = 0;
		this.complete = false;
	}

	/** Takes the next byte. Throws an Error that says what is malformed. */
	push(byte: number): void {
		this.bytes[this.length++] = byte;
		if (!this.#fixed) this.#header(byte);
		if (!this.#fixed || this.length < this.#fixed + this.#look()) return;
		this.body = this.#remaining - this.#look();
		if (PUBLISH === this.type) this.#publish();
		this.complete = true;
	}

	#byte(index: number): number {
		return this.bytes[index] as number;
	}

	/** How far to look into the packet: CONNACK's two bytes, a PUBLISH's topic length. */
	#look(): number {
		return PUBLISH === this.type || CONNACK === this.type ? 2 : 0;
	}

	/** Type, flags and remaining length (MQTT 3.1.1 section 2.2). */
	#header(byte: number): void {
		if (1 === this.length) {
			this.#first(byte);
			return;
		}
		this.#remaining |= (byte & 0x7f) << (7 * (this.length - 2));
		if (byte & 0x80) {
			if (5 === this.length) throw malformed("remaining length", "at most 4 bytes", "a fifth");
			return;
		}
		this.#fixed = this.length;
		this.#check();
	}

	#first(byte: number): void {
		const flags = byte & 15;
		if (undefined === lengths[this.type]) throw malformed("packet type", "one a server sends", this.type);
		if (PUBLISH === this.type) {
			if (3 === this.QoS) throw malformed("PUBLISH", "QoS 0…2", 3);
		} else if (flags !== (PUBREL === this.type ? 2 : 0))
			throw malformed(`flags of packet type ${this.type}`, PUBREL === this.type ? 2 : 0, flags);
	}

	#check(): void {
		const { type } = this;
		const remaining = this.#remaining;
		const exact = lengths[type] as number;
		if (exact >= 0 && remaining !== exact)
			throw malformed(`remaining length of packet type ${type}`, exact, remaining);
		if (PUBLISH === type && remaining < 2)
			throw malformed("remaining length of PUBLISH", "2 or more", remaining);
		if (SUBACK === type && (remaining < 3 || remaining > MaxSuback))
			throw malformed("remaining length of SUBACK", `3…${MaxSuback}`, remaining);
	}

	#publish(): void {
		const { topicLength } = this;
		if (!topicLength || topicLength > MaxTopic) throw malformed("topic length", `1…${MaxTopic}`, topicLength);
		if (topicLength + this.idLength > this.body)
			throw malformed("topic length", `at most ${this.body - this.idLength} in this packet`, topicLength);
	}
}

/** What the guard says of a packet that the client must not see. */
export function malformed(what: string, expected: string | number, got: string | number): Error {
	return Object.assign(new Error(`malformed ${what}: expected ${expected}, got ${got}`), {
		code: "MQTT_MALFORMED",
	});
}
