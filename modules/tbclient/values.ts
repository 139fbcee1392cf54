// What the server can keep of JavaScript's values. It stores strange numbers as text, and a chart of text is empty.
import type { JSONObject } from "host/contract";

const Decimals = 16; // JsonConverter: a number with more of them becomes a string
const Long = 2 ** 63; // integers from here on become strings

/**
 * The number as ThingsBoard can store it: rounded to 16 decimals; undefined for NaN, infinities and integers beyond 64 bits.
 */
export function storable(value: number): number | undefined {
	if (Number.isInteger(value)) return Math.abs(value) < Long ? value : undefined;
	return Number.isFinite(value) ? Number(value.toFixed(Decimals)) : undefined;
}

/** The values with storable numbers; those that are none are left out and told. The object itself stays as it is. */
export function cleaned(values: JSONObject, onDropped: (key: string, value: number) => void): JSONObject {
	let copy: JSONObject | undefined;
	for (const key of Object.keys(values)) {
		const value = values[key];
		if (typeof value !== "number") continue;
		const kept = storable(value);
		if (kept === value) continue;
		copy ??= { ...values };
		if (kept === undefined) {
			delete copy[key];
			onDropped(key, value);
		} else copy[key] = kept;
	}
	return copy ?? values;
}
