// Inbound payloads: UTF-8, JSON, and always an object. What throws here ends as TB_MALFORMED.
import type { JSONObject, JSONValue } from "host/contract";

const MaxDepth = 32;

/** The value, when it is an object and no list. @throws TypeError that says what came. */
export function objectOf(value: JSONValue): JSONObject {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
	throw new TypeError(kindOf(value));
}

/** What a value is, in words. */
export function kindOf(value: JSONValue): string {
	return Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
}

/** The object in a JSON text. @throws SyntaxError, TypeError, RangeError. */
export function parseObject(text: string): JSONObject {
	return objectOf(parse(text));
}

/** What a JSON text holds. @throws SyntaxError, and RangeError when it is nested deeper than 32: XS parses by recursion. */
export function parse(text: string): JSONValue {
	if (count(text, "[") + count(text, "{") > MaxDepth && depthOf(text) > MaxDepth)
		throw new RangeError(`JSON nested deeper than ${MaxDepth}`);
	return JSON.parse(text);
}

/** How often a character occurs, as far as it matters. Searching is much faster on XS than looking at each character. */
function count(text: string, character: string): number {
	let found = 0;
	let at = text.indexOf(character);
	for (; at >= 0 && found <= MaxDepth; at = text.indexOf(character, at + 1)) found += 1;
	return found;
}

/** The deepest nesting of lists and objects, strings passed over. */
function depthOf(text: string): number {
	let [depth, deepest, quoted] = [0, 0, false];
	for (let at = 0; at < text.length; at++) {
		const character = text.charAt(at);
		if (quoted && character === "\\") at += 1;
		else if (character === '"') quoted = !quoted;
		else if (quoted) continue;
		else if (character === "[" || character === "{") deepest = Math.max(deepest, ++depth);
		else if (character === "]" || character === "}") depth -= 1;
	}
	return deepest;
}
