// What the server sends on gateway topics, pure. What throws here ends as TB_MALFORMED.
import type { ChildRPC } from "gateway/options";
import type { JSONObject, JSONValue } from "host/contract";
import { deletedOf } from "tbclient/attributes";
import type { AttributesUpdate } from "tbclient/codec";
import { kindOf, objectOf, parseObject } from "tbclient/payload";

/** The answer to a request for attributes. */
export interface Answer {
	id: number;
	/** The value, where one key was asked for and found. */
	value: JSONValue | undefined;
	/** What was found of several keys. */
	values: JSONObject | undefined;
}

const objectIn = (bytes: ArrayBuffer): JSONObject => parseObject(String.fromArrayBuffer(bytes));

/** `{"device":…,"data":{"id":…,"method":…,"params":…}}`. @throws TypeError */
export function readCall(bytes: ArrayBuffer): ChildRPC {
	const { device = null, data = null } = objectIn(bytes);
	const { id = null, method = null, params = null } = objectOf(data);
	return {
		device: textOf("device", device),
		id: integerOf("id", id),
		method: textOf("method", method),
		params,
	};
}

/** `{"device":…,"data":{…}}`, `{"device":…,"data":{"deleted":[…]}}`. @throws TypeError */
export function readUpdate(bytes: ArrayBuffer): AttributesUpdate & { device: string } {
	const { device = null, data = null } = objectIn(bytes);
	const values = objectOf(data);
	const deleted = deletedOf(values);
	return { device: textOf("device", device), values: deleted ? {} : values, deleted: deleted ?? [] };
}

/** `value` for one key, `values` for several, neither where nothing was found. @throws TypeError */
export function readAnswer(bytes: ArrayBuffer): Answer {
	const { id = null, value, values } = objectIn(bytes);
	return { id: integerOf("id", id), value, values: values === undefined ? undefined : objectOf(values) };
}

/** `{"device":…,"reason":150}`. @throws TypeError */
export function readNotice(bytes: ArrayBuffer): { device: string; reason: number } {
	const { device = null, reason = null } = objectIn(bytes);
	return { device: textOf("device", device), reason: integerOf("reason", reason) };
}

/** What a rename says, old names and new ones: `{"Old":"New"}`. @throws TypeError */
export function readRenames(params: JSONValue): [oldName: string, name: string][] {
	return Object.entries(objectOf(params)).map(([oldName, name]) => [oldName, textOf("new name", name)]);
}

/** A text that is not empty. @throws TypeError */
export function textOf(what: string, value: JSONValue): string {
	if (typeof value === "string" && value) return value;
	throw new TypeError(`${what}: ${value === "" ? "an empty text" : kindOf(value)}`);
}

function integerOf(what: string, value: JSONValue): number {
	if (typeof value === "number" && Number.isSafeInteger(value)) return value;
	throw new TypeError(`${what}: ${typeof value === "number" ? value : kindOf(value)}`);
}
