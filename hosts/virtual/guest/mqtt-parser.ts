// Inbound MQTT 3.1.1, a byte at a time up to the payload. Payload bytes never pass through here.
import type { MQTTControl, MQTTReadInfo } from "host/contract";

const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;
const PINGRESP = 13;

const State = Object.freeze({ Type: 0, Length: 1, Topic: 2, Id: 3, Control: 4, Payload: 5 });

/** Feed `push` until it returns something: a control packet, or the first information of a message whose payload follows. */
export default class Parser {
	/** Payload bytes of the message that are still to come. */
	remaining = 0;
	/** Packet identifier and QoS of the message. */
	id = 0;
	QoS = 0;
	#state: number = State.Type;
	#operation = 0;
	#length = 0; // bytes of the packet that are still to come
	#shift = 0;
	#topic = new Uint8Array(2); // length, then the topic itself
	#position = 0;
	#prefix = true;
	#body: number[] = []; // of a control packet

	/** In the middle of a payload, `push` must not be called. */
	get payload(): boolean {
		return State.Payload === this.#state;
	}

	/** Takes one byte. Throws on a malformed packet. */
	push(byte: number): MQTTControl | MQTTReadInfo | undefined {
		switch (this.#state) {
			case State.Type:
				return this.#type(byte);
			case State.Length:
				return this.#remaining(byte);
			case State.Topic:
				return this.#topicByte(byte);
			case State.Id:
				return this.#idByte(byte);
			default:
				return this.#control(byte);
		}
	}

	/** `count` payload bytes went to the reader. */
	take(count: number): void {
		this.remaining -= count;
		if (!this.remaining) this.#state = State.Type;
	}

	#type(byte: number): undefined {
		this.#operation = byte >> 4;
		if (!this.#operation || 15 === this.#operation) throw new Error("invalid operation");
		this.QoS = PUBLISH === this.#operation ? (byte >> 1) & 3 : 0;
		this.#length = this.#shift = this.#position = this.id = 0;
		this.#state = State.Length;
	}

	#remaining(byte: number): MQTTControl | undefined {
		this.#length |= (byte & 0x7f) << this.#shift;
		this.#shift += 7;
		if (byte & 0x80) {
			if (28 === this.#shift) throw new Error("remaining length: more than 4 bytes");
			return;
		}
		this.#body = [];
		if (PUBLISH === this.#operation) {
			this.#state = State.Topic;
			this.#prefix = true;
			this.#topic = new Uint8Array(2);
			return;
		}
		this.#state = State.Control;
		return this.#length ? undefined : this.#controlled();
	}

	#topicByte(byte: number): MQTTReadInfo | undefined {
		this.#topic[this.#position++] = byte;
		this.#length -= 1;
		if (this.#position < this.#topic.length) return;
		if (this.#prefix) {
			const length = ((this.#topic[0] ?? 0) << 8) | (this.#topic[1] ?? 0);
			if (!length || length + (this.QoS ? 2 : 0) > this.#length)
				throw new Error(`topic length ${length} in a packet with ${this.#length} bytes left`);
			this.#prefix = false;
			this.#topic = new Uint8Array(length);
			this.#position = 0;
			return;
		}
		this.#state = State.Id;
		return this.QoS ? undefined : this.#message();
	}

	#idByte(byte: number): MQTTReadInfo | undefined {
		this.id = (this.id << 8) | byte;
		this.#length -= 1;
		this.#position += 1;
		return this.#position === this.#topic.length + 2 ? this.#message() : undefined;
	}

	#message(): MQTTReadInfo {
		const topic = String.fromArrayBuffer(this.#topic.buffer);
		this.remaining = this.#length;
		this.#state = this.remaining ? State.Payload : State.Type;
		return { topic, byteLength: this.remaining, QoS: this.QoS, more: false };
	}

	#control(byte: number): MQTTControl | undefined {
		this.#body.push(byte);
		this.#length -= 1;
		return this.#length ? undefined : this.#controlled();
	}

	#controlled(): MQTTControl {
		const operation = this.#operation;
		const [high = 0, low = 0, ...payload] = this.#body;
		this.#state = State.Type;
		if (CONNACK === operation) {
			if (2 !== this.#body.length) throw new Error("CONNACK: unexpected length");
			return { operation, returnCode: low };
		}
		if (PINGRESP === operation) return { operation };
		const id = (high << 8) | low;
		return SUBACK === operation ? { operation, id, payload } : { operation, id };
	}
}
