// Telemetry and attribute payloads (JsonConverter.convertToTelemetry, convertToAttributes).
import { PayloadError } from "./errors.ts";
import { asLong, asString } from "./gson.ts";
import { type Json, JsonNumber, parseJson } from "./json.ts";
import { typedMembers, type Value } from "./values.ts";

export { PayloadError } from "./errors.ts";

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

/**
 * Keys separated by commas; none where the member is absent. No trimming: Java's String.split drops empty parts at the end only, and
 * "" is one empty part. Throws `PayloadError`.
 */
export function readKeys(member: Json | undefined): string[] {
	if (member === undefined) return [];
	const parts = keyText(member).split(",");
	if (parts.length > 1) while (parts.at(-1) === "") parts.pop();
	return parts;
}

/** The adaptor knows every exception that reading keys can end in. */
function keyText(member: Json): string {
	try {
		return asString(member);
	} catch (error) {
		throw new PayloadError(`keys: ${(error as Error).message}`);
	}
}

/** One telemetry object. Only both members together mean a timestamped row; what stands beside them is discarded. */
export function row(members: Map<string, Json>, now: number): Row {
	const ts = members.get("ts");
	const values = members.get("values");
	if (ts === undefined || values === undefined) return { ts: now, values: typedMembers(members) };
	return { ts: asLong(ts), values: typedMembers(object(values)) };
}

function kindOf(value: Json): string {
	if (value instanceof JsonNumber) return "a number";
	if (value instanceof Map) return "an object";
	if (Array.isArray(value)) return `an array of ${value.length}`;
	return value === null ? "null" : `a ${typeof value}`;
}

/** The members of an object. Throws `PayloadError`. */
export function object(value: Json): Map<string, Json> {
	if (value instanceof Map) return value;
	throw new PayloadError(`payload: expected an object, got ${kindOf(value)}`);
}

function guard<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		if (error instanceof SyntaxError) throw new PayloadError(error.message);
		throw error;
	}
}
