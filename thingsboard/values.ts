// How ThingsBoard types what a device sends (JsonConverter.parseProtoValues, buildNumericKeyValueProto; JSON_TYPE_CAST_ENABLED).
import { type Json, JsonNumber, jsonText, quote } from "./json.ts";

/** A stored value. `text` is the server's text of it: LONG in digits, DOUBLE in Java's notation, JSON compact. */
export interface Value {
	type: "BOOLEAN" | "LONG" | "DOUBLE" | "STRING" | "JSON";
	text: string;
}

/** Decimal places that a DOUBLE may have; with more it is stored as text. */
const maxScale = 16;
/** Beyond it Java's BigDecimal text would fill the memory; such literals are refused here. */
const maxExponent = 1000;
/** Longer literals cost seconds to count with, and none of their values fits anything but text: no packet of 64 KiB holds one. */
const maxLength = 65_536;
/** NumberUtils.isParsable; written so that it never tries a text twice. */
const parsable = (text: string): boolean => /^-?\d*(?:\.\d+)?$/.test(text) && /\d/.test(text.at(-1) ?? "");
const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;

/** Types one JSON value; `undefined` for null, which is skipped. Throws `SyntaxError` for a monstrous exponent. */
export function typed(value: Json): Value | undefined {
	if (value === null) return undefined;
	if (typeof value === "boolean") return { type: "BOOLEAN", text: String(value) };
	if (value instanceof JsonNumber) return numeric(value.text);
	if (typeof value === "string") return parsable(value) ? numeric(value) : { type: "STRING", text: value };
	return { type: "JSON", text: jsonText(value) };
}

/** The members of an object as typed values, nulls left out. */
export function typedMembers(object: Map<string, Json>): Map<string, Value> {
	const values = new Map<string, Value>();
	for (const [key, inner] of object) {
		const value = typed(inner);
		if (value) values.set(key, value);
	}
	return values;
}

/** A plain string, never cast to a number: what the server itself writes. */
export const stringValue = (text: string): Value => ({ type: "STRING", text });

/** A whole number. */
export const longValue = (value: number): Value => ({ type: "LONG", text: String(value) });

/** The value as JSON text. */
export const valueJson = ({ type, text }: Value): string => (type === "STRING" ? quote(text) : text);

/** An object of values as JSON text. */
export const valuesJson = (values: Iterable<readonly [string, Value]>): string =>
	`{${[...values].map(([key, value]) => `${quote(key)}:${valueJson(value)}`).join(",")}}`;

function numeric(literal: string): Value {
	if (literal.length > maxLength) return stringValue(literal);
	const { unscaled, scale } = decimal(literal);
	const simpleDouble = literal.includes(".") && !/e/i.test(literal);
	const whole = scale <= 0 || unscaled % 10n ** BigInt(scale) === 0n;
	if (whole && !simpleDouble) {
		const long = scale <= 0 ? unscaled * 10n ** BigInt(-scale) : unscaled / 10n ** BigInt(scale);
		const fits = long >= longMin && long <= longMax;
		return fits ? { type: "LONG", text: String(long) } : stringValue(plainText(unscaled, scale));
	}
	if (scale > maxScale) return stringValue(plainText(unscaled, scale));
	return { type: "DOUBLE", text: javaDouble(Number(literal) || 0) }; // BigDecimal knows no -0
}

function decimal(literal: string): { unscaled: bigint; scale: number } {
	const [mantissa = "0", exponent = "0"] = literal.toLowerCase().split("e");
	const [whole = "", fraction = ""] = mantissa.split(".");
	if (Math.abs(Number(exponent)) > maxExponent)
		throw new SyntaxError(`number: expected an exponent up to ${maxExponent}, got ${exponent}`);
	const negative = whole.startsWith("-");
	const digits = BigInt(`${negative ? whole.slice(1) : whole}${fraction}` || "0");
	return { unscaled: negative ? -digits : digits, scale: fraction.length - Number(exponent) };
}

/** BigDecimal.toPlainString. */
function plainText(unscaled: bigint, scale: number): string {
	if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
	const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
	return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Double.toString of Java: a point always, an exponent below 10^-3 and from 10^7. */
export function javaDouble(value: number): string {
	if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
	if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
	const size = Math.abs(value);
	if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
	const [mantissa = "", exponent = ""] = value.toExponential().split("e");
	return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
