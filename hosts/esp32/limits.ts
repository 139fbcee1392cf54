// What NVS can keep, as every host enforces it: a program that runs in the simulator must not fail first on the chip.
import type { StoreValue } from "host/contract";

/** `NVS_KEY_NAME_MAX_SIZE` (16) without its terminating zero, in bytes; for namespaces as for keys. */
const NameBytes = 15;
/** Largest string (UTF-8) or ArrayBuffer, in bytes: fits one NVS page beside its headers, and leaves room in the others. */
export const LargestValue = 1984;

const size = (text: string): number => ArrayBuffer.fromString(text).byteLength;

/**
 * Holds that `name` can name a namespace or a key.
 * @throws RangeError unless it is 1…15 bytes long.
 */
export function checkName(what: string, name: string): void {
	if (typeof name !== "string" || name === "" || size(name) > NameBytes)
		throw new RangeError(`store: ${what}: expected 1 to ${NameBytes} bytes, got "${name}"`);
}

/**
 * Holds that NVS can keep `value`.
 * @throws TypeError unless it is a number, string or ArrayBuffer; RangeError unless it is an int32 or at most 1984 bytes.
 */
export function checkValue(name: string, value: StoreValue): void {
	if (typeof value === "number") {
		if ((value | 0) !== value || Object.is(value, -0))
			throw new RangeError(`store: ${name}: expected an int32, got ${value}`);
		return;
	}
	if (typeof value !== "string" && !(value instanceof ArrayBuffer))
		throw new TypeError(`store: ${name}: expected int32, string or ArrayBuffer, got ${typeof value}`);
	const bytes = typeof value === "string" ? size(value) : value.byteLength;
	if (bytes > LargestValue)
		throw new RangeError(`store: ${name}: expected at most ${LargestValue} bytes, got ${bytes}`);
}
