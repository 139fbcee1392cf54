/** What makes the begin of the partition `xs` a mod, and takes that from it. */
import type { Mods } from "host/contract";
import { attempt } from "ota/attempt";

/** Bytes at the begin of a mod that tell XS that there is one: magic, length, version. */
export const Key = 16;

/** They become zeros, in one piece, so that no cut can leave half of a mod valid. Why they are still there, or undefined. */
export function spoil(mods: Mods): string | undefined {
	const head = new Uint8Array(Key);
	try {
		mods.write(head.buffer, 0, Key);
		mods.read(head.buffer, 0, Key);
	} catch (error) {
		return String(error);
	}
	if (head.some(Boolean)) return `expected ${Key} zeros, got others`; // a restart would find the mod again, for ever
	attempt(() => mods.erase(0));
	return undefined;
}
