// What NVS can keep, and how a value becomes the data of its items.
import type { StoreValue } from "../contract.ts";
import { EspError } from "./esperr.ts";
import { ItemType } from "./nvspage.ts";

/** Longest string (UTF-8) or blob in bytes: the host contract's limit, so that one value fits half a page on every host. */
export const MaxValueBytes = 1984;
/** Longest name of a namespace or key in bytes: NVS_KEY_NAME_MAX_SIZE without its zero. */
export const MaxNameBytes = 15;

/** Type and data of the item that holds a value; a blob's data still has to be cut into chunks. */
export interface Encoded {
	type: number;
	data: Buffer;
}

/** @throws EspError naming what cannot be kept */
export function encodeValue(value: StoreValue, where: string): Encoded {
	if (typeof value === "number") return { type: ItemType.I32, data: encodeNumber(value, where) };
	const text = typeof value === "string";
	if (!text && !(value instanceof ArrayBuffer))
		throw new EspError(
			"ESP_ERR_INVALID_ARG",
			`${where}: expected an int32, a string or an ArrayBuffer, got ${typeof value}`,
		);
	const bytes = text ? Buffer.from(value) : Buffer.from(value);
	if (bytes.length > MaxValueBytes)
		throw new EspError(
			"ESP_ERR_NVS_VALUE_TOO_LONG",
			`${where}: expected at most ${MaxValueBytes} bytes, got ${bytes.length}`,
		);
	if (!text) return { type: ItemType.BLOB_DATA, data: bytes };
	if (bytes.includes(0)) throw new EspError("ESP_ERR_INVALID_ARG", `${where}: expected a string without NUL`);
	return { type: ItemType.STRING, data: Buffer.concat([bytes, Buffer.alloc(1)]) };
}

function encodeNumber(value: number, where: string): Buffer {
	if (value !== (value | 0) || Object.is(value, -0))
		throw new EspError(
			"ESP_ERR_INVALID_ARG",
			`${where}: expected an integer of 32 bits with sign, got ${Object.is(value, -0) ? "-0" : value}`,
		);
	const data = Buffer.alloc(8, 0xff);
	data.writeInt32LE(value);
	return data;
}

/** @throws EspError when a namespace or key is empty or too long */
export function checkName(name: string, where: string): void {
	const length = Buffer.byteLength(name);
	if (length < 1 || length > MaxNameBytes || name.includes("\0"))
		throw new EspError(
			length > MaxNameBytes ? "ESP_ERR_NVS_KEY_TOO_LONG" : "ESP_ERR_NVS_INVALID_NAME",
			`${where}: expected a name of 1…${MaxNameBytes} bytes, got ${length}: "${name}"`,
		);
}
