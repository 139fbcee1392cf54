// Protocol Buffers, as much of the wire format as ThingsBoard's messages need: varints, doubles, floats, strings, nested messages.
import type { JSONObject, JSONValue } from "host/contract";

/** Types of a field. `int64` is exact up to 2^53, as numbers are. */
export type Scalar = "bool" | "double" | "float" | "int32" | "int64" | "string" | "uint32";

/** A field: its number, its type (or the schema of the nested message), and whether there may be many. */
export type Field = readonly [number: number, type: Scalar | Schema, repeated?: "repeated"];

/** A message type, by field name. */
export interface Schema {
	readonly [name: string]: Field;
}

const Varint = 0;
const Fixed64 = 1;
const Bytes = 2;
const Fixed32 = 5;
const wires: Readonly<Record<Scalar, number>> = Object.freeze({
	bool: Varint,
	double: Fixed64,
	float: Fixed32,
	int32: Varint,
	int64: Varint,
	string: Bytes,
	uint32: Varint,
});
const ranges: Readonly<Record<"int32" | "int64" | "uint32", readonly [number, number]>> = Object.freeze({
	int32: [-0x80000000, 0x7fffffff],
	int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
	uint32: [0, 0xffffffff],
});

/**
 * A message of these values; what is absent or null is left out, everything else is written, also 0, false and "".
 * @throws TypeError for a name that the schema lacks and for a value of another type, RangeError for integers out of range.
 */
export function encode(schema: Schema, values: JSONObject): ArrayBuffer {
	const writer = new Writer();
	for (const [name, value] of Object.entries(values)) {
		if (value === null || value === undefined) continue;
		const field = Object.hasOwn(schema, name) ? schema[name] : undefined;
		if (!field) throw new TypeError(`protobuf: expected one of ${Object.keys(schema)}, got ${name}`);
		writeField(writer, name, field, value);
	}
	return writer.finish();
}

function writeField(writer: Writer, name: string, [number, type, repeated]: Field, value: JSONValue): void {
	if (!repeated) writeOne(writer, name, number, type, value);
	else if (!Array.isArray(value))
		throw new TypeError(`protobuf: ${name}: expected a list, got ${typeof value}`);
	else if (typeof type !== "string" || type === "string")
		for (const one of value) writeOne(writer, name, number, type, one);
	else writePacked(writer, name, number, type, value);
}

function writeOne(
	writer: Writer,
	name: string,
	number: number,
	type: Scalar | Schema,
	value: JSONValue,
): void {
	const wire = typeof type === "string" ? wires[type] : Bytes;
	writer.varint(number * 8 + wire);
	if (typeof type === "string") writeScalar(writer, name, type, value);
	else writer.bytes(encode(type, objectOf(name, value)));
}

/** Numbers of a repeated field share one tag (proto3). */
function writePacked(writer: Writer, name: string, number: number, type: Scalar, values: JSONValue[]): void {
	const packed = new Writer();
	for (const value of values) writeScalar(packed, name, type, value);
	writer.varint(number * 8 + Bytes);
	writer.bytes(packed.finish());
}

function objectOf(name: string, value: JSONValue): JSONObject {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
	throw new TypeError(`protobuf: ${name}: expected an object, got ${JSON.stringify(value)}`);
}

function writeScalar(writer: Writer, name: string, type: Scalar, value: JSONValue): void {
	if (type === "string" && typeof value === "string") writer.bytes(ArrayBuffer.fromString(value));
	else if (type === "bool" && typeof value === "boolean") writer.varint(value ? 1 : 0);
	else if (type === "string" || type === "bool" || typeof value !== "number")
		throw new TypeError(`protobuf: ${name}: expected a ${type}, got ${JSON.stringify(value)}`);
	else if (type === "double" || type === "float") writer.float(type, value);
	else writer.varint(integer(name, type, value));
}

function integer(name: string, type: keyof typeof ranges, value: number): number {
	const [least, most] = ranges[type];
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw new RangeError(`protobuf: ${name}: expected an ${type}, got ${value}`);
}

/** Bytes that grow. */
class Writer {
	#bytes = new Uint8Array(64);
	#length = 0;

