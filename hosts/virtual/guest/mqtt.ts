// The virtual board's MQTT client: streams both ways through one socket, with the class shape and the behaviour of the SDK's own
// (embedded:network/mqtt/client), which is not to be had here. test/sdk/mqtt-contract.ts holds both to the same specification.
import type { ResolveOptions, ResolverConstructor, Socket, SocketConstructor } from "guards/types";
import type {
	ByteBuffer,
	MQTTClientConstructor,
	MQTTClientOptions,
	MQTTControl,
	MQTTReadInfo,
	MQTTWriteOptions,
} from "host/contract";
import KeepAlive from "host/mqtt-keepalive";
import { connect, control, Operation, publish } from "host/mqtt-packets";
import Parser from "host/mqtt-parser";
import Timer from "timer";

const Overhead = 8; // what a head costs, at a guess: room told to the application is less by this, as in the SDK
const ConnectTimeout = 30_000; // ms from opening the socket to its first onWritable

type Id = ReturnType<typeof Timer.set>;
interface Pending {
	operation: number;
	id: number;
	byteLength: number;
}

/**
 * Streaming MQTT 3.1.1 client. Options: `MQTTClientOptions` of host/contract. `onReadable(count, info)` announces a fragment of a
 * message; bytes that are not read stay in the socket and stop everything inbound. Every failure is `onError()` without
 * argument, then `close()`. An inbound QoS 1 message is acknowledged when its last fragment is announced.
 */
class MQTTClient {
	static readonly CONNECT = Operation.CONNECT;
	static readonly CONNACK = Operation.CONNACK;
	static readonly PUBLISH = Operation.PUBLISH;
	static readonly PUBACK = Operation.PUBACK;
	static readonly PUBREC = Operation.PUBREC;
	static readonly PUBREL = Operation.PUBREL;
	static readonly PUBCOMP = Operation.PUBCOMP;
	static readonly SUBSCRIBE = Operation.SUBSCRIBE;
	static readonly SUBACK = Operation.SUBACK;
	static readonly UNSUBSCRIBE = Operation.UNSUBSCRIBE;
	static readonly UNSUBACK = Operation.UNSUBACK;
	static readonly PINGREQ = Operation.PINGREQ;
	static readonly PINGRESP = Operation.PINGRESP;
	static readonly DISCONNECT = Operation.DISCONNECT;

	target?: unknown;
	#options: MQTTClientOptions;
	#state: "resolving" | "connecting" | "login" | "connected" | "publishing" | "closed" = "resolving";
	#socket: Socket | undefined;
	#parser = new Parser();
	#parsing = false;
	#readable = 0; // in the socket
	#payload = 0; // announced to the application and not read
	#writable = 0; // room in the socket
	#id = 0;
	#unsent = 0; // of the message being published
	#pending: Pending[] = [];
	#flush: Id | undefined;
	#resume: Id | undefined;
	#connecting: Id | undefined;
	#keepAlive: KeepAlive | undefined;

	constructor(options: MQTTClientOptions) {
		if (!options.host) throw new Error("host required");
		this.#options = options;
		if (undefined !== options.target) this.target = options.target;
		const Resolver = options.dns.io as ResolverConstructor;
		const question: ResolveOptions = {
			host: options.host,
			onResolved: (host, address) => this.#resolved(host, address),
			onError: () => this.#fail("host not found"),
		};
		new Resolver(options.dns).resolve(question);
	}

