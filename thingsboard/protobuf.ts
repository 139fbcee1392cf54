// Protocol buffers on the wire: tag, wire type, value. Enough for the fixed messages of ThingsBoard's transport.proto.

/** Bytes that are no protobuf message. */
export class ProtobufError extends Error {}

/** Values of one field in their order: numbers of varints, bytes of everything that has a length. Fixed-size ones as bytes. */
export type Field = (bigint | Uint8Array)[];

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const startGroup = 3;
const endGroup = 4;
const fixed32 = 5;
/** Java's limit on nested groups and messages. */
const maxDepth = 100;

/** A message's fields by number; unknown groups are skipped. */
export class Message {
	#fields: Map<number, Field>;

	/** Throws `ProtobufError`. */
	constructor(bytes: Uint8Array) {
		this.#fields = new Reader(bytes).fields();
	}

	/** Whether there is such a field. */
	has(number: number): boolean {
		return this.#fields.has(number);
	}

	/** The last text of a string field, "" when there is none. Throws `ProtobufError` for malformed UTF-8. */
	text(number: number): string {
		return decoded(this.bytes(number), number);
	}

	/** Each text of a repeated string field. Throws `ProtobufError` for malformed UTF-8. */
	texts(number: number): string[] {
		const values = this.#fields.get(number) ?? [];
		return values.flatMap((value) => (value instanceof Uint8Array ? [decoded(value, number)] : []));
	}

	/** The last value of a bytes field. */
	bytes(number: number): Uint8Array {
		const value = this.#last(number);
		return value instanceof Uint8Array ? value : new Uint8Array();
	}

	/** The last number of an integer, enum or bool field, 0 when there is none. */
	integer(number: number): bigint {
		const value = this.#last(number);
		return typeof value === "bigint" ? value : 0n;
	}

	/** A message field, empty when there is none. Throws `ProtobufError`. */
	message(number: number): Message {
		return new Message(this.bytes(number));
	}

	/** Each message of a repeated field. Throws `ProtobufError`. */
	messages(number: number): Message[] {
		const values = this.#fields.get(number) ?? [];
		return values.flatMap((value) => (value instanceof Uint8Array ? [new Message(value)] : []));
	}

	#last(number: number): bigint | Uint8Array | undefined {
		return this.#fields.get(number)?.at(-1);
	}
}

function decoded(bytes: Uint8Array, number: number): string {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		throw new ProtobufError(`field ${number}: expected UTF-8`);
	}
}

class Reader {
	#bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	fields(): Map<number, Field> {
		const fields = new Map<number, Field>();
		while (this.#at < this.#bytes.length) {
			const { number, type } = this.#tag();
			if (type === endGroup) throw new ProtobufError("protobuf: a group ends that never began");
			const value = this.#value(number, type, 0);
			if (value !== undefined) fields.set(number, [...(fields.get(number) ?? []), value]);
		}
		return fields;
	}

	#tag(): { number: number; type: number } {
		const tag = Number(this.#varint());
		const number = Math.floor(tag / 8);
		if (number < 1 || number > 536_870_911)
			throw new ProtobufError(`protobuf: expected a field, got ${number}`);
		return { number, type: tag % 8 };
	}

	#value(number: number, type: number, depth: number): bigint | Uint8Array | undefined {
		if (type === varint) return this.#varint();
		if (type === fixed64) return this.#take(8);
		if (type === fixed32) return this.#take(4);
		if (type === delimited) return this.#take(Number(this.#varint()));
		if (type !== startGroup) throw new ProtobufError(`protobuf: expected wire type 0 to 5, got ${type}`);
		this.#skipGroup(number, depth + 1);
		return undefined;
	}

	#skipGroup(group: number, depth: number): void {
		if (depth > maxDepth) throw new ProtobufError(`protobuf: expected at most ${maxDepth} levels`);
		for (;;) {
			const { number, type } = this.#tag();
			if (type !== endGroup) this.#value(number, type, depth);
			else if (number === group) return;
			else throw new ProtobufError(`protobuf: expected the end of group ${group}, got that of ${number}`);
		}
	}

	#varint(): bigint {
		let value = 0n;
		for (let shift = 0n; shift < 70n; shift += 7n) {
			const [byte = 0] = this.#take(1);
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) return BigInt.asUintN(64, value);
		}
		throw new ProtobufError("protobuf: expected a number of at most 10 bytes");
	}

	#take(count: number): Uint8Array {
		const end = this.#at + count;
		if (end > this.#bytes.length)
			throw new ProtobufError(`protobuf: expected ${count} bytes, the message ends`);
		const taken = this.#bytes.subarray(this.#at, end);
		this.#at = end;
		return taken;
	}
}

/** An integer, enum or bool field; 0 is left out, as proto3 does. */
export function integerField(number: number, value: number | bigint): Uint8Array {
	return !value ? new Uint8Array() : Buffer.concat([encodeVarint(number * 8 + varint), encodeVarint(value)]);
}

/** A string, bytes or message field; an empty one is left out, as proto3 does. */
export function bytesField(number: number, value: Uint8Array | string): Uint8Array {
	const bytes = typeof value === "string" ? Buffer.from(value) : value;
	if (!bytes.length) return new Uint8Array();
	return Buffer.concat([encodeVarint(number * 8 + delimited), encodeVarint(bytes.length), bytes]);
}

function encodeVarint(value: number | bigint): Uint8Array {
	const bytes: number[] = [];
	let rest = BigInt.asUintN(64, BigInt(value));
	do {
		const more = rest > 0x7fn;
		bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
		rest >>= 7n;
	} while (rest);
	return Uint8Array.from(bytes);
}
