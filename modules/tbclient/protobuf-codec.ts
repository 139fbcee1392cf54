// A codec for device profiles of payload type PROTOBUF: their four schemas, and the messages that ThingsBoard does not let them change.
import type { JSONObject, JSONValue } from "host/contract";
import { questionOf } from "tbclient/attributes";
import type { Codec } from "tbclient/codec";
import { decode, encode, type Schema } from "tbclient/protobuf";

/** The stock telemetry schema, `SensorDataReading`. */
export const SensorDataReading: Schema = {
	temperature: [1, "double"],
	humidity: [2, "double"],
	innerObject: [
		3,
		{ key1: [1, "string"], key2: [2, "bool"], key3: [3, "double"], key4: [4, "int32"], key5: [5, "string"] },
	],
};

/** The stock attributes schema. */
export const SensorConfiguration: Schema = { firmwareVersion: [1, "string"], serialNumber: [2, "string"] };

/** The stock schema of a call of the server. The id is in the topic, too. */
export const RpcRequestMsg: Schema = {
	method: [1, "string"],
	requestId: [2, "int32"],
	params: [3, "string"],
};

/** The stock schema of the answer to it. */
export const RpcResponseMsg: Schema = { payload: [1, "string"] };

const KeyValueProto: Schema = {
	key: [1, "string"],
	type: [2, "int32"],
	bool: [3, "bool"],
	int64: [4, "int64"],
	double: [5, "double"],
	string: [6, "string"],
	json: [7, "string"],
};
const TsKvProto: Schema = { ts: [1, "int64"], kv: [2, KeyValueProto] };
const AttributesRequest: Schema = { clientKeys: [1, "string"], sharedKeys: [2, "string"] };
const GetAttributeResponseMsg: Schema = {
	client: [2, TsKvProto, "repeated"],
	shared: [3, TsKvProto, "repeated"],
	error: [5, "string"],
};
const AttributeUpdateNotificationMsg: Schema = {
	updated: [1, TsKvProto, "repeated"],
	deleted: [2, "string", "repeated"],
};
const RpcRequest: Schema = { method: [1, "string"], params: [2, "string"] };
const ToServerRpcResponseMsg: Schema = { payload: [2, "string"], error: [3, "string"] };
const ClaimDevice: Schema = { secretKey: [1, "string"], durationMs: [2, "int64"] };

/** The schemas of a profile that differ from the stock ones. */
export interface Schemas {
	/** With fields `ts` and `values`, readings carry their time; the stock schema has none, so the server takes the time of arrival. */
	telemetry?: Schema;
	attributes?: Schema;
	/** Needs a field `method`; `params` is text (JSON is read as JSON) or a message. */
	rpcRequest?: Schema;
	/** Results are then objects of this schema. In the stock one, a text goes out as it is and anything else as JSON text. */
	rpcResponse?: Schema;
}

/**
 * Payloads of a device profile with payload type PROTOBUF. One reading a message; a key that the schema lacks throws TypeError. Goes
 * with the default topics or with `shortTopics()` and `shortTopics("p")`.
 */
export function protobufCodec(schemas: Schemas = {}): Codec<ArrayBuffer> {
	const { telemetry = SensorDataReading, attributes = SensorConfiguration } = schemas;
	const { rpcRequest = RpcRequestMsg, rpcResponse } = schemas;
	return {
		timestamps: "ts" in telemetry && "values" in telemetry,
		lists: false,
		encodeTelemetry(values) {
			if (Array.isArray(values)) throw new TypeError("protobuf: expected one reading, got a list");
			return encode(telemetry, values);
		},
		encodeAttributes: (values) => encode(attributes, values),
		encodeAttributesRequest: (keys) => encode(AttributesRequest, JSON.parse(questionOf(keys))),
		decodeAttributesResponse(bytes) {
			const { client, shared, error } = decode(GetAttributeResponseMsg, bytes);
			if (error) throw new Error(String(error));
			return { ...(client && { client: valuesOf(client) }), ...(shared && { shared: valuesOf(shared) }) };
		},
		decodeAttributesUpdate(bytes) {
			const { updated = [], deleted = [] } = decode(AttributeUpdateNotificationMsg, bytes);
			return { values: valuesOf(updated), deleted: deleted as string[] };
		},
		decodeRPCRequest(bytes) {
			const { method = "", params = "" } = decode(rpcRequest, bytes);
			return { method: String(method), params: textOrJSON(params) };
		},
		encodeRPCResponse: (result) =>
			rpcResponse
				? encode(rpcResponse, result as JSONObject)
				: encode(RpcResponseMsg, { payload: textOf(result) }),
		encodeRPCRequest: (method, params) => encode(RpcRequest, { method, params: JSON.stringify(params) }),
		decodeRPCResponse(bytes) {
			const { payload = "", error } = decode(ToServerRpcResponseMsg, bytes);
			return error ? { error } : textOrJSON(payload);
		},
		encodeClaim: ({ secretKey = null, durationMs = null }) => encode(ClaimDevice, { secretKey, durationMs }),
	};
}

const textOf = (value: JSONValue): string =>
	typeof value === "string" ? value : (JSON.stringify(value) ?? "null");

/** Params and answers are text, of JSON as a rule; no text at all is null, as in a call without params. */
function textOrJSON(value: JSONValue): JSONValue {
	if (typeof value !== "string") return value;
	if (value === "") return null;
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}

/** Own properties, whatever the keys are called. */
function valuesOf(list: JSONValue): JSONObject {
	return Object.fromEntries(
		(list as { kv?: JSONObject }[]).map(({ kv = {} }) => [String(kv.key ?? ""), meaningOf(kv)]),
	);
}

/** proto3 leaves out false, 0 and "": the type tells what is meant. */
function meaningOf({ type = 0, bool, int64, double, string, json }: JSONObject): JSONValue {
	switch (type) {
		case 0:
			return bool ?? false;
		case 1:
			return int64 ?? 0;
		case 2:
			return double ?? 0;
		case 3:
			return string ?? "";
		default:
			return textOrJSON(json ?? "");
	}
}
