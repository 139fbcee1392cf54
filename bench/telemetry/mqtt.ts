// An MQTT client on Node of the shape that TBClient expects (hosts/contract.ts), so that TBClient itself can be measured there. It
// gathers what is written in one turn into one write to the socket, and reads packets where they lie.
import { connect as open, type Socket } from "node:net";
import type {
	ByteBuffer,
	MQTTClient,
	MQTTClientConstructor,
	MQTTClientOptions,
	MQTTReadInfo,
	MQTTWriteOptions,
} from "../../hosts/contract.ts";
import { connect, control, publish } from "./packets.ts";

const Window = 65_536; // bytes that may wait for the socket

class NodeMQTT implements MQTTClient {
	static readonly CONNACK = 2;
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	target: unknown;
	#options: MQTTClientOptions;
	#socket: Socket;
	#input: Buffer = Buffer.alloc(0);
	#output: Uint8Array[] = [];
	#waiting = 0; // bytes of `#output`
	#payload: Buffer | undefined;
	#ping: NodeJS.Timeout | undefined;

	constructor(options: MQTTClientOptions) {
		this.#options = options;
		this.target = options.target;
		const { host, port = 1883, keepAlive = 0 } = options;
		this.#socket = open(port, host)
			.setNoDelay(true)
			.on("connect", () => {
				options.socket.hooks?.onSocket?.(true);
				this.#send(connect(options));
			})
			.on("data", (data) => this.#received(data))
			.on("drain", () => options.onWritable?.call(this, this.#room))
			.on("error", () => undefined)
			.on("close", () => this.#failed());
		if (keepAlive)
			this.#ping = setInterval(() => this.#send(control(NodeMQTT.PINGREQ, undefined)), keepAlive / 2);
	}

	read(into: number): ArrayBuffer | undefined;
	read(into: ByteBuffer): number | undefined;
	read(into: number | ByteBuffer): ArrayBuffer | number | undefined {
		const payload = this.#payload;
		if (!payload?.length) return undefined;
		const count = Math.min(typeof into === "number" ? into : into.byteLength, payload.length);
		this.#payload = payload.subarray(count);
		if (typeof into === "number") return Uint8Array.prototype.slice.call(payload, 0, count).buffer;
		(into instanceof ArrayBuffer ? new Uint8Array(into) : into).set(payload.subarray(0, count));
		return count;
	}

	write(data: ByteBuffer | null, options?: MQTTWriteOptions): number {
		const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : (data ?? new Uint8Array(0));
		if (bytes.length > this.#room) throw new Error("overflow");
		if (!options) this.#send(bytes);
		else if ((options.operation ?? NodeMQTT.PUBLISH) === NodeMQTT.PUBLISH)
			this.#send(publish(options, bytes, options.byteLength ?? bytes.length));
		else this.#send(control(options.operation ?? 0, options.id, options.items));
		return this.#room;
	}

	close(): void {
		clearInterval(this.#ping);
		this.#options = { ...this.#options, onError: undefined as never };
		this.#socket.destroy();
	}

	get #room(): number {
		return Math.max(0, Window - this.#waiting - this.#socket.writableLength);
	}

	#send(bytes: Uint8Array): void {
		this.#output.push(bytes);
		this.#waiting += bytes.length;
		if (this.#output.length === 1) process.nextTick(() => this.#flush());
	}

	#flush(): void {
		const bytes =
			this.#output.length === 1
				? (this.#output[0] as Uint8Array)
				: Buffer.concat(this.#output, this.#waiting);
		this.#output = [];
		this.#waiting = 0;
		if (!this.#socket.destroyed) this.#socket.write(bytes);
	}

	#failed(): void {
		clearInterval(this.#ping);
		this.#options.onError?.call(this);
	}

	#received(data: Buffer): void {
		const input = this.#input.length ? Buffer.concat([this.#input, data]) : data;
		let at = 0;
		for (let end = packetEnd(input, at); end; end = packetEnd(input, at)) {
			this.#packet(input, at, end);
			at = end;
		}
		this.#input = input.subarray(at);
	}

	#packet(input: Buffer, start: number, end: number): void {
		const operation = (input[start] as number) >> 4;
		let at = start + 1;
		while ((input[at++] as number) & 128);
		if (operation === NodeMQTT.PUBLISH) this.#message(input[start] as number, input.subarray(at, end));
		else if (operation === NodeMQTT.CONNACK) this.#connack(input[at + 1] as number);
		else if (operation === NodeMQTT.PUBACK)
			this.#options.onControl?.call(this, { operation, id: input.readUInt16BE(at) });
		else if (operation === NodeMQTT.SUBACK)
			this.#options.onControl?.call(this, {
				...{ operation, id: input.readUInt16BE(at), payload: [...input.subarray(at + 2, end)] },
			});
	}

	#connack(returnCode: number): void {
		this.#options.socket.hooks?.onConnack?.(returnCode, false);
		if (returnCode) return;
		this.#options.onControl?.call(this, { operation: NodeMQTT.CONNACK, returnCode });
		this.#options.onWritable?.call(this, this.#room);
	}

	#message(first: number, body: Buffer): void {
		const QoS = (first >> 1) & 3;
		const name = body.readUInt16BE(0);
		const topic = body.toString("utf8", 2, 2 + name);
		const id = QoS ? body.readUInt16BE(2 + name) : 0;
		this.#payload = body.subarray(2 + name + (QoS ? 2 : 0));
		const byteLength = this.#payload.length;
		if (!byteLength) {
			this.#options.socket.hooks?.onEmptyPublish?.(topic, QoS, id);
			return;
		}
		const info: MQTTReadInfo = { topic, byteLength, QoS, more: false };
		if (QoS) this.#send(control(NodeMQTT.PUBACK, id));
		this.#options.onReadable?.call(this, byteLength, info);
	}
}

/** Where the packet at `start` ends, or 0 while it has not arrived. */
function packetEnd(input: Buffer, start: number): number {
	let length = 0;
	for (let at = start + 1, shift = 0; at < input.length; at++, shift += 7) {
		const byte = input[at] as number;
		length |= (byte & 127) << shift;
		if (byte < 128) return at + 1 + length <= input.length ? at + 1 + length : 0;
	}
	return 0;
}

export default NodeMQTT as MQTTClientConstructor;
