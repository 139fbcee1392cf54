// What comes in: firmware is handed on as it arrives, everything else is gathered, bounded, and handed on whole.
import type { MQTTClient, MQTTReadInfo } from "host/contract";
import { type Route, route, type Topics } from "tbclient/topics";

/** A piece of a chunk; the `count` bytes beside it can be read in the callback only. */
export interface ChunkInfo {
	/** As given to `requestFirmware`. */
	request: number;
	/** As given to `requestFirmware`. */
	index: number;
	/** Where in the chunk these bytes belong. */
	offset: number;
	/** Of the whole chunk. */
	byteLength: number;
	/** More pieces of this chunk follow. */
	more: boolean;
}

/** A message that arrived whole, or a piece of a firmware chunk. */
export interface Incoming {
	to: Route;
	topic: string;
	/** The payload; empty for firmware (read it piece by piece), and for unknown topics that nobody wants. */
	bytes: ArrayBuffer;
	/** Bytes that `read` offers, of firmware. */
	count: number;
	/** Where in the payload those bytes belong. */
	offset: number;
	/** Of the whole payload. */
	byteLength: number;
	/** More pieces follow. */
	more: boolean;
}

/** What `Inbound` tells. */
export interface InboundEvents {
	onMessage(message: Incoming): void;
	/** The message is read and dropped. */
	onTooLarge(topic: string, byteLength: number): void;
	/** Whether somebody wants messages on unknown topics. */
	wants(): boolean;
}

/** The message whose fragments arrive; `gathered` is absent when it is too large. */
interface Current {
	to: Route;
	topic: string;
	byteLength: number;
	gathered: Uint8Array<ArrayBuffer> | undefined;
}

const nothing: Current = { topic: "", to: { kind: "unknown" }, byteLength: 0, gathered: undefined };

/** Puts fragments together, up to a limit. Never asks for more memory than one message of that limit. */
export class Inbound {
	#events: InboundEvents;
	#limit: number;
	#topics: Topics;
	#current = nothing;
	#offset = 0;
	#mqtt: MQTTClient | undefined;
	#available = 0;

	/** `limit` in payload bytes; firmware has none. */
	constructor(limit: number, topics: Topics, events: InboundEvents) {
		this.#limit = limit;
		this.#topics = topics;
		this.#events = events;
	}

	/** The connection is gone, and the rest of a message with it. Also ends a `read` inside a callback. */
	reset(): void {
		this.#current = nothing;
		this.#mqtt = undefined;
	}

	/** One fragment; every byte of it is consumed, so that the MQTT client's parser never stalls. */
	receive(mqtt: MQTTClient, count: number, info: MQTTReadInfo): void {
		if (info.topic !== undefined) this.begin(info.topic, info.byteLength ?? count);
		this.#mqtt = mqtt;
		this.#available = count;
		const { to, gathered } = this.#current;
		const offset = this.#offset;
		this.#offset += count;
		if (to.kind === "firmware") this.emit(count, offset, info.more);
		else if (gathered?.length) this.read(gathered.subarray(offset, this.#offset));
		this.drain();
		if (to.kind !== "firmware" && !info.more) this.emit(0, offset, false);
	}

	/** A message without payload, which has no fragment. */
	receiveEmpty(topic: string): void {
		this.begin(topic, 0);
		this.emit(0, 0, false);
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

	private begin(topic: string, byteLength: number): void {
		const to = route(topic, this.#topics);
		const skipped = to.kind === "firmware" || (to.kind === "unknown" && !this.#events.wants());
		const kept = skipped ? 0 : byteLength;
		const gathered = kept <= this.#limit ? new Uint8Array(kept) : undefined;
		this.#current = { topic, to, byteLength, gathered };
		this.#offset = 0;
		if (!gathered) this.#events.onTooLarge(topic, byteLength);
	}

	private emit(count: number, offset: number, more: boolean): void {
		const { to, topic, byteLength, gathered } = this.#current;
		if (gathered)
			this.#events.onMessage({ to, topic, bytes: gathered.buffer, count, offset, byteLength, more });
	}

	private drain(): void {
		if (!this.#available) return;
		const scratch = new Uint8Array(Math.min(this.#available, 256));
		while (this.read(scratch));
	}
}
