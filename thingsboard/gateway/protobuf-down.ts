// What a gateway of a protobuf profile is sent, made from the JSON that a device itself would get.
import type { Device } from "../devices.ts";
import { type Json, jsonText, parseJson } from "../json.ts";
import { attributesUpdate, entries } from "../mqtt/protobuf-downlink.ts";
import { bytesField, integerField } from "../protobuf.ts";
import { valuesJson } from "../values.ts";
import { scopesOf } from "./answers.ts";
import type { AttributesQuestion } from "./messages.ts";

const members = (text: string): Map<string, Json> => {
	const root = parseJson(text);
	return root instanceof Map ? root : new Map();
};

const wrapped = (name: string, ...inner: Uint8Array[]): Uint8Array =>
	Buffer.concat([bytesField(1, name), bytesField(2, Buffer.concat(inner))]);

/** GatewayAttributeResponseMsg. */
export function answerBytes(device: Device, question: AttributesQuestion, now: number): Uint8Array {
	const fields = { client: 2, shared: 3 };
	const found = scopesOf(device, question).flatMap(({ scope, values }) =>
		entries(fields[scope], parseJson(valuesJson(values)), now),
	);
	const multiple = integerField(4, Number(question.keys.length > 1));
	return wrapped(question.device, integerField(1, question.id), ...found, multiple);
}

/** GatewayAttributeUpdateNotificationMsg. */
export const updateBytes = (name: string, text: string, now: number): Uint8Array =>
	wrapped(name, attributesUpdate(members(text), now));

/** GatewayDeviceRpcRequestMsg; its params are JSON text. */
export function callBytes(name: string, id: number, text: string): Uint8Array {
	const call = members(text);
	const params = bytesField(3, jsonText(call.get("params") ?? null));
	return wrapped(name, integerField(1, id), bytesField(2, String(call.get("method"))), params);
}
