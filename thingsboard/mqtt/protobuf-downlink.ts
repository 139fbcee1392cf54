// What the server publishes to a device of a protobuf profile, made from the JSON that means the same (ProtoMqttAdaptor).
import { type Json, JsonNumber, jsonText, parseJson } from "../json.ts";
import { bytesField, integerField } from "../protobuf.ts";

/** Kinds of payload that the server publishes. */
export type Downlink = "attributesResponse" | "attributesUpdate" | "rpcRequest" | "rpcResponse";

const Tag = (number: number, wire: number): Uint8Array => Uint8Array.of(number * 8 + wire);
const types = { boolean: 0, long: 1, double: 2, string: 3, json: 4 } as const;

/** KeyValueProto. */
function keyValue(key: string, value: Json): Uint8Array {
	const of = (type: number, field: Uint8Array): Uint8Array =>
		Buffer.concat([bytesField(1, key), integerField(2, type), field]);
	if (typeof value === "boolean") return of(types.boolean, integerField(3, Number(value)));
	if (typeof value === "string") return of(types.string, bytesField(6, value));
	if (!(value instanceof JsonNumber)) return of(types.json, bytesField(7, jsonText(value)));
	if (/^-?\d+$/.test(value.text)) return of(types.long, integerField(4, BigInt(value.text)));
	return of(types.double, doubleField(5, Number(value.text)));
}

function doubleField(number: number, value: number): Uint8Array {
	const bytes = Buffer.alloc(8);
	bytes.writeDoubleLE(value);
	return value === 0 && !Object.is(value, -0) ? new Uint8Array() : Buffer.concat([Tag(number, 1), bytes]);
}

/** TsKvProto of each member, as repeated field. */
export const entries = (number: number, values: Json, ts: number): Uint8Array[] =>
	[...(values instanceof Map ? values : [])].map(([key, value]) =>
		bytesField(number, Buffer.concat([integerField(1, ts), bytesField(2, keyValue(key, value))])),
	);

/** `multiple` is of no interest to a device; it says whether several keys were asked for. */
function attributesResponse(id: number, root: Map<string, Json>, ts: number): Uint8Array {
	const client = entries(2, root.get("client") ?? null, ts);
	const shared = entries(3, root.get("shared") ?? null, ts);
	return Buffer.concat([integerField(1, id), ...client, ...shared]);
}

/** AttributeUpdateNotificationMsg. */
export function attributesUpdate(root: Map<string, Json>, ts: number): Uint8Array {
	const deleted = root.get("deleted");
	const keys = root.size === 1 && Array.isArray(deleted) ? deleted : undefined;
	if (keys) return Buffer.concat(keys.map((key) => bytesField(2, String(key))));
	return Buffer.concat(entries(1, root, ts));
}

/** RpcRequestMsg, all of whose fields are optional. Throws `TypeError` for params that are no text to Gson. */
function rpcRequest(id: number, root: Map<string, Json>): Uint8Array {
	const params = root.get("params") ?? null;
	const fields = [
		bytesField(1, String(root.get("method"))),
		Buffer.concat([Tag(2, 0), id ? integerField(2, id).subarray(1) : Uint8Array.of(0)]),
	];
	if (params !== null) fields.push(optionalText(3, textOf(params)));
	return Buffer.concat(fields);
}

/** Present even when it is empty. */
const optionalText = (number: number, value: string): Uint8Array =>
	value ? bytesField(number, value) : Buffer.concat([Tag(number, 2), Uint8Array.of(0)]);

function textOf(params: Json): string {
	if (typeof params === "string") return params;
	if (typeof params === "boolean") return String(params);
	if (params instanceof JsonNumber) return params.text;
	throw new TypeError("rpc: expected params that are text in the stock schema");
}

/** ToServerRpcResponseMsg. The transport's own errors are in a field of their own. */
function rpcResponse(id: number, root: Json): Uint8Array {
	const error = root instanceof Map && root.size === 1 ? root.get("error") : undefined;
	const failed = typeof error === "string";
	return Buffer.concat([integerField(1, id), failed ? bytesField(3, error) : bytesField(2, jsonText(root))]);
}

/** A message of the server in protobuf. `now` stamps the values. Throws `TypeError` for what the stock schemas cannot carry. */
export function protobufOf(what: Downlink, id: number, text: string, now: number): Uint8Array {
	const root = parseJson(text);
	if (what === "rpcResponse") return rpcResponse(id, root);
	const object = root instanceof Map ? root : new Map<string, Json>();
	if (what === "rpcRequest") return rpcRequest(id, object);
	return what === "attributesUpdate" ? attributesUpdate(object, now) : attributesResponse(id, object, now);
}
