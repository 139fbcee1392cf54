const Kept = 8;

/**
 * RPCs delivered and not answered. The server delivers those again after each SUBSCRIBE, and its ids start again at 0 after a
 * restart, so id and content together tell a duplicate. Remembers the last 8.
 */
export class Unanswered {
	#calls = new Map<number, number>();

	/** True the first time; false for the same call again. */
	admit(id: number, text: string): boolean {
		const hash = fnv(text);
		if (this.#calls.get(id) === hash) return false;
		this.#calls.set(id, hash);
		for (const oldest of this.#calls.keys()) {
			if (this.#calls.size <= Kept) break;
			this.#calls.delete(oldest);
		}
		return true;
	}

	/** The id is free for another call. */
	answered(id: number): void {
		this.#calls.delete(id);
	}
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function fnv(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return hash;
}
