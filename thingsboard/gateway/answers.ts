// The JSON that a gateway is sent (JsonConverter.getJsonObjectForGateway, toGatewayJson).
import type { Device } from "../devices.ts";
import { quote } from "../json.ts";
import { type Value, valueJson, valuesJson } from "../values.ts";
import type { AttributesQuestion } from "./messages.ts";

/** Attributes that were found in one scope. */
interface Found {
	scope: "client" | "shared";
	values: (readonly [string, Value])[];
}

/** What is found of a question: in the scope it names, without keys everything in both. */
export function scopesOf({ attributes }: Device, { client, keys }: AttributesQuestion): Found[] {
	const wanted = new Set(keys);
	const names = keys.length ? ([client ? "client" : "shared"] as const) : (["client", "shared"] as const);
	return names.map((scope) => {
		const points = scope === "client" ? attributes.CLIENT_SCOPE : attributes.SHARED_SCOPE;
		const picked = [...points].filter(([key]) => !keys.length || wanted.has(key));
		return { scope, values: picked.map(([key, { value }]) => [key, value] as const) };
	});
}

/** Attributes that were asked for: `value` for one key, `values` for several, neither when nothing was found. */
export function attributesAnswer(device: Device, question: AttributesQuestion): string {
	const members = [`"id":${question.id}`, `"device":${quote(question.device)}`];
	return `{${[...members, ...shape(device, question)].join(",")}}`;
}

/** Without keys a scope of one attribute says `value`, and the second such scope overwrites the first. */
function shape(device: Device, question: AttributesQuestion): string[] {
	let single: string[] = [];
	const several: Found["values"] = [];
	for (const { values } of scopesOf(device, question)) {
		const [only] = values;
		if (only && values.length === 1 && question.keys.length <= 1) single = [`"value":${valueJson(only[1])}`];
		else several.push(...values);
	}
	return several.length ? [...single, `"values":${valuesJson(several)}`] : single;
}

/** An update of shared attributes; `data` is what a device itself would get. */
export const updateMessage = (name: string, data: string): string =>
	`{"device":${quote(name)},"data":${data}}`;

/** A call of a sub-device; `call` is what a device itself would get. */
export const callMessage = (name: string, id: number, call: string): string =>
	`{"device":${quote(name)},"data":{"id":${id},${call.slice(1)}}`;
