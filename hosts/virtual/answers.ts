/** Forms of requests and answers on Node's side of the bridge (protocol.ts says what they mean). */
import type { StoreValue } from "../contract.ts";
import type { Failure } from "./protocol.ts";

/** An answer without content. */
export const nothing: Uint8Array = new Uint8Array(0);

/** JSON as UTF-8. */
export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A Buffer's bytes as an ArrayBuffer of their own. */
export const exact = (data: Buffer): ArrayBuffer => Uint8Array.from(data).buffer;

export function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

export function f64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeDoubleBE(value);
	return bytes;
}

/** Splits a call by name: JSON, NUL, bytes. JSON never contains a NUL. */
export function named<T>(body: Buffer): [T, Buffer] {
	const end = body.indexOf(0);
	return [JSON.parse(body.toString("utf8", 0, end)) as T, body.subarray(end + 1)];
}

/** Answers a call by name. */
export const result = (value: unknown, data: Uint8Array = nothing): Buffer =>
	Buffer.concat([json(value), Buffer.of(0), data]);

/** A value of NVS: numbers travel as text, so that NaN arrives as NaN. */
export function stored(value: StoreValue | undefined): Buffer {
	if (value instanceof ArrayBuffer) return result(["bytes", ""], new Uint8Array(value));
	return result([typeof value, String(value)]);
}

/** The value to keep. What no store can keep arrives as undefined, and the store refuses it. */
export function toStore([type, text]: [type: string, text: string], data: Buffer): StoreValue {
	if (type === "bytes") return exact(data);
	if (type === "number") return Number(text);
	return type === "string" ? text : (undefined as unknown as StoreValue);
}

/** An exception on its way to the guest. */
export function failure(error: unknown): Failure {
	if (!(error instanceof Error)) return { name: "Error", message: String(error) };
	const { code, codeName } = error as Error & Partial<Failure>;
	return {
		name: error.name,
		message: error.message,
		...(code !== undefined && { code }),
		...(codeName !== undefined && { codeName }),
	};
}
