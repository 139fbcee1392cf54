// MQTT 3.1.1 packets as bytes, for the client of this bench (mqtt.ts).
import type { MQTTClientOptions, MQTTWriteOptions } from "../../hosts/contract.ts";

/** Length of a remaining length: 1 to 4 bytes. */
const lengthBytes = (length: number): number =>
	length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4;

/** First byte, remaining length, and room for the rest; `at` is where the rest begins. */
function head(first: number, rest: number, room = rest): { packet: Buffer; at: number } {
	const at = 1 + lengthBytes(rest);
	const packet = Buffer.allocUnsafe(at + room);
	packet[0] = first;
	let left = rest;
	for (let i = 1; i < at; i++) {
		packet[i] = (left & 127) | (i + 1 < at ? 128 : 0);
		left >>= 7;
	}
	return { packet, at };
}

const text = (value: string | ArrayBuffer): Buffer => {
	const bytes = Buffer.from(value as string);
	return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
};

/** CONNECT. */
export function connect({ id = "", user, password, keepAlive = 0 }: MQTTClientOptions): Buffer {
	const seconds = Math.ceil(keepAlive / 1000);
	const flags = 2 | (user === undefined ? 0 : 128) | (password === undefined ? 0 : 64);
	const fields = [Buffer.of(0, 4, 77, 81, 84, 84, 4, flags, seconds >> 8, seconds & 255), text(id)];
	if (user !== undefined) fields.push(text(user));
	if (password !== undefined) fields.push(text(password));
	const body = Buffer.concat(fields);
	return Buffer.concat([head(0x10, body.length, 0).packet, body]);
}

/** PUBLISH up to its payload, of which `data` follows now. */
export function publish(
	{ topic = "", QoS = 0, id = 0, duplicate }: MQTTWriteOptions,
	data: Uint8Array,
	whole: number,
): Buffer {
	const name = Buffer.byteLength(topic);
	const variable = 2 + name + (QoS ? 2 : 0);
	const first = 0x30 | (QoS << 1) | (duplicate ? 8 : 0);
	const { packet, at } = head(first, variable + whole, variable + data.length);
	packet.writeUInt16BE(name, at);
	packet.write(topic, at + 2);
	if (QoS) packet.writeUInt16BE(id, at + 2 + name);
	packet.set(data, at + variable);
	return packet;
}

/** Everything that is only an operation, an identifier, and filters. */
export function control(
	operation: number,
	id: number | undefined,
	items: MQTTWriteOptions["items"] = [],
): Buffer {
	const filters = items.map(({ topic, QoS = 0 }) => Buffer.concat([text(topic), Buffer.of(QoS)]));
	const body = Buffer.concat([id === undefined ? Buffer.alloc(0) : Buffer.of(id >> 8, id & 255), ...filters]);
	return Buffer.concat([head((operation << 4) | (operation === 8 ? 2 : 0), body.length, 0).packet, body]);
}
