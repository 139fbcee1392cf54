// Runs first in every bundle: built-ins that the SDK's XS 17 has and the worker's XS 13.3 lacks.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function define(object: object, methods: Record<string, unknown>): void {
	for (const [name, value] of Object.entries(methods)) {
		if (!(name in object)) Object.defineProperty(object, name, { value, writable: true, configurable: true });
	}
}

const hexByte = (byte: number) => byte.toString(16).padStart(2, "0");

function bytesOfHex(text: string): Uint8Array {
	if (text.length % 2 || /[^0-9a-f]/i.test(text))
		throw new SyntaxError(
			`Uint8Array.fromHex: expected pairs of hexadecimal digits, got ${JSON.stringify(text)}`,
		);
	return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
		Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
	);
}

define(ArrayBuffer, {
	fromString: (text: string) => {
		const bytes = encoder.encode(text);
		return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
	},
});
define(String, { fromArrayBuffer: (buffer: ArrayBuffer) => decoder.decode(buffer) });
define(Uint8Array, { fromHex: bytesOfHex });
define(Uint8Array.prototype, {
	toHex(this: Uint8Array) {
		return Array.from(this, hexByte).join("");
	},
});
define(Array.prototype, {
	with(this: unknown[], index: number, value: unknown) {
		const copy = this.slice();
		copy[index < 0 ? index + copy.length : index] = value;
		return copy;
	},
	toSorted(this: unknown[], compare?: (a: unknown, b: unknown) => number) {
		return this.slice().sort(compare);
	},
	toReversed(this: unknown[]) {
		return this.slice().reverse();
	},
});
define(Symbol, { dispose: Symbol.for("Symbol.dispose"), asyncDispose: Symbol.for("Symbol.asyncDispose") });

export {};
