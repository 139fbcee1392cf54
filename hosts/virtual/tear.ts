// What a power cut leaves in NOR flash: nothing that can be relied on, in a way that a seed repeats.

/** Numbers 0 ≤ x < 1. */
export type Random = () => number;

/** A small seeded generator (mulberry32). */
export function makeRandom(seed: number): Random {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/**
 * An erase that was cut. The chip first clears all bits, then sets them, so the cut may leave bits that are partly cleared,
 * undefined, or partly set; which of the three, and how far, is drawn.
 */
export function tearErase(bytes: Uint8Array, random: Random): void {
	const phase = Math.floor(random() * 3);
	const share = random();
	for (let i = 0; i < bytes.length; i++) {
		const old = bytes[i] ?? 0;
		if (phase === 0) bytes[i] = old & ~mask(random, share);
		else if (phase === 1) bytes[i] = Math.floor(random() * 256);
		else bytes[i] = old | mask(random, share);
	}
}

/** A page program that was cut: of the bits that should have fallen, a drawn share has. */
export function tearPage(page: Uint8Array, data: Uint8Array, random: Random): void {
	const share = random();
	for (let i = 0; i < page.length; i++) {
		const falling = (page[i] ?? 0) & ~(data[i] ?? 0xff);
		if (falling) page[i] = (page[i] ?? 0) & ~(falling & mask(random, share));
	}
}

/** A byte in which each bit is set with the probability `share`. */
function mask(random: Random, share: number): number {
	let bits = 0;
	for (let bit = 0; bit < 8; bit++) if (random() < share) bits |= 1 << bit;
	return bits;
}
