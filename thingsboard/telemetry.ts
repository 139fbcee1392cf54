// Telemetry and attribute payloads (JsonConverter.convertToTelemetry, convertToAttributes).
import { type Json, JsonNumber, parseJson } from "./json.ts";
import { typedMembers, type Value } from "./values.ts";

/** A payload the server cannot take ("adaptor error" or unmapped error): at 3.1.1 it closes without PUBACK. */
export class PayloadError extends Error {}

/** Values of one moment, epoch milliseconds. */
export interface Row {
	ts: number;
	values: Map<string, Value>;
}

/** Reads telemetry. `now` stamps rows without `ts`. `[]` gives no row at all: it is never acknowledged. Throws `PayloadError`. */
export function readTelemetry(text: string, now: number): Row[] {
	return guard(() => {
		const root = parseJson(text);
		return Array.isArray(root) ? root.map((item) => row(object(item), now)) : [row(object(root), now)];
	});
}

/** Reads an object of attributes. Throws `PayloadError`. */
export function readAttributes(text: string): Map<string, Value> {
	return guard(() => typedMembers(object(parseJson(text))));
}

/** Parses any JSON object. Throws `PayloadError`. */
export function readObject(text: string): Map<string, Json> {
	return guard(() => object(parseJson(text)));
}

/** A comma-separated list as Gson's getAsString gives it: a one-element array works too. No trimming. Throws `PayloadError`. */
export function textOf(value: Json): string {
	const single = Array.isArray(value) && value.length === 1 ? (value[0] ?? null) : value;
	if (typeof single === "string") return single;
	if (typeof single === "boolean") return String(single);
	if (single instanceof JsonNumber) return single.text;
	throw new PayloadError("member: expected text");
}

/** Only both members together mean a timestamped row; what stands beside them is discarded. */
function row(members: Map<string, Json>, now: number): Row {
	const ts = members.get("ts");
	const values = members.get("values");
	if (ts === undefined || values === undefined) return { ts: now, values: typedMembers(members) };
	return { ts: long(ts), values: typedMembers(object(values)) };
}

/** Gson's getAsLong: a number loses its fraction, text must be a whole number, a one-element array works. */
function long(value: Json): number {
	const single = Array.isArray(value) && value.length === 1 ? (value[0] ?? null) : value;
	if (single instanceof JsonNumber) return Math.trunc(Number(single.text));
	if (typeof single === "string" && /^[+-]?\d+$/.test(single)) return Number(single);
	throw new PayloadError("ts: expected epoch milliseconds");
}

function object(value: Json): Map<string, Json> {
	if (value instanceof Map) return value;
	throw new PayloadError("payload: expected an object");
}

function guard<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		if (error instanceof SyntaxError) throw new PayloadError(error.message);
		throw error;
	}
}