	close(): void {
		this.#state = "closed";
		for (const id of [this.#flush, this.#resume, this.#connecting]) Timer.clear(id);
		this.#flush = this.#resume = this.#connecting = undefined;
		this.#keepAlive?.close();
		this.#readable = this.#payload = this.#writable = 0;
		this.#pending.length = 0;
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close();
	}

	/** Reads at most what was announced; a longer view is filled in part and the count returned. Nothing left: undefined. */
	read(into?: number): ArrayBuffer | undefined;
	read(into: ByteBuffer): number | undefined;
	read(into?: number | ByteBuffer): ArrayBuffer | number | undefined {
		const wanted = "object" === typeof into ? into.byteLength : (into ?? this.#payload);
		const count = Math.min(wanted, this.#payload);
		if (!count || !this.#socket) return undefined;
		const target = "object" !== typeof into ? count : count === wanted ? into : start(into, count);
		this.#readable -= count;
		this.#payload -= count;
		this.#socket.format = "buffer";
		const result = this.#socket.read(target);
		if (!this.#payload && !this.#parsing) this.#resume ??= Timer.set(() => this.#resumed());
		return result;
	}

	/** Writes a packet, or (without options) the next piece of the message begun with `byteLength`. Returns the room left. */
	write(data: ByteBuffer | null, options?: MQTTWriteOptions): number {
		const socket = this.#socket;
		if (!socket) throw new Error("write: expected an open connection");
		socket.format = "buffer";
		if ("connected" !== this.#state) this.#piece(socket, data, options);
		else if (options) this.#packet(socket, data, options);
		else throw new Error("write: expected options");
		return Math.max(this.#writable - Overhead, 0);
	}

	#nextId(): number {
		this.#id = (this.#id % 65_535) + 1;
		return this.#id;
	}

	#piece(socket: Socket, data: ByteBuffer | null, options: MQTTWriteOptions | undefined): void {
		if ("publishing" !== this.#state || options || !data || data.byteLength > this.#unsent)
			throw new Error(`write: expected at most ${this.#unsent} bytes of the message begun (${this.#state})`);
		this.#room(data.byteLength);
		this.#writable = socket.write(data) ?? 0;
		this.#unsent -= data.byteLength;
		if (!this.#unsent) this.#state = "connected";
	}

	#packet(socket: Socket, data: ByteBuffer | null, options: MQTTWriteOptions): void {
		const { operation = Operation.PUBLISH, id = this.#nextId(), items } = options;
		if (Operation.PUBLISH === operation) this.#publish(socket, data, options, id);
		else this.#send(socket, control(operation, id, items));
		if (Operation.PINGREQ === operation) this.#keepAlive?.sent();
	}

	#publish(socket: Socket, data: ByteBuffer | null, options: MQTTWriteOptions, id: number): void {
		if (!data) throw new TypeError("write: expected data, got null");
		const byteLength = options.byteLength ?? data.byteLength;
		if (data.byteLength > byteLength) throw new Error("invalid");
		const head = publish(options, id, byteLength);
		const length = head.length + data.byteLength;
		this.#room(length);
		socket.write(head, { more: true, byteLength: length });
		this.#writable = socket.write(data) ?? 0;
		this.#unsent = byteLength - data.byteLength;
		if (this.#unsent) this.#state = "publishing";
	}

	#send(socket: Socket, packet: Uint8Array<ArrayBuffer>): void {
		this.#room(packet.length);
		this.#writable = socket.write(packet) ?? 0;
	}

	#room(length: number): void {
		if (length > this.#writable) throw new Error("overflow");
	}

	#resolved(host: string, address: string): void {
		if ("resolving" !== this.#state) return;
		const { socket, port = 1883 } = this.#options;
		this.#state = "connecting";
		this.#connecting = Timer.set(() => this.#fail("connect: time out"), ConnectTimeout);
		try {
			this.#socket = new (socket.io as SocketConstructor)({
				...socket,
				address,
				host,
				port,
				onReadable: (count) => this.#received(count),
				onWritable: (count) => this.#drained(count),
				onError: (error) => this.#fail(error),
			});
		} catch (error) {
			this.#fail(error);
		}
	}

	#drained(count: number): void {
		this.#writable = count;
		if ("connecting" === this.#state) this.#login();
		else if ("connected" === this.#state && !this.#acknowledge()) return;
		if ("connected" === this.#state || "publishing" === this.#state) this.#invite();
	}

	#login(): void {
		if (!this.#socket) return;
		Timer.clear(this.#connecting);
		this.#connecting = undefined;
		this.#state = "login";
		const packet = connect(this.#options);
		if (packet.length > this.#writable) {
			this.#fail(`CONNECT: expected room for ${packet.length} bytes, got ${this.#writable}`);
			return;
		}
		this.#send(this.#socket, packet);
		const interval = Math.ceil((this.#options.keepAlive ?? 0) / 1000) * 1000;
		if (interval)
			this.#keepAlive = new KeepAlive(
				interval,
				() => this.#ping(),
				(reason) => this.#fail(reason),
			);
	}

	/** Sends what waits; false = no room. */
	#acknowledge(): boolean {
		for (let next = this.#pending[0]; next; next = this.#pending[0]) {
			if (next.byteLength > this.#writable) return false;
			this.#pending.shift();
			this.write(null, next);
		}
		return true;
	}

	#invite(): void {
		if (this.#writable > Overhead) this.#options.onWritable?.call(this, this.#writable - Overhead);
	}

	#queue(operation: number, id: number, byteLength: number): void {
		this.#pending.push({ operation, id, byteLength });
		this.#flush ??= Timer.set(() => {
			this.#flush = undefined;
			this.#drained(this.#writable);
		});
	}

	#resumed(): void {
		this.#resume = undefined;
		if (this.#readable) this.#received(this.#readable);
	}

	#received(count: number): void {
		this.#readable = count;
		if (this.#payload || this.#parsing) return;
		this.#parsing = true;
		try {
			while (this.#readable && !this.#payload) this.#step();
		} catch (error) {
			if ("closed" === this.#state) throw error;
			this.#fail(error);
		} finally {
			this.#parsing = false;
		}
	}

	#step(): void {
		if (this.#parser.payload) {
			this.#announce({ more: true });
			return;
		}
		const socket = this.#socket as Socket;
		socket.format = "number";
		this.#readable -= 1;
		const found = this.#parser.push(socket.read() as number);
		if (!found) return;
		if ("operation" in found) this.#control(found);
		else if (this.#readable || !this.#parser.payload) this.#announce(found);
		else this.#first = found;
	}
	#first: MQTTReadInfo | undefined; // of a message whose payload has not begun to arrive

	#announce(info: MQTTReadInfo): void {
		const first = this.#first ?? info;
		this.#first = undefined;
		const parser = this.#parser;
		this.#payload = Math.min(parser.remaining, this.#readable);
		if (this.#payload) parser.take(this.#payload);
		first.more = parser.payload;
		if (!first.more && parser.QoS)
			this.#queue(1 === parser.QoS ? Operation.PUBACK : Operation.PUBREC, parser.id, 4);
		this.#options.onReadable?.call(this, this.#payload, first);
	}

	#control(message: MQTTControl): void {
		const { operation, id = 0 } = message;
		if (Operation.CONNACK === operation) {
			if (message.returnCode) throw new Error(`connection refused, code ${message.returnCode}`);
			this.#state = "connected";
		}
		if (Operation.PINGRESP === operation) this.#keepAlive?.answered();
		if (Operation.PUBREC === operation) this.#queue(Operation.PUBREL, id, 4);
		if (Operation.PUBREL === operation) this.#queue(Operation.PUBCOMP, id, 4);
		this.#options.onControl?.call(this, message);
		if (Operation.CONNACK === operation) this.#invite();
	}

	#ping(): void {
		if (this.#pending.some(({ operation }) => Operation.PINGREQ === operation))
			this.#fail("keep-alive: PINGREQ not sent");
		else this.#queue(Operation.PINGREQ, 0, 2);
	}

	#fail(reason: unknown): void {
		if ("closed" === this.#state) return;
		trace(`MQTT client: ${reason ?? "connection lost"}\n`);
		try {
			this.#options.onError?.call(this);
		} finally {
			this.close();
		}
	}
}

function start(into: ByteBuffer, count: number): Uint8Array<ArrayBuffer> {
	return into instanceof ArrayBuffer
		? new Uint8Array(into, 0, count)
		: new Uint8Array(into.buffer, into.byteOffset, count);
}

export default MQTTClient as MQTTClientConstructor;
