// Bytes to packets through mqtt-packet, and the few packets the server sends, written by hand: mqtt-packet refuses packet id 0,
// which ThingsBoard does send (its ids do not wrap at 65535).
import mqttPacket, { type Packet } from "mqtt-packet";
import { FrameError } from "./frames.ts";

export type { Packet };

/** Parses whole packets, one call each. Throws `FrameError` for what is no MQTT packet. */
export class PacketReader {
	#parser = mqttPacket.parser();
	#packet: Packet | undefined;

	constructor() {
		this.#parser.on("packet", (packet: Packet) => {
			this.#packet = packet;
		});
		this.#parser.on("error", (error: Error) => {
			throw new FrameError(error.message);
		});
	}

	read(frame: Buffer): Packet {
		this.#packet = undefined;
		this.#parser.parse(frame);
		if (!this.#packet) throw new FrameError("packet: expected a whole one, it ends early");
		return this.#packet;
	}
}

/** CONNACK 3.1.1. `code` 0 accepts. */
export const connack = (sessionPresent: boolean, code: number): Uint8Array =>
	Uint8Array.of(0x20, 2, sessionPresent ? 1 : 0, code);

/** PUBACK. */
export const puback = (id: number): Uint8Array => Uint8Array.of(0x40, 2, id >> 8, id & 0xff);

/** SUBACK with one granted QoS (or 0x80) per filter. */
export const suback = (id: number, granted: number[]): Uint8Array =>
	Buffer.concat([Uint8Array.of(0x90), length(2 + granted.length), word(id), Uint8Array.from(granted)]);

/** UNSUBACK. */
export const unsuback = (id: number): Uint8Array => Uint8Array.of(0xb0, 2, id >> 8, id & 0xff);

export const pingresp: Uint8Array = Uint8Array.of(0xd0, 0);

/** PUBLISH, never retained, never DUP. `id` only matters at QoS 1 and is sent modulo 65536. */
export function publish(topic: string, payload: Uint8Array, qos: 0 | 1, id: number): Uint8Array {
	const name = Buffer.from(topic);
	const body = [word(name.length), name, ...(qos ? [word(id)] : []), payload];
	const size = body.reduce((sum, part) => sum + part.length, 0);
	return Buffer.concat([Uint8Array.of(0x30 | (qos << 1)), length(size), ...body]);
}

const word = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 0xff, value & 0xff);

/** Remaining length, 7 bits a byte [MQTT 2.2.3]. */
function length(value: number): Uint8Array {
	const bytes: number[] = [];
	do {
		bytes.push((value % 128) | (value >= 128 ? 0x80 : 0));
		value = Math.floor(value / 128);
	} while (value);
	return Uint8Array.from(bytes);
}
