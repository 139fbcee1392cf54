// What a device of a protobuf profile publishes, as the JSON that means the same (ProtoMqttAdaptor). Only the stock schemas are known.
import { type Json, JsonNumber, jsonText, parseJson, quote } from "../json.ts";
import { Message } from "../protobuf.ts";
import { javaDouble } from "../values.ts";

/** Kinds of payload that a device publishes. */
export type Uplink =
	| "telemetry"
	| "attributes"
	| "attributesRequest"
	| "rpcResponse"
	| "rpcRequest"
	| "claim";

type Read = (message: Message, number: number) => Json;
/** A field of a schema: name, number, how it is read. */
type Field = readonly [name: string, number: number, read: Read];

const text: Read = (message, number) => message.text(number);
const flag: Read = (message, number) => message.integer(number) !== 0n;
const integer: Read = (message, number) => new JsonNumber(String(BigInt.asIntN(64, message.integer(number))));
const double: Read = (message, number) => {
	const bytes = message.bytes(number);
	const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true);
	return Number.isFinite(value) ? new JsonNumber(javaDouble(value)) : javaDouble(value);
};
const nested =
	(fields: readonly Field[]): Read =>
	(message, number) =>
		members(message.message(number), fields);

/** Only what is there: all fields of the stock schemas are optional, so that none has a default. */
const members = (message: Message, fields: readonly Field[]): Map<string, Json> =>
	new Map(
		fields.flatMap(([name, number, read]) =>
			message.has(number) ? [[name, read(message, number)] as const] : [],
		),
	);

const schemas: Record<Uplink, readonly Field[]> = {
	telemetry: [
		["temperature", 1, double],
		["humidity", 2, double],
		[
			"innerObject",
			3,
			nested([
				["key1", 1, text],
				["key2", 2, flag],
				["key3", 3, double],
				["key4", 4, integer],
				["key5", 5, text],
			]),
		],
	],
	attributes: [
		["firmwareVersion", 1, text],
		["serialNumber", 2, text],
	],
	rpcResponse: [["payload", 1, text]],
	attributesRequest: [
		["clientKeys", 1, text],
		["sharedKeys", 2, text],
	],
	rpcRequest: [
		["method", 1, text],
		["params", 2, (message, number) => lenient(message.text(number))],
	],
	claim: [
		["secretKey", 1, text],
		["durationMs", 2, integer],
	],
};

/** Params are text to the transport; whoever reads them takes them for JSON. */
function lenient(params: string): Json {
	try {
		return parseJson(params);
	} catch {
		return params;
	}
}

/** JSON text of a protobuf payload. Throws `ProtobufError` or `RangeError` for bytes that are no such message. */
export function jsonOfProtobuf(what: Uplink, payload: Uint8Array): string {
	const found = members(new Message(payload), schemas[what]);
	// The fixed messages are proto3 without presence: a method that is not there is "".
	if (what === "rpcRequest" && !found.has("method")) return `{"method":${quote("")}}`;
	return jsonText(found);
}
