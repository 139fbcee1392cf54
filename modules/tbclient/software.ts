// Software packages (ThingsBoard 8): chunks by `v2/sw`, gathered, since mods are small. Costs nothing where it is not attached.
import type TBClient from "tbclient";
import type { ChunkInfo } from "tbclient/inbound";
import type { Filter, Part } from "tbclient/parts";

/** Whoever wants the chunks. */
export interface SoftwareSink {
	/** Takes a chunk of `count` bytes, which `read` gives during the call. */
	receive(count: number, chunk: ChunkInfo): void;
}

/** Firmware asks by ids up to 2^30, and the server keeps one list of ids for both kinds: an id of the other would get the other's bytes. */
const First = 0x40000000;
const Request = "v2/sw/request/";
const Response = "v2/sw/response/";

/**
 * A source of chunks for `ota/software`, and a part of the client: `client.attach(source)`. Chunks must fit `maxMessage`.
 * Errors of the server come to the client's `onFirmwareError`: it has one topic for both kinds.
 */
export class SoftwareSource implements Part {
	/** Subscribed at every connection. */
	readonly filters: readonly Filter[] = [{ topic: `${Response}+/chunk/+`, QoS: 0 }];
	readonly #client: TBClient;
	readonly #sink: () => SoftwareSink;
	#chunk: Uint8Array = new Uint8Array(0);

	/** `sink` is asked for at each chunk: it needs this source, too. */
	constructor(client: TBClient, sink: () => SoftwareSink) {
		this.#client = client;
		this.#sink = sink;
	}

	/** Asks for chunk `index` of `size` bytes; `request` is 1…2^30-1 and comes back. False without a connection. */
	requestFirmware(request: number, index: number, size: number): boolean {
		if (!this.#client.connected) return false;
		const topic = `${Request}${First + request}/chunk/${index}`;
		this.#client.publish(topic, String(size), { QoS: 0, urgent: true, transient: true });
		return true;
	}

	/** Fills the view with bytes of the chunk at hand; returns how many. */
	read(view: Uint8Array): number {
		const bytes = this.#chunk.subarray(0, view.byteLength);
		view.set(bytes);
		this.#chunk = this.#chunk.subarray(bytes.length);
		return bytes.length;
	}

	/** Hands a chunk on; a number that was not asked for is for the sink to notice. */
	onMessage(topic: string, payload: ArrayBuffer): boolean {
		if (!topic.startsWith(Response)) return false;
		const [request, , index] = topic.slice(Response.length).split("/");
		const { byteLength } = payload;
		this.#chunk = new Uint8Array(payload);
		const chunk = {
			request: Number(request) - First,
			index: Number(index),
			offset: 0,
			byteLength,
			more: false,
		};
		this.#sink().receive(byteLength, chunk);
		this.#chunk = this.#chunk.subarray(0, 0);
		return true;
	}
}
