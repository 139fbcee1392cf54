/** An MQTT client of the contract's shape that a spec plays the server of: splits, refuses, overflows, drops. */
import type {
	ByteBuffer,
	MQTTClient,
	MQTTClientOptions,
	MQTTReadInfo,
	MQTTWriteOptions,
} from "host/contract";

/** A packet that was written; `text` is the payload as far as it was written. */
export interface Written extends MQTTWriteOptions {
	text: string;
}

type Options = MQTTClientOptions;

export class FakeMQTT implements MQTTClient {
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly CONNACK = 2;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	/** Every client made since `forget()`, oldest first. */
	static made: FakeMQTT[] = [];
	/** Thrown by the next constructors. */
	static broken: Error | undefined;

	static forget(): void {
		FakeMQTT.made = [];
		FakeMQTT.broken = undefined;
	}

	static get last(): FakeMQTT {
		const last = FakeMQTT.made[FakeMQTT.made.length - 1];
		if (!last) throw new Error("no MQTT client was made");
		return last;
	}

	/** What `write` got, in order. */
	written: Written[] = [];
	closed = false;
	/** Bytes that `write` takes before it throws "overflow". */
	room = 100_000;
	/** Thrown by every `write`. */
	failure: Error | undefined;
	/** Thrown by `close` while a callback runs, as in the SDK's onReadable. */
	strict = true;
	readonly options: Options;
	target: unknown;
	#unread: Uint8Array = new Uint8Array(0);
	#missing = 0;
	#inside = 0;

	constructor(options: Options) {
		if (FakeMQTT.broken) throw FakeMQTT.broken;
		this.options = options;
		this.target = options.target;
		FakeMQTT.made.push(this);
	}

	/** Bytes of the fragment that were left. */
	get unread(): number {
		return this.#unread.length;
	}

	read(into: number): ArrayBuffer | undefined;
	read(into: ByteBuffer): number | undefined;
	read(into: number | ByteBuffer): number | ArrayBuffer | undefined {
		if (this.closed) throw new TypeError("closed");
		if (!this.#unread.length) throw new Error("invalid");
		const view =
			typeof into === "number"
				? new Uint8Array(into)
				: into instanceof ArrayBuffer
					? new Uint8Array(into)
					: into;
		const count = Math.min(view.length, this.#unread.length);
		view.set(this.#unread.subarray(0, count));
		this.#unread = this.#unread.slice(count);
		return typeof into === "number" ? (view.buffer as ArrayBuffer).slice(0, count) : count;
	}

	write(data: ByteBuffer | null, options: MQTTWriteOptions = {}): number {
		if (this.closed) throw new TypeError("closed");
		if (this.failure) throw this.failure;
		const bytes = data === null ? new Uint8Array(0) : new Uint8Array(data as ArrayBuffer);
		const size = bytes.length + (options.topic?.length ?? 0) + 4;
		if (this.#missing && (options.topic || options.operation)) throw new Error("streaming");
		if (size > this.room) throw new Error("overflow");
		this.room -= size;
		this.#record(bytes, options);
		return Math.max(0, this.room - 8);
	}

	close(): void {
		if (this.strict && this.#inside) throw new Error("closed inside a callback");
		this.closed = true;
	}

	/** CONNACK as the guarded socket and the client tell it, and the first invitation to write. */
	accept(returnCode = 0): void {
		this.options.socket.hooks?.onSocket?.(true);
		this.options.socket.hooks?.onConnack?.(returnCode, false);
		if (returnCode) {
			this.drop();
			return;
		}
		this.control({ operation: FakeMQTT.CONNACK, returnCode });
		this.writable();
	}

	/** Grants every filter of the last SUBSCRIBE, or answers as told. */
	grant(payload?: number[]): void {
		const packet = this.of(FakeMQTT.SUBSCRIBE).pop();
		if (!packet) throw new Error("no SUBSCRIBE was written");
		const codes = payload ?? packet.items?.map(({ QoS }) => QoS ?? 0) ?? [];
		this.control({ operation: FakeMQTT.SUBACK, id: packet.id ?? 0, payload: codes });
	}

	/** PUBACK. */
	ack(id: number | undefined): void {
		this.control({ operation: FakeMQTT.PUBACK, id: id ?? 0 });
	}

	/** Delivers a message in fragments that end at the given offsets. */
	deliver(topic: string, payload: string | Uint8Array, ...ends: number[]): void {
		const bytes = typeof payload === "string" ? new Uint8Array(ArrayBuffer.fromString(payload)) : payload;
		if (!bytes.length) this.empty(topic, 0, 0);
		if (!bytes.length) return;
		let start = 0;
		for (const end of [...ends, bytes.length]) {
			const more = end < bytes.length;
			const first = { topic, byteLength: bytes.length, QoS: 1, more };
			this.#fragment(bytes.slice(start, end), start ? { more } : first);
			start = end;
			if (this.closed) return;
		}
	}

	empty(topic: string, QoS: number, id: number): void {
		this.#run(() => this.options.socket.hooks?.onEmptyPublish?.(topic, QoS, id));
	}

	control(message: Parameters<NonNullable<Options["onControl"]>>[0]): void {
		this.#run(() => this.options.onControl?.call(this, message));
	}

	writable(room = this.room): void {
		this.room = room;
		this.#run(() => this.options.onWritable?.call(this, Math.max(0, room - 8)));
	}

	/** The connection ends: socket and client tell it, and the client has closed itself. */
	drop(error?: unknown): void {
		this.options.socket.hooks?.onFailure?.(error);
		this.giveUp();
	}

	/** The client ends the connection by itself: keep-alive, or a name that is unknown. */
	giveUp(): void {
		this.#run(() => this.options.onError?.call(this));
		this.closed = true;
	}

	/** Packets of one operation. */
	of(operation: number): Written[] {
		return this.written.filter((one) => (one.operation ?? FakeMQTT.PUBLISH) === operation);
	}

	get published(): Written[] {
		return this.of(FakeMQTT.PUBLISH);
	}

	#fragment(bytes: Uint8Array, info: MQTTReadInfo): void {
		if (this.#unread.length) throw new Error(`the parser stalls on ${this.#unread.length} unread bytes`);
		this.#unread = bytes;
		this.#run(() => this.options.onReadable?.call(this, bytes.length, info));
	}

	#record(bytes: Uint8Array, options: MQTTWriteOptions): void {
		const text = String.fromArrayBuffer(bytes.slice().buffer as ArrayBuffer);
		const last = this.written[this.written.length - 1];
		if (this.#missing && last) {
			last.text += text;
			this.#missing -= bytes.length;
			return;
		}
		this.written.push({ ...options, text });
		this.#missing = (options.byteLength ?? bytes.length) - bytes.length;
	}

	#run(action: () => void): void {
		this.#inside += 1;
		try {
			action();
		} finally {
			this.#inside -= 1;
		}
	}
}
