/**
 * ECMA-419 TCP client over the bridge. Single bytes are served from a small prefetch, so that a protocol header costs one call
 * into Node instead of one per byte; a read never takes more than was announced. What is written while one event is handled leaves
 * together at its end, or a segment at a time: as lwIP sends from a thread of its own.
 */
import type { Format, Socket, SocketOptions, WriteOptions } from "guards/types";
import type { ByteBuffer } from "host/contract";
import { Event, Op } from "../protocol.ts";
import { atEnd, call, decode, encode, forget, register } from "./bridge.ts";

const Prefetch = 64; // bytes
const Segment = 400; // bytes that leave at once, so that the other side can begin while this one goes on (chosen among 256 to 1400; single runs differ more than the sizes do)
const Scarce = 1536; // bytes of room below which the board is asked how much there really is

const view = (data: ByteBuffer): Uint8Array => (data instanceof ArrayBuffer ? new Uint8Array(data) : data);

/** How a connection is asked for, and how its failure is told. */
export interface Open {
	connect(handle: number, address: string, port: number): void;
	failure(reason: string): unknown;
}

/** Plain TCP: no reason is told, as in the SDK. */
const plain: Open = {
	connect: (handle, address, port) => void call(Op.Connect, handle, encode(`${address}:${port}`)),
	failure: () => undefined,
};

export default class TCP implements Socket {
	#handle: number;
	#ahead: Uint8Array = new Uint8Array(0);
	#position = 0;
	#available = 0; // announced and not read
	#held: Uint8Array[] = []; // written, and not with the board yet
	#bytes = 0; // of those
	#room = 0; // bytes that the board takes, less those held
	#ending = false; // what is held leaves at the end of this event
	target: unknown;
	/** Single bytes or buffers; may change between calls. */
	format: Format;

	/** Connects. Failure comes by `onError`, with what `open` makes of the board's reason, success by the first `onWritable`. */
	constructor(options: SocketOptions, open: Open = plain) {
		const { address, port, onReadable, onWritable, onError } = options;
		if (typeof address !== "string" || !(port && port > 0 && port < 65536))
			throw new RangeError(`TCP: expected an address and a port 1…65535, got ${address}, ${port}`);
		this.target = options.target;
		this.format = options.format === "number" ? "number" : "buffer";
		this.#handle = register((kind, value) => {
			if (kind === Event.READABLE) {
				this.#available = value + this.#ahead.length - this.#position;
				onReadable?.call(this, this.#available);
			} else if (kind === Event.WRITABLE) {
				this.#room = value - this.#bytes;
				onWritable?.call(this, this.#room);
			} else {
				const reason = decode(call(Op.Close, this.#handle));
				forget(this.#handle);
				this.#handle = 0;
				onError?.call(this, open.failure(reason));
			}
		});
		open.connect(this.#handle, address, port);
	}

	/** A byte (format "number"); an ArrayBuffer of up to `into` bytes; or the count read into a view. Undefined: nothing there. */
	read(into?: number | ByteBuffer): number | ArrayBuffer | undefined {
		if (this.format === "number") return this.#byte();
		if (typeof into === "object") return this.#fill(view(into).subarray(0, this.#available));
		const result = new Uint8Array(Math.min(into ?? this.#available, this.#available));
		if (!result.length) return undefined;
		this.#fill(result);
		return result.buffer;
	}

	/** Takes all of it and returns the room left. With `more` it is held back until a write without. */
	write(data: ByteBuffer | number, options?: WriteOptions): number {
		const bytes = typeof data === "number" ? Uint8Array.of(data) : view(data);
		this.#open();
		this.#held.push(bytes.slice());
		this.#room -= bytes.length;
		this.#bytes += bytes.length;
		if (options?.more) return 0;
		if (this.#room < Scarce || this.#bytes >= Segment) this.#flush();
		else if (!this.#ending) {
			this.#ending = true;
			atEnd(() => this.#flush());
		}
		return this.#room;
	}

	/** Hands over what is held. A socket that has ended meanwhile has lost it. */
	#flush(): void {
		this.#ending = false;
		if (!this.#handle || !this.#held.length) return;
		const answer = call(Op.Write, this.#handle, this.#join());
		this.#room = new DataView(answer.buffer, answer.byteOffset).getUint32(0);
	}

	close(): void {
		this.#flush();
		if (!this.#handle) return;
		call(Op.Close, this.#handle);
		forget(this.#handle);
		this.#handle = 0;
		this.#available = 0;
	}

	#open(): number {
		if (!this.#handle) throw new Error("TCP: expected an open socket, it is closed");
		return this.#handle;
	}

	#byte(): number | undefined {
		if (!this.#available) return undefined;
		if (this.#position === this.#ahead.length) {
			this.#ahead = this.#fetch(Math.min(Prefetch, this.#available));
			this.#position = 0;
		}
		this.#available -= 1;
		const byte = this.#ahead[this.#position];
		this.#position += 1;
		return byte;
	}

	#fill(target: Uint8Array): number {
		const local = Math.min(target.length, this.#ahead.length - this.#position);
		target.set(this.#ahead.subarray(this.#position, this.#position + local));
		this.#position += local;
		if (target.length > local) target.set(this.#fetch(target.length - local), local);
		this.#available -= target.length;
		return target.length;
	}

	#fetch(count: number): Uint8Array {
		const body = new DataView(new ArrayBuffer(4));
		body.setUint32(0, count);
		return call(Op.Read, this.#open(), new Uint8Array(body.buffer));
	}

	#join(): Uint8Array {
		const parts = this.#held;
		const whole = new Uint8Array(this.#bytes);
		this.#held = [];
		this.#bytes = 0;
		let at = 0;
		for (const part of parts) {
			whole.set(part, at);
			at += part.length;
		}
		return whole;
	}
}
