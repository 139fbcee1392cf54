// The frame gate in front of the packet parser: what ThingsBoard's Netty codec checks, before anything is buffered or parsed.

/** NETTY_MAX_PAYLOAD_SIZE: the limit on MQTT's *remaining length*, not on the payload. Bytes. */
export const maxRemainingLength = 65_536;

/** Pieces that are kept apart; a packet that comes byte by byte would weigh a hundredfold. */
const maxParts = 64;

const connect = 1;
const publish = 3;
const puback = 4;
const withPacketId = new Set([puback, 5, 6, 7, 8, 10]);
const names: Record<number, string> = { 3: "MQIsdp", 4: "MQTT", 5: "MQTT" };

/** Bytes that are no acceptable packet: the server closes the connection without an answer (MQTT 5: DISCONNECT 0x81). */
export class FrameError extends Error {}

/** Cuts a byte stream into whole MQTT packets and refuses what the server's decoder refuses. Holds at most one packet. */
export class FrameGate {
	#limit: number;
	#parts: Uint8Array[] = [];
	/** Bytes in `#parts`, and how many make it worth looking again. */
	#size = 0;
	#wanted = 2;

	/** `limit`: largest remaining length, bytes. */
	constructor(limit = maxRemainingLength) {
		this.#limit = limit;
	}

	/** Takes bytes and yields every packet that is now complete. Throws `FrameError`. */
	*push(bytes: Uint8Array): Generator<Buffer> {
		this.#parts.push(bytes);
		this.#size += bytes.length;
		if (this.#parts.length > maxParts) this.#parts = [joined(this.#parts, this.#size)];
		if (this.#size < this.#wanted) return;
		let rest = joined(this.#parts, this.#size);
		for (;;) {
			const frame = this.#first(rest);
			if (!frame) break;
			rest = rest.subarray(frame.length);
			yield frame;
		}
		this.#parts = rest.length ? [rest] : [];
		this.#size = rest.length;
	}

	#first(bytes: Buffer): Buffer | undefined {
		const header = readHeader(bytes);
		this.#wanted = header ? header.size + header.remaining : bytes.length + 1;
		if (!header) return undefined;
		if (header.remaining > this.#limit)
			throw new FrameError(
				`packet: expected at most ${this.#limit} bytes remaining length, got ${header.remaining}`,
			);
		if (bytes.length < this.#wanted) return undefined;
		const frame = bytes.subarray(0, this.#wanted);
		check(frame, header.size);
		return frame;
	}
}

function joined(parts: Uint8Array[], size: number): Buffer {
	const [only] = parts;
	if (parts.length > 1 || !only) return Buffer.concat(parts, size);
	return Buffer.from(only.buffer, only.byteOffset, only.length);
}

/** Type byte and remaining length [MQTT 2.2]; undefined while incomplete. */
function readHeader(bytes: Buffer): { size: number; remaining: number } | undefined {
	let remaining = 0;
	for (let i = 1; i <= 4; i++) {
		const byte = bytes[i];
		if (byte === undefined) return undefined;
		remaining += (byte & 0x7f) * 128 ** (i - 1);
		if (byte < 0x80) return { size: i + 1, remaining };
	}
	throw new FrameError("remaining length: expected at most 4 bytes, got more"); // [MQTT-2.2.3]
}

function check(frame: Buffer, start: number): void {
	const first = frame[0] ?? 0;
	const type = first >> 4;
	if (type === publish) checkPublish(frame, start, (first >> 1) & 3);
	else if (type === connect) checkConnect(frame.subarray(start));
	else if (withPacketId.has(type)) checkId(frame, start);
}

function checkConnect(body: Buffer): void {
	const name = readString(body, 0);
	const level = body[name.end];
	if (level === undefined || names[level] !== name.text)
		throw new FrameError(`CONNECT: expected MQTT level 4 or 5 or MQIsdp level 3, got ${name.text} ${level}`);
	if (level !== 3) return;
	const clientId = readString(body, name.end + 4);
	if (clientId.text.length < 1 || clientId.text.length > 23)
		throw new FrameError(
			`CONNECT 3.1: expected a client id of 1 to 23 characters, got ${clientId.text.length}`,
		);
}

const hash = 0x23;
const plus = 0x2b;

function checkPublish(frame: Buffer, start: number, qos: number): void {
	if (qos === 3) throw new FrameError("PUBLISH: expected QoS 0 to 2, got 3");
	const end = stringEnd(frame, start);
	const topic = frame.subarray(start + 2, end);
	if (topic.includes(hash) || topic.includes(plus))
		throw new FrameError(`PUBLISH: expected no wildcard in the topic, got ${topic}`);
	if (qos) checkId(frame, end);
}

function checkId(bytes: Buffer, at: number): void {
	if (bytes.length < at + 2) throw new FrameError("packet id: expected 2 bytes, the packet ends");
	if (bytes.readUInt16BE(at) === 0) throw new FrameError("packet id: expected 1 to 65535, got 0");
}

function stringEnd(bytes: Buffer, at: number): number {
	const end = bytes.length < at + 2 ? Number.POSITIVE_INFINITY : at + 2 + bytes.readUInt16BE(at);
	if (end > bytes.length) throw new FrameError("text: expected its length in bytes, the packet ends");
	return end;
}

/** Malformed UTF-8 turns into U+FFFD and is no error, as in Netty's decodeString. */
function readString(bytes: Buffer, at: number): { text: string; end: number } {
	const end = stringEnd(bytes, at);
	return { text: bytes.toString("utf8", at + 2, end), end };
}
