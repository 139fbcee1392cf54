// What XS has without an import and Node does not know. Imported for its effect; does nothing where the host has it.
const define = (object: object, name: string, value: unknown) => {
	if (!(name in object)) Object.defineProperty(object, name, { value, writable: true, configurable: true });
};
const encoder = globalThis.TextEncoder && new TextEncoder();
const decoder = globalThis.TextDecoder && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Of what specs trace only the seeds of random ones matter to a reader.
define(globalThis, "trace", (...values: unknown[]) => {
	const text = values.join("");
	if (/\bseed\b/.test(text)) console.log(`  ${text.trim()}`);
});
define(ArrayBuffer, "fromString", (string: string) => {
	const { buffer, byteOffset, byteLength } = encoder.encode(string);
	return buffer.slice(byteOffset, byteOffset + byteLength);
});
define(String, "fromArrayBuffer", (buffer: ArrayBuffer) => decoder.decode(buffer));
