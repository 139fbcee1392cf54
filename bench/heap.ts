// What of XS's memory is alive, read from the engine's own snapshot.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machine } from "../hosts/virtual/machine.ts";

const SlotBytes = 16; // of a slot on ESP32; 32 in the worker, which counts pointers of 64 bits

/** Live memory after a collection. */
export interface Heap {
	slots: number;
	/** Strings, buffers, array elements; in the worker's sizes. */
	chunkBytes: number;
}

/** Sizes by atom name in an XS snapshot: after an outer header of 8 bytes, u32 big-endian size (its own 8 included), 4 letters, body. */
export function atoms(snapshot: Buffer): Map<string, number> {
	const sizes = new Map<string, number>();
	for (let at = 8; at + 8 <= snapshot.length; ) {
		const size = snapshot.readUInt32BE(at);
		if (size < 8) throw new RangeError(`snapshot: expected an atom of 8 bytes or more at ${at}, got ${size}`);
		sizes.set(snapshot.toString("latin1", at + 4, at + 8), size - 8);
		at += size;
	}
	return sizes;
}

/** Collects garbage and counts what is left. The machine goes on. */
export function heap(machine: Machine): Heap {
	const folder = mkdtempSync(join(tmpdir(), "heap-"));
	try {
		const file = join(folder, "heap");
		machine.snapshot(file);
		const chunkBytes = atoms(readFileSync(file)).get("BLOC");
		if (chunkBytes === undefined) throw new Error("snapshot: expected an atom BLOC, got none");
		machine.collect();
		return { slots: machine.meter.currentHeapCount, chunkBytes };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/**
 * Bytes on an ESP32 of what `after` holds and `before` did not. Slots count 16 bytes as on the chip. Chunks count as in the worker,
 * where array elements are twice as large and each header is 8 bytes more: the figure errs upwards.
 */
export function bytesBetween(before: Heap, after: Heap): number {
	return (after.slots - before.slots) * SlotBytes + (after.chunkBytes - before.chunkBytes);
}
