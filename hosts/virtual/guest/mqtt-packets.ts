// Outbound MQTT 3.1.1 packets as bytes. Pure functions; clause numbers are those of the OASIS standard.
import type { MQTTClientOptions, MQTTWriteOptions } from "host/contract";

type Bytes = Uint8Array<ArrayBuffer>;

/** Packet types, MQTT 3.1.1 table 2.1. */
export const Operation = Object.freeze({
	CONNECT: 1,
	CONNACK: 2,
	PUBLISH: 3,
	PUBACK: 4,
	PUBREC: 5,
	PUBREL: 6,
	PUBCOMP: 7,
	SUBSCRIBE: 8,
	SUBACK: 9,
	UNSUBSCRIBE: 10,
	UNSUBACK: 11,
	PINGREQ: 12,
	PINGRESP: 13,
	DISCONNECT: 14,
});

/** CONNECT (3.1). Empty user name or password is left out, as the SDK's client does. `keepAlive` in milliseconds. */
export function connect({
	id = "",
	user = "",
	password = "",
	clean = true,
	keepAlive = 0,
}: MQTTClientOptions): Bytes {
	const name = text(user);
	const secret = text(password);
	const hasUser = name.length > 2;
	const hasPassword = secret.length > 2;
	const flags = (clean ? 2 : 0) | (hasUser ? 0x80 : 0) | (hasPassword ? 0x40 : 0);
	const seconds = Math.ceil(keepAlive / 1000);
	const protocol = Uint8Array.of(0, 4, 77, 81, 84, 84, 4, flags, seconds >> 8, seconds);
	const parts = [protocol, text(id)];
	if (hasUser) parts.push(name);
	if (hasPassword) parts.push(secret);
	return packet(Operation.CONNECT << 4, parts);
}

/** The head of a PUBLISH (3.3) whose payload has `byteLength` bytes: everything ahead of the payload. */
export function publish(options: MQTTWriteOptions, id: number, byteLength: number): Bytes {
	const { topic = "", QoS = 0, duplicate, retain } = options;
	const flags = (duplicate ? 8 : 0) | ((QoS & 3) << 1) | (retain ? 1 : 0);
	const name = new Uint8Array(ArrayBuffer.fromString(topic));
	const { length } = name;
	const rest = length + (QoS ? 4 : 2);
	let at = head((Operation.PUBLISH << 4) | flags, rest + byteLength, rest);
	scratch[at++] = length >> 8;
	scratch[at++] = length;
	scratch.set(name, at);
	at += length;
	if (!QoS) return scratch.slice(0, at);
	scratch[at++] = id >> 8;
	scratch[at++] = id;
	return scratch.slice(0, at);
}

let scratch = new Uint8Array(128);

/** First byte and remaining length (2.2.3: seven bits a byte, lowest first), with room for `room` bytes more. Returns their length. */
function head(first: number, length: number, room: number): number {
	if (scratch.length < room + 5) scratch = new Uint8Array(room + 5);
	scratch[0] = first;
	let at = 1;
	let left = length;
	for (; left > 0x7f; left >>= 7) scratch[at++] = (left & 0x7f) | 0x80;
	scratch[at++] = left;
	return at;
}

/** Any packet a client may ask for besides PUBLISH. Throws on another operation. */
export function control(operation: number, id: number, items: MQTTWriteOptions["items"] = []): Bytes {
	switch (operation) {
		case Operation.SUBSCRIBE:
		case Operation.UNSUBSCRIBE:
			return subscription(operation, id, items);
		case Operation.PUBACK:
		case Operation.PUBREC:
		case Operation.PUBREL:
		case Operation.PUBCOMP:
			return Uint8Array.of((operation << 4) | (Operation.PUBREL === operation ? 2 : 0), 2, id >> 8, id);
		case Operation.PINGREQ:
		case Operation.DISCONNECT:
			return Uint8Array.of(operation << 4, 0);
		default:
			throw new Error(`MQTT write: expected an operation of a client, got ${operation}`);
	}
}

/** SUBSCRIBE (3.8) with the wanted QoS of each item, or UNSUBSCRIBE (3.10). */
function subscription(operation: number, id: number, items: { topic: string; QoS?: number }[]): Bytes {
	const parts = [Uint8Array.of(id >> 8, id)];
	for (const { topic, QoS = 0 } of items) {
		parts.push(text(topic));
		if (Operation.SUBSCRIBE === operation) parts.push(Uint8Array.of(QoS & 3));
	}
	return packet((operation << 4) | 2, parts);
}

/** Length-prefixed UTF-8 (1.5.3). */
function text(value: string | ArrayBuffer): Bytes {
	const bytes = new Uint8Array("string" === typeof value ? ArrayBuffer.fromString(value) : value);
	const result = new Uint8Array(bytes.length + 2);
	result[0] = bytes.length >> 8;
	result[1] = bytes.length;
	result.set(bytes, 2);
	return result;
}

function packet(first: number, parts: Bytes[]): Bytes {
	let length = 0;
	for (const part of parts) length += part.length;
	let at = head(first, length, length);
	for (const part of parts) {
		scratch.set(part, at);
		at += part.length;
	}
	return scratch.slice(0, at);
}
