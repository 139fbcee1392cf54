// The JSON that a gateway is sent (JsonConverter.getJsonObjectForGateway, toGatewayJson).
import type { Device, Point } from "../devices.ts";
import { quote } from "../json.ts";
import { valueJson, valuesJson } from "../values.ts";
import type { AttributesQuestion } from "./messages.ts";

/** Attributes that were asked for: `value` for one key, `values` for several, neither when nothing was found. */
export function attributesAnswer(
	device: Device,
	{ id, device: name, client, keys }: AttributesQuestion,
): string {
	const members = [`"id":${id}`, `"device":${quote(name)}`];
	const { CLIENT_SCOPE, SHARED_SCOPE } = device.attributes;
	const scopes = keys.length ? [client ? CLIENT_SCOPE : SHARED_SCOPE] : [CLIENT_SCOPE, SHARED_SCOPE];
	return `{${[...members, ...found(scopes, keys)].join(",")}}`;
}

/** Without keys both scopes speak: a scope of one attribute says `value`, and the second such scope overwrites the first. */
function found(scopes: Map<string, Point>[], keys: string[]): string[] {
	let single: string[] = [];
	const values: (readonly [string, Point["value"]])[] = [];
	for (const scope of scopes) {
		const picked = [...scope].filter(([key]) => !keys.length || keys.includes(key));
		const entries = picked.map(([key, { value }]) => [key, value] as const);
		const [only] = entries;
		if (only && entries.length === 1 && keys.length <= 1) single = [`"value":${valueJson(only[1])}`];
		else values.push(...entries);
	}
	return values.length ? [...single, `"values":${valuesJson(values)}`] : single;
}

/** An update of shared attributes; `data` is what a device itself would get. */
export const updateMessage = (name: string, data: string): string =>
	`{"device":${quote(name)},"data":${data}}`;

/** A call of a sub-device; `call` is what a device itself would get. */
export const callMessage = (name: string, id: number, call: string): string =>
	`{"device":${quote(name)},"data":{"id":${id},${call.slice(1)}}`;
