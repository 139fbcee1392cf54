// What goes into payloads and comes out of them. JSON is the default; a device profile can ask for something else.
import type { JSONObject, JSONValue } from "host/contract";
import { type AttributeKeys, answerOf, deletedOf, questionOf } from "tbclient/attributes";
import type { Payload } from "tbclient/message";
import type { AttributeValues } from "tbclient/options";
import { parse, parseObject } from "tbclient/payload";

/** A change of shared attributes: new values, or the keys that were deleted. */
export interface AttributesUpdate {
	values: JSONObject;
	deleted: string[];
}

/** What a call asks for. */
export interface Call {
	method: string;
	/** Null when there are none. */
	params: JSONValue;
}

/** What a claim says; see tbclient/claim. */
export interface Claim {
	secretKey?: string;
	durationMs?: number;
}

/**
 * Turns what the application says into payloads, and payloads into what it hears. `encode…` throws TypeError or RangeError for what the
 * payload cannot carry; it reaches the caller of `sendTelemetry` and the like. What `decode…` throws ends as TB_MALFORMED.
 */
export interface Codec<Made extends Payload = Payload> {
	/** Whether telemetry can carry `ts`; false: the client never adds one. */
	readonly timestamps: boolean;
	/** Whether one message can carry a list of readings. */
	readonly lists: boolean;
	encodeTelemetry(values: JSONObject | JSONObject[]): Made;
	encodeAttributes(values: JSONObject): Made;
	encodeAttributesRequest(keys: AttributeKeys): Made;
	decodeAttributesResponse(bytes: ArrayBuffer): AttributeValues;
	decodeAttributesUpdate(bytes: ArrayBuffer): AttributesUpdate;
	/** A call of the server. */
	decodeRPCRequest(bytes: ArrayBuffer): Call;
	/** Our answer to it. */
	encodeRPCResponse(result: JSONValue): Made;
	/** A call of ours. */
	encodeRPCRequest(method: string, params: JSONValue): Made;
	/** The server's answer to it. */
	decodeRPCResponse(bytes: ArrayBuffer): JSONValue;
	encodeClaim(claim: Claim): Made;
}

const textOf = (value: JSONValue): string => JSON.stringify(value) ?? "null";
const objectIn = (bytes: ArrayBuffer): JSONObject => parseObject(String.fromArrayBuffer(bytes));

/** The default: JSON in UTF-8. */
export const jsonCodec: Codec = Object.freeze({
	timestamps: true,
	lists: true,
	encodeTelemetry: textOf,
	encodeAttributes: textOf,
	encodeAttributesRequest: questionOf,
	decodeAttributesResponse: (bytes) => answerOf(objectIn(bytes)),
	decodeAttributesUpdate(bytes) {
		const values = objectIn(bytes);
		const deleted = deletedOf(values);
		return deleted ? { values: {}, deleted } : { values, deleted: [] };
	},
	decodeRPCRequest(bytes) {
		const { method, params = null } = objectIn(bytes);
		if (typeof method !== "string") throw new TypeError(`a method of type ${typeof method}`);
		return { method, params };
	},
	encodeRPCResponse: textOf,
	encodeRPCRequest: (method, params) => textOf({ method, params }),
	decodeRPCResponse: (bytes) => parse(String.fromArrayBuffer(bytes)),
	encodeClaim: ({ secretKey, durationMs }) =>
		textOf({
			...(secretKey !== undefined && { secretKey }),
			...(durationMs !== undefined && { durationMs }),
		}),
} satisfies Codec);
