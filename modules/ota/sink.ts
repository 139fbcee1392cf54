/** Where the bytes of a download go: the image in flash, or its first bytes in memory. */
export interface Sink {
	/** Bytes so far. */
	readonly position: number;
	/** Where the next bytes go: at most `count`. */
	room(count: number): Uint8Array<ArrayBuffer>;
	/** Keeps `count` bytes that were put there. */
	take(count: number): void;
	/** There is something to `prepare` while nothing comes. */
	readonly isBehind: boolean;
	/** One bounded step. */
	prepare(): void;
}
