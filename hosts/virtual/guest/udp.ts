/** `host/udp` of the virtual board: the datagram socket of ECMA-419 over the bridge. */
import type { ByteBuffer, Datagram, UDPOptions, UDPSocket } from "host/contract";
import { Event, Op } from "../protocol.ts";
import { call, forget, invoke, register } from "./bridge.ts";

export default class UDP implements UDPSocket {
	#handle: number;
	target: unknown;

	/** Opens the port. @throws RangeError for one that is none */
	constructor({ port = 0, target, onReadable, onError }: UDPOptions) {
		if (!(Number.isInteger(port) && port >= 0 && port < 65536))
			throw new RangeError(`UDP: expected a port 0…65535, got ${port}`);
		this.target = target;
		this.#handle = register((kind, value) => {
			if (kind === Event.READABLE) onReadable?.call(this, value);
			else onError?.call(this);
		});
		const body = new Uint8Array(4);
		new DataView(body.buffer).setUint32(0, port);
		call(Op.Bind, this.#handle, body);
	}

	read(): Datagram | undefined {
		const answer = call(Op.Receive, this.#open());
		const end = answer.indexOf(0);
		const from = JSON.parse(String.fromArrayBuffer(answer.slice(0, end).buffer)) as [string, number] | null;
		if (!from) return undefined;
		const [address, port] = from;
		return Object.assign(answer.slice(end + 1).buffer, { address, port });
	}

	write(data: ByteBuffer, address: string, port: number): void {
		const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
		invoke(Op.Send, [this.#open(), address, port], bytes);
	}

	close(): void {
		if (!this.#handle) return;
		call(Op.Close, this.#handle);
		forget(this.#handle);
		this.#handle = 0;
	}

	#open(): number {
		if (!this.#handle) throw new Error("UDP: expected an open socket, it is closed");
		return this.#handle;
	}
}