	/** An integer within ±2^53; negative ones as 64 bits of two's complement. */
	varint(value: number): void {
		let low = value >>> 0;
		let high = Math.floor(value / 0x100000000) >>> 0;
		const view = this.#room(10);
		while (high || low > 127) {
			view[this.#length++] = (low & 127) | 128;
			low = ((low >>> 7) | (high << 25)) >>> 0;
			high >>>= 7;
		}
		view[this.#length++] = low;
	}

	/** Length and content. */
	bytes(buffer: ArrayBuffer): void {
		this.varint(buffer.byteLength);
		this.#room(buffer.byteLength).set(new Uint8Array(buffer), this.#length);
		this.#length += buffer.byteLength;
	}

	float(type: "double" | "float", value: number): void {
		const size = type === "double" ? 8 : 4;
		const view = new DataView(this.#room(size).buffer, this.#length, size);
		if (type === "double") view.setFloat64(0, value, true);
		else view.setFloat32(0, value, true);
		this.#length += size;
	}

	finish(): ArrayBuffer {
		return this.#bytes.buffer.slice(0, this.#length);
	}

	#room(size: number): Uint8Array<ArrayBuffer> {
		if (this.#length + size > this.#bytes.length) {
			const larger = new Uint8Array(2 * this.#bytes.length + size);
			larger.set(this.#bytes);
			this.#bytes = larger;
		}
		return this.#bytes;
	}
}

/**
 * The values of a message; absent fields are absent, unknown ones skipped. @throws RangeError for bytes that end too early,
 * TypeError for a wire type that is none or does not fit, and for text that is no UTF-8.
 */
export function decode(schema: Schema, buffer: ArrayBuffer): JSONObject {
	const reader = new Reader(new DataView(buffer));
	const values: JSONObject = {};
	const names = new Map(Object.entries(schema).map(([name, field]) => [field[0], name]));
	while (!reader.done) {
		const tag = reader.varint();
		const name = names.get(Math.floor(tag / 8));
		const field = name === undefined ? undefined : schema[name];
		if (name === undefined || !field) reader.skip(tag % 8);
		else readField(reader, tag % 8, name, field, values);
	}
	return values;
}

function readField(
	reader: Reader,
	wire: number,
	name: string,
	[, type, repeated]: Field,
	values: JSONObject,
): void {
	const found = readValues(reader, wire, name, type, !!repeated);
	if (!repeated) values[name] = found[0] as JSONValue;
	else values[name] = [...((values[name] as JSONValue[] | undefined) ?? []), ...found];
}

function readValues(
	reader: Reader,
	wire: number,
	name: string,
	type: Scalar | Schema,
	repeated: boolean,
): JSONValue[] {
	const expected = typeof type === "string" ? wires[type] : Bytes;
	if (repeated && wire === Bytes && expected !== Bytes) return packed(reader.bytes(), type as Scalar);
	if (wire !== expected)
		throw new TypeError(`protobuf: ${name}: expected wire type ${expected}, got ${wire}`);
	return [typeof type === "string" ? readScalar(reader, type) : decode(type, reader.bytes())];
}

function packed(buffer: ArrayBuffer, type: Scalar): JSONValue[] {
	const reader = new Reader(new DataView(buffer));
	const values: JSONValue[] = [];
	while (!reader.done) values.push(readScalar(reader, type));
	return values;
}

function readScalar(reader: Reader, type: Scalar): JSONValue {
	switch (type) {
		case "bool":
			return reader.varint() !== 0;
		case "double":
			return reader.take(8, (view, at) => view.getFloat64(at, true));
		case "float":
			return reader.take(4, (view, at) => view.getFloat32(at, true));
		case "int32":
			return reader.varint() | 0;
		case "uint32":
			return reader.varint() >>> 0;
		case "int64":
			return reader.varint();
		case "string":
			return String.fromArrayBuffer(reader.bytes());
	}
}

/** Reads one thing after the other, never past the end. */
class Reader {
	#view: DataView<ArrayBuffer>;
	#at = 0;

	constructor(view: DataView<ArrayBuffer>) {
		this.#view = view;
	}

	get done(): boolean {
		return this.#at >= this.#view.byteLength;
	}

	/** At most 10 bytes, as a signed integer of 64 bits, rounded to a number. */
	varint(): number {
		let low = 0;
		let high = 0;
		for (let bit = 0; bit < 70; bit += 7) {
			const byte = this.take(1, (view, at) => view.getUint8(at));
			const seven = byte & 127;
			if (bit < 28) low |= seven << bit;
			else if (bit === 28) {
				low |= seven << 28;
				high |= seven >> 4;
			} else high |= seven << (bit - 32);
			if (byte < 128) return (high | 0) * 0x100000000 + (low >>> 0);
		}
		throw new RangeError("protobuf: expected a varint of at most 10 bytes");
	}

	bytes(): ArrayBuffer {
		const length = this.varint();
		const offset = this.#view.byteOffset;
		return this.take(length, (view, at) => view.buffer.slice(offset + at, offset + at + length));
	}

	take<Value>(size: number, read: (view: DataView<ArrayBuffer>, at: number) => Value): Value {
		const at = this.#at;
		if (size < 0 || at + size > this.#view.byteLength)
			throw new RangeError(`protobuf: expected ${size} bytes at ${at}, got ${this.#view.byteLength - at}`);
		this.#at += size;
		return read(this.#view, at);
	}

	skip(wire: number): void {
		if (wire === Varint) this.varint();
		else if (wire === Fixed64) this.take(8, () => undefined);
		else if (wire === Bytes) this.bytes();
		else if (wire === Fixed32) this.take(4, () => undefined);
		else throw new TypeError(`protobuf: expected wire type 0, 1, 2 or 5, got ${wire}`);
	}
}
