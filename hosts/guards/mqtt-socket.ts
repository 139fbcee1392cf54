// Stands between a TCP (or TLS) socket and the SDK's MQTT client: shows the client one well-formed packet at a time, keeps from
// it what it cannot digest, and tells what it forgets.
import Frame, { CONNACK, malformed } from "guards/mqtt-frame";
import type { Format, Socket, SocketConstructor, SocketOptions, WriteOptions } from "guards/types";
import type { ByteBuffer, MQTTHooks } from "host/contract";
import Timer from "timer";

/** `base`: the class below and its options; `base.io` is required. The rest is what the MQTT client passes to any socket. */
export interface MQTTSocketOptions extends SocketOptions {
	base?: { io: SocketConstructor; [option: string]: unknown };
	hooks?: MQTTHooks;
}

/**
 * ECMA-419 socket for `new MQTTClient({socket: {io: MQTTSocket, base: {io: TCP}, hooks}})`.
 *
 * - CONNACK's code and session-present go to `hooks.onConnack`, before the client sees the packet.
 * - A PUBLISH without payload, on which the SDK's client stalls, is swallowed and goes to `hooks.onEmptyPublish`; at QoS 1 the
 *   hook's owner answers with PUBACK.
 * - How far it has come goes to `hooks.onSocket`, and why it ended to `hooks.onFailure`, before the client learns of either.
 * - A malformed packet ends the connection: `onError` with an Error whose `code` is `MQTT_MALFORMED`.
 * - No exception escapes a callback or hook: it ends the connection, by `onError(exception)` and `close()`.
 * - `close()` is legal everywhere, more than once; nothing fires after it.
 *
 * Memory: 7 bytes of head, and topic and id of an empty PUBLISH (at most 1026 bytes); the rest stays in the socket below.
 */
export default class MQTTSocket implements Socket {
	/** Format of the next `read`; writes are always buffers. */
	format: Format = "buffer";
	#io: Socket | undefined;
	#ioFormat: Format = "buffer";
	#options: MQTTSocketOptions;
	#done = false; // closed, or failed
	#available = 0; // bytes in the socket below
	#frame = new Frame();
	#given = 0; // bytes of the head that the client has read
	#swallowed: Uint8Array<ArrayBuffer> | undefined; // topic and id of an empty PUBLISH
	#position = 0;
	#pumping = false;
	#more = false; // the packet being written is not complete
	#failure: unknown;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#open = false;

	constructor(options: MQTTSocketOptions) {
		const { base, hooks } = options;
		if (!base?.io) throw new TypeError("MQTTSocket: expected base: {io: a socket class}, got none");
		this.#options = options;
		hooks?.onSocket?.(false);
		try {
			this.#io = this.#connect(base);
		} catch (error) {
			hooks?.onFailure?.(error);
			throw error;
		}
	}

	close(): void {
		this.#done = true;
		Timer.clear(this.#timer);
		this.#timer = undefined;
		const io = this.#io;
		this.#io = undefined;
		io?.close();
	}

	/**
	 * Reads bytes of the current packet: one in number format (undefined when there is none); in buffer format a new buffer of
	 * `into` bytes (all there are by default), or into a view, which is filled. Throws when asked for more than was announced.
	 */
	read(into?: number | ByteBuffer): number | ArrayBuffer | undefined {
		if ("number" === this.format) return this.#one();
		const readable = this.#readable;
		const count = "object" === typeof into ? into.byteLength : (into ?? readable);
		if (count > readable || count < 0)
			throw new RangeError(`MQTTSocket read: expected 0…${readable} bytes, got ${count}`);
		if (!count) return "object" === typeof into ? 0 : undefined;
		const view = "object" === typeof into ? bytes(into) : new Uint8Array(count);
		this.#fill(view);
		return "object" === typeof into ? count : view.buffer;
	}

	/** As the socket below. Half a packet on the wire cannot be taken back: a throw there is reported by `onError`, not thrown. */
	write(data: number | ByteBuffer, options?: WriteOptions): number {
		if (!this.#io || this.#done)
			throw new Error("MQTTSocket write: expected an open socket, got a closed one");
		const started = this.#more;
		try {
			this.#more = true === options?.more;
			return this.#below("buffer").write(data, options) ?? 0;
		} catch (error) {
			this.#more = started;
			if (!started) throw error;
			this.#failure = error;
			this.#defer();
			return 0;
		}
	}

	#connect(base: NonNullable<MQTTSocketOptions["base"]>): Socket {
		return new base.io({
			...this.#options,
			...base,
			format: this.#ioFormat,
			onReadable: (count) => {
				this.#available = count;
				this.#pump();
			},
			onWritable: (count) => this.#writable(count),
			onError: (error) => this.#fail(error),
		});
	}

	/** Bytes of the current packet that the client can read now. */
	get #readable(): number {
		const { complete, length, body } = this.#frame;
		return this.#io && complete && !this.#swallowed
			? length - this.#given + Math.min(body, this.#available)
			: 0;
	}

	#below(format: Format): Socket {
		const io = this.#io as Socket;
		if (format !== this.#ioFormat) io.format = this.#ioFormat = format;
		return io;
	}

