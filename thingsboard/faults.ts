/** What the stand-in does wrong on purpose, per device. Each field is used up by happening. */
export interface Faults {
	/** Ends the connection once this many more bytes went to the device, in the middle of a packet if need be. */
	dropAfterBytes?: number;
	/** CONNACK code of the next connection attempts. */
	refuse?: number;
	/** How many attempts `refuse` holds for. */
	refuseTimes?: number;
	/** Flips one byte of the next firmware chunk. */
	corrupt?: boolean;
}

/** The CONNACK code this attempt is to be refused with, if any. */
export function takeRefusal(faults: Faults): number | undefined {
	const { refuse } = faults;
	if (refuse === undefined) return undefined;
	faults.refuseTimes = (faults.refuseTimes ?? 1) - 1;
	if (faults.refuseTimes <= 0) delete faults.refuse;
	return refuse;
}

/** The chunk, or a copy with one bit-flipped byte when `corrupt` is armed and the chunk has bytes. */
export function takeCorruption(faults: Faults, chunk: Uint8Array): Uint8Array {
	if (!faults.corrupt || !chunk.length) return chunk;
	delete faults.corrupt;
	const copy = Uint8Array.from(chunk);
	const middle = copy.length >> 1;
	copy[middle] = (copy[middle] ?? 0) ^ 0xff;
	return copy;
}

/** The part of `bytes` that may still go out, and whether the connection is to end after it. */
export function takeBudget(faults: Faults, bytes: Uint8Array): { bytes: Uint8Array; drop: boolean } {
	const { dropAfterBytes } = faults;
	if (dropAfterBytes === undefined) return { bytes, drop: false };
	const drop = bytes.length >= dropAfterBytes;
	if (drop) delete faults.dropAfterBytes;
	else faults.dropAfterBytes = dropAfterBytes - bytes.length;
	return { bytes: bytes.subarray(0, dropAfterBytes), drop };
}
