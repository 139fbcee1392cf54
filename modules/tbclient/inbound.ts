// What comes in: firmware is handed on as it arrives, everything else is gathered, bounded, and handed on whole.
import type { MQTTClient, MQTTReadInfo } from "host/contract";
import { type Route, route } from "tbclient/topics";

/** A piece of a chunk; the `count` bytes beside it can be read in the callback only. */
export interface ChunkInfo {
	request: number;
	index: number;
	/** Where in the chunk these bytes belong. */
	offset: number;
	/** Of the whole chunk. */
	byteLength: number;
	more: boolean;
}

export interface InboundEvents {
	onChunk(count: number, chunk: ChunkInfo): void;
	onMessage(route: Route, topic: string, bytes: ArrayBuffer): void;
	onTooLarge(topic: string, byteLength: number): void;
}

const none = { topic: "", route: route(""), byteLength: 0 };

export class Inbound {
	#events: InboundEvents;
	#limit: number;
	#message: { topic: string; route: Route; byteLength: number } = none;
	#gathered: Uint8Array<ArrayBuffer> | undefined;
	#offset = 0;
	#mqtt: MQTTClient | undefined;
	#available = 0;

	constructor(limit: number, events: InboundEvents) {
		this.#limit = limit;
		this.#events = events;
	}

	/** The connection is gone, and the rest of a message with it. Also ends a `read` inside a callback. */
	reset(): void {
		this.#message = none;
		this.#gathered = undefined;
		this.#available = 0;
		this.#mqtt = undefined;
	}

	/** One fragment; every byte of it is consumed, so that the parser below never stalls. */
	receive(mqtt: MQTTClient, count: number, info: MQTTReadInfo): void {
		if (info.topic !== undefined) this.#begin(info.topic, info.byteLength ?? count);
		this.#mqtt = mqtt;
		this.#available = count;
		const { route: to, topic, byteLength } = this.#message;
		const offset = this.#offset;
		this.#offset += count;
		if (to.kind === "firmware")
			this.#events.onChunk(count, {
				request: to.request,
				index: to.index,
				offset,
				byteLength,
				more: info.more,
			});
		else if (this.#gathered) this.read(this.#gathered.subarray(offset, offset + count));
		this.#drain();
		const whole = this.#gathered;
		if (info.more || !whole) return;
		this.#gathered = undefined;
		this.#events.onMessage(to, topic, whole.buffer);
	}

	/** Fills the view as far as this fragment goes; returns the count, 0 outside the callback. */
	read(view: Uint8Array): number {
		const length = Math.min(view.byteLength, this.#available);
		if (!length || !this.#mqtt) return 0;
		const target = length < view.byteLength ? view.subarray(0, length) : view;
		this.#mqtt.read(target as Uint8Array<ArrayBuffer>);
		this.#available -= length;
		return length;
	}

	#begin(topic: string, byteLength: number): void {
		const to = route(topic);
		this.#message = { topic, route: to, byteLength };
		this.#offset = 0;
		this.#gathered = undefined;
		if (to.kind === "firmware" || to.kind === "unknown") return;
		if (byteLength <= this.#limit) this.#gathered = new Uint8Array(byteLength);
		else this.#events.onTooLarge(topic, byteLength);
	}

	#drain(): void {
		if (!this.#available) return;
		const scratch = new Uint8Array(Math.min(this.#available, 256));
		while (this.read(scratch));
	}
}
