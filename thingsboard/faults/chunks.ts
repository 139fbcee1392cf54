// Where the faults of downloads strike.
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import { assign, type Kind, targetOf } from "../offers.ts";
import type { FaultName } from "./table.ts";

/** The chunk as it goes out: itself, or what an armed fault makes of it. */
export function bent({ faults }: Device, chunk: Uint8Array): Uint8Array {
	if (faults.take("emptyChunk")) return new Uint8Array();
	const length = faults.take("chunkLength");
	if (length !== undefined) return resized(chunk, length);
	if (!chunk.length || !faults.take("corrupt")) return chunk;
	const copy = Uint8Array.from(chunk);
	const middle = copy.length >> 1;
	copy[middle] = (copy[middle] ?? 0) ^ 0xff;
	return copy;
}

/** Counts a chunk that went out; what waited for it happens now. */
export function struck(core: Core, device: Device, kind: Kind): void {
	if (last(device, "evictAfter")) core.packages.evict();
	if (last(device, "unassignAfter")) assign(core, device, kind, undefined);
	if (last(device, "reassignAfter")) reassign(core, device, kind);
}

function reassign(core: Core, device: Device, kind: Kind): void {
	const target = core.packages.byId(targetOf(device, kind) ?? "");
	if (target) assign(core, device, kind, core.packages.create({ ...target, version: `${target.version}+` }));
}

/** Counts down; whether that was the last one. */
function last({ faults }: Device, name: FaultName): boolean {
	const one = faults.get(name) === 1;
	faults.countDown(name);
	return one;
}

function resized(chunk: Uint8Array, length: number): Uint8Array {
	const copy = new Uint8Array(length);
	copy.set(chunk.subarray(0, length));
	return copy;
}
