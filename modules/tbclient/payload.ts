// Inbound payloads: UTF-8, JSON, and always an object. What throws here ends as TB_MALFORMED.
import type { JSONObject, JSONValue } from "host/contract";

/** The value, when it is an object and no list. @throws TypeError that says what came. */
export function objectOf(value: JSONValue): JSONObject {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
	throw new TypeError(kindOf(value));
}

/** What a value is, in words. */
export function kindOf(value: JSONValue): string {
	return Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
}

/** The object in a JSON text. @throws SyntaxError, TypeError. */
export function parseObject(text: string): JSONObject {
	return objectOf(JSON.parse(text));
}
