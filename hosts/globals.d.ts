// What the SDK's XS gives every module without an import, and Node does not know.

/** Writes to the debugger's console; release builds drop it. End lines with "\n". */
declare function trace(...values: unknown[]): void;

interface ArrayBufferConstructor {
	/** UTF-8 bytes of a string. */
	fromString(string: string): ArrayBuffer;
}

interface StringConstructor {
	/** Decodes UTF-8; throws TypeError on invalid bytes. */
	fromArrayBuffer(buffer: ArrayBuffer): string;
}
