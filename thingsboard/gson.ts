// What Gson's getAs… methods make of a JSON element. Each accepts an array of one element in its place. They throw `PayloadError` for
// another array (IllegalStateException, which the adaptors know) and `UnmappedError` for what else does not fit.
import { PayloadError, UnmappedError } from "./errors.ts";
import { type Json, JsonNumber, jsonText } from "./json.ts";

/** getAsString: a primitive's text. */
export function asString(element: Json | undefined): string {
	const value = single(element);
	if (typeof value === "string") return value;
	if (typeof value === "boolean") return String(value);
	if (value instanceof JsonNumber) return value.text;
	throw unfit("a string, a number or a boolean", value);
}

/** getAsInt: a number loses its fraction and what is beyond 32 bits; text must be Java's int. */
export function asInt(element: Json | undefined): number {
	const value = single(element);
	if (value instanceof JsonNumber) return Number(BigInt.asIntN(32, whole(value)));
	const text = asString(value);
	const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
	if (number >= -(2 ** 31) && number < 2 ** 31) return number;
	throw unfit("a 32-bit integer", value);
}

/** getAsLong, as far as a double can hold it: a number loses its fraction, text must be a whole number of 64 bits. */
export function asLong(element: Json | undefined): number {
	const value = single(element);
	if (value instanceof JsonNumber) return Number(whole(value));
	const text = asString(value);
	const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
	if (Math.abs(number) < 2 ** 63) return number;
	throw unfit("a whole number", value);
}

/** getAsBoolean: what is no boolean is true only when its text is "true" in any case. */
export const asBoolean = (element: Json | undefined): boolean => asString(element).toLowerCase() === "true";

function single(element: Json | undefined): Json {
	const value = Array.isArray(element) && element.length === 1 ? element[0] : element;
	if (value === undefined) throw new UnmappedError("JSON: expected an element, there is none");
	return value;
}

function unfit(expected: string, value: Json): Error {
	const text = `JSON: expected ${expected}, got ${jsonText(value).slice(0, 40)}`;
	return Array.isArray(value) ? new PayloadError(text) : new UnmappedError(text);
}

/** Java gives 0 for what is beyond any long. */
function whole({ text }: JsonNumber): bigint {
	const number = Math.trunc(Number(text));
	return Number.isFinite(number) ? BigInt(number) : 0n;
}
