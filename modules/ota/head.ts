/** Gathers an image's first bytes in memory that is lent. */
import type { Sink } from "ota/sink";

export class Head implements Sink {
	position = 0;
	readonly isBehind = false;
	readonly bytes: Uint8Array<ArrayBuffer>;

	constructor(bytes: Uint8Array<ArrayBuffer>) {
		this.bytes = bytes;
	}

	room(count: number): Uint8Array<ArrayBuffer> {
		return this.bytes.subarray(this.position, this.position + count);
	}

	take(count: number): void {
		this.position += count;
	}

	/** Never called: nothing is behind. */
	prepare(): void {}
}
