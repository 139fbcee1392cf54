// Bytes to packets, and the few packets the server sends, written by hand: mqtt-packet refuses packet id 0, which ThingsBoard does
// send (its ids do not wrap at 65535).
import mqttPacket, { type IPublishPacket, type Packet } from "mqtt-packet";
import { FrameError } from "./frames.ts";

export type { Packet };

/** MQTT protocol levels that are accepted. */
export type Version = 3 | 4 | 5;

/** Parses whole packets, one call each. Throws `FrameError` for what is no MQTT packet. */
export class PacketReader {
	#parser = mqttPacket.parser();
	#packet: Packet | undefined;
	#version: Version | undefined;

	constructor() {
		this.#parser.on("packet", (packet: Packet) => {
			this.#packet = packet;
		});
		this.#parser.on("error", (error: Error) => {
			throw new FrameError(error.message);
		});
	}

	/** Known from CONNECT on. */
	get version(): Version | undefined {
		return this.#version;
	}

	read(frame: Buffer): Packet {
		const quick = readPublish(frame, this.#version === 5);
		if (quick) return quick;
		const packet = this.#parse(frame);
		if (packet.cmd === "connect") this.#version = packet.protocolVersion as Version;
		return packet;
	}

	#parse(frame: Buffer): Packet {
		this.#packet = undefined;
		this.#parser.parse(frame);
		if (!this.#packet) throw new FrameError("packet: expected a whole one, it ends early");
		return this.#packet;
	}
}

/** A PUBLISH from a frame that has passed the gate; at MQTT 5 only one without properties: most of what devices send. */
function readPublish(frame: Buffer, properties: boolean): IPublishPacket | undefined {
	const first = frame[0] ?? 0;
	if (first >> 4 !== 3) return undefined;
	const qos = ((first >> 1) & 3) as 0 | 1 | 2;
	let at = 2;
	while ((frame[at - 1] ?? 0) & 0x80) at++;
	const end = at + 2 + frame.readUInt16BE(at);
	const start = qos ? end + 2 : end;
	if (properties && frame[start] !== 0) return undefined;
	return {
		cmd: "publish",
		topic: frame.toString("utf8", at + 2, end),
		payload: frame.subarray(properties ? start + 1 : start),
		qos,
		dup: (first & 8) !== 0,
		retain: (first & 1) !== 0,
		...(qos ? { messageId: frame.readUInt16BE(end) } : {}),
	};
}

/** CONNACK, never with properties. `code` 0 accepts. */
export const connack = (sessionPresent: boolean, code: number, version: Version = 4): Uint8Array =>
	version === 5
		? Uint8Array.of(0x20, 3, sessionPresent ? 1 : 0, code, 0)
		: Uint8Array.of(0x20, 2, sessionPresent ? 1 : 0, code);

/** PUBACK; `code` is left out where it is 0, and at 3.1.1. */
export const puback = (id: number, code = 0): Uint8Array =>
	code ? Uint8Array.of(0x40, 3, id >> 8, id & 0xff, code) : Uint8Array.of(0x40, 2, id >> 8, id & 0xff);

/** SUBACK with one granted QoS (or failure code) per filter. */
export const suback = (id: number, granted: number[], version: Version = 4): Uint8Array =>
	answers(0x90, id, granted, version);

/** UNSUBACK: at 3.1.1 without codes. */
export const unsuback = (id: number, codes: number[], version: Version = 4): Uint8Array =>
	answers(0xb0, id, version === 5 ? codes : [], version);

function answers(type: number, id: number, codes: number[], version: Version): Uint8Array {
	const properties = version === 5 ? [0] : [];
	const size = length(2 + properties.length + codes.length);
	return Uint8Array.of(type, ...size, id >> 8, id & 0xff, ...properties, ...codes);
}

export const pingresp: Uint8Array = Uint8Array.of(0xd0, 0);

/** DISCONNECT of MQTT 5. */
export const disconnect = (code: number): Uint8Array => Uint8Array.of(0xe0, 1, code);

/** What a PUBLISH of the server is made of. */
export interface Outgoing {
	topic: string;
	payload: Uint8Array;
	qos: 0 | 1;
	/** Only matters at QoS 1; sent modulo 65536. */
	id: number;
}

/** PUBLISH, never retained, never DUP, never with properties. */
export function publish({ topic, payload, qos, id }: Outgoing, version: Version = 4): Uint8Array {
	const name = Buffer.byteLength(topic);
	const properties = version === 5 ? 1 : 0;
	const head = length(2 + name + qos * 2 + properties + payload.length);
	const bytes = Buffer.alloc(1 + head.length + 2 + name + qos * 2 + properties + payload.length);
	bytes[0] = 0x30 | (qos << 1);
	bytes.set(head, 1);
	let at = bytes.writeUInt16BE(name, 1 + head.length);
	at += bytes.write(topic, at);
	if (qos) at = bytes.writeUInt16BE(id & 0xffff, at);
	bytes.set(payload, at + properties);
	return bytes;
}

/** Remaining length, 7 bits a byte [MQTT 2.2.3]. */
function length(value: number): number[] {
	const bytes: number[] = [];
	do {
		bytes.push((value % 128) | (value >= 128 ? 0x80 : 0));
		value = Math.floor(value / 128);
	} while (value);
	return bytes;
}