	/** Takes one byte from the socket below. */
	#byte(): number {
		const byte = this.#below("number").read();
		if ("number" !== typeof byte) throw new Error(`MQTTSocket: expected a byte, got ${byte}`);
		this.#available -= 1;
		return byte;
	}

	/** Gives the client one byte, if there is one. The SDK's client reads every topic in this way, so it is written for speed. */
	#one(): number | undefined {
		const frame = this.#frame;
		if (!this.#io || !frame.complete || this.#swallowed) return undefined;
		let byte: number;
		if (this.#given < frame.length) {
			byte = frame.bytes[this.#given] as number;
			this.#given += 1;
		} else {
			if (!this.#available) return undefined;
			byte = this.#byte();
			frame.body -= 1;
		}
		if (!frame.body && this.#given === frame.length) this.#consumed();
		return byte;
	}

	/** Gives the client as many bytes as the view holds: the rest of the head, then straight from the socket below. */
	#fill(view: Uint8Array<ArrayBuffer>): void {
		const head = this.#frame.bytes.subarray(
			this.#given,
			Math.min(this.#frame.length, this.#given + view.length),
		);
		view.set(head);
		this.#given += head.length;
		const count = view.length - head.length;
		if (count) this.#take(head.length ? view.subarray(head.length) : view);
		this.#frame.body -= count;
		this.#consumed();
	}

	#take(view: Uint8Array<ArrayBuffer>): void {
		this.#below("buffer").read(view);
		this.#available -= view.length;
	}

	/** Makes way for the next packet when the client has read all of this one. */
	#consumed(): void {
		if (this.#frame.body || this.#given < this.#frame.length) return;
		this.#frame.reset();
		this.#given = 0;
		if (this.#available && !this.#pumping) this.#defer();
	}

	/** Goes on from a timer: a client's method is on the stack, and it must not be called back from there. */
	#defer(): void {
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			if (this.#failure) this.#fail(this.#failure);
			else this.#pump();
		});
	}

	/** Every call into the client and the hooks for inbound bytes happens below here. */
	#pump(): void {
		this.#pumping = true;
		try {
			while (this.#step());
		} catch (error) {
			this.#fail(error);
		}
		this.#pumping = false;
	}

	/** One head, swallowed piece or announcement; false = wait for the network or the client. */
	#step(): boolean {
		if (this.#done) return false;
		if (this.#swallowed) return this.#swallow(this.#swallowed);
		if (!this.#frame.complete) return this.#head();
		const count = this.#readable;
		if (count) this.#options.onReadable?.call(this, count);
		return !this.#frame.complete;
	}

	#head(): boolean {
		const frame = this.#frame;
		for (; !frame.complete; frame.push(this.#byte())) if (!this.#available) return false;
		if (CONNACK === frame.type) this.#options.hooks?.onConnack?.(frame.returnCode, frame.sessionPresent);
		else if (frame.empty) this.#swallowed = new Uint8Array(frame.body);
		return true;
	}

	#swallow(packet: Uint8Array<ArrayBuffer>): boolean {
		const end = Math.min(packet.length, this.#position + this.#available);
		if (end > this.#position) this.#take(packet.subarray(this.#position, end));
		this.#position = end;
		if (end < packet.length) return false;
		const { QoS, topicLength } = this.#frame;
		this.#swallowed = undefined;
		this.#position = 0;
		this.#frame.reset();
		const id = QoS ? new DataView(packet.buffer).getUint16(topicLength) : 0;
		if (QoS && !id) throw malformed("PUBLISH", "packet identifier 1…65535", 0);
		this.#options.hooks?.onEmptyPublish?.(
			String.fromArrayBuffer(packet.buffer.slice(0, topicLength)),
			QoS,
			id,
		);
		return true;
	}

	#writable(count: number): void {
		if (this.#done) return;
		try {
			if (!this.#open) this.#options.hooks?.onSocket?.(true);
			this.#open = true;
			if (!this.#done) this.#options.onWritable?.call(this, count);
		} catch (error) {
			this.#fail(error);
		}
	}

	/** The end, told once. An owner that throws here, too, is done for: the socket below is closed all the same. */
	#fail(error: unknown): void {
		if (error) trace(`MQTT socket: ${error}\n`);
		if (this.#done) return;
		this.#done = true;
		tell(() => this.#options.hooks?.onFailure?.(error));
		tell(() => this.#options.onError?.call(this, error));
		this.close();
	}
}

/** For the last words of a connection. */
function tell(action: () => void): void {
	try {
		action();
	} catch (exception) {
		trace(`MQTT socket onError: ${exception}\n`);
	}
}

function bytes(data: ByteBuffer): Uint8Array<ArrayBuffer> {
	if (data instanceof Uint8Array) return data;
	if (data instanceof ArrayBuffer) return new Uint8Array(data);
	const { buffer, byteOffset, byteLength } = data as Uint8Array<ArrayBuffer>; // DataView, Int8Array
	return new Uint8Array(buffer, byteOffset, byteLength);
}
