/** Netstrings over blocking file descriptors: `length:bytes,`. The first byte of each frame is its kind. */
import { closeSync, readSync, writeSync } from "node:fs";

const SEPARATOR = 0x3a;
const COMMA = 0x2c;
const FIRST = 64 * 1024; // bytes: a whole pipe in one read

/** Writes one frame; returns when the pipe has taken it. @throws EPIPE when nobody can read it any more. */
export function writeFrame(fd: number, kind: string, body: Uint8Array): void {
	const head = `${body.length + 1}:${kind}`;
	const frame = Buffer.allocUnsafe(head.length + body.length + 1);
	frame.write(head, 0, "latin1");
	frame.set(body, head.length);
	frame[frame.length - 1] = COMMA;
	for (let sent = 0; sent < frame.length; ) sent += writeSync(fd, frame, sent);
}

/** Reads frames. A frame is a view into one buffer: good until `next` is called again. */
export class FrameReader {
	readonly #fd: number;
	#buffer = Buffer.allocUnsafe(FIRST);
	#start = 0;
	#end = 0;

	constructor(fd: number) {
		this.#fd = fd;
	}

	/** Waits for a frame; undefined when the other side is gone. */
	next(): Buffer | undefined {
		let colon = this.#colon();
		while (colon < 0) {
			if (!this.#fill(1)) return undefined;
			colon = this.#colon();
		}
		const length = Number(this.#buffer.toString("latin1", this.#start, this.#start + colon));
		const total = colon + 1 + length + 1;
		while (this.#end - this.#start < total) {
			if (!this.#fill(total - (this.#end - this.#start))) return undefined;
		}
		const from = this.#start + colon + 1;
		this.#start += total;
		return this.#buffer.subarray(from, from + length);
	}

	close(): void {
		closeSync(this.#fd);
	}

	#colon(): number {
		return this.#buffer.subarray(this.#start, this.#end).indexOf(SEPARATOR);
	}

	#fill(room: number): boolean {
		if (this.#start === this.#end) this.#start = this.#end = 0;
		if (this.#end + room > this.#buffer.length) this.#make(room);
		const count = readSync(this.#fd, this.#buffer, this.#end, this.#buffer.length - this.#end, null);
		this.#end += count;
		return count > 0;
	}

	#make(room: number): void {
		const used = this.#end - this.#start;
		const next = used + room > this.#buffer.length ? Buffer.allocUnsafe(2 * (used + room)) : this.#buffer;
		this.#buffer.copy(next, 0, this.#start, this.#end);
		this.#buffer = next;
		this.#start = 0;
		this.#end = used;
	}
}
