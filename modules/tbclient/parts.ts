// What builds on a client without being one: claiming, a gateway, the application's own topics.
import type { JSONObject } from "host/contract";
import type { Callbacks, Thrown } from "tbclient/callbacks";
import type { TBError } from "tbclient/errors";
import type { RPC } from "tbclient/options";
import type { Filter } from "tbclient/topics";

export type { RPC } from "tbclient/options";
export type { Filter } from "tbclient/topics";

/**
 * Something attached to a client: hears of its connection, gets messages and calls before the application does.
 * What its callbacks throw is TB_CALLBACK; none is called after the client's `close()`.
 */
export interface Part {
	/** Subscribed at every connection together with the client's own; read at each of them. */
	readonly filters?: readonly Filter[];
	/** As the client's own, just before it. */
	onConnected?(): void;
	/** As the client's own, just before it. */
	onDisconnected?(error: TBError): void;
	/** The server's session limits, at every connection on which it tells them: its answer to `getSessionLimits`. */
	onLimits?(answer: JSONObject): void;
	/** The client is being closed; nothing is called after this. */
	onClosed?(): void;
	/** A message on a topic that the client does not know itself, at most `maxMessage` bytes. True: it was for this part. */
	onMessage?(topic: string, payload: ArrayBuffer): boolean;
	/** A call from the server. True: this part answers it, and nobody else gets it. */
	onRPC?(call: RPC): boolean;
}

/** Parts that one client carries. */
export const MaxParts = 4;
/** Filters of one part. */
export const MaxFilters = 16;

/** The parts of one client, in the order in which they came. */
export class Parts {
	#parts: Part[] = [];
	#callbacks: Callbacks;

	constructor(callbacks: Callbacks) {
		this.#callbacks = callbacks;
	}

	/** @throws RangeError for a part too many, or too many filters. */
	add(part: Part): void {
		if (this.#parts.includes(part)) throw new RangeError("attach: expected a part that is not attached yet");
		if (this.#parts.length >= MaxParts) throw new RangeError(`attach: expected at most ${MaxParts} parts`);
		const { length = 0 } = part.filters ?? [];
		if (length > MaxFilters)
			throw new RangeError(`attach: expected at most ${MaxFilters} filters, got ${length}`);
		this.#parts = [...this.#parts, part];
	}

	/** Nothing more is called of this part. */
	remove(part: Part): void {
		this.#parts = this.#parts.filter((one) => one !== part);
	}

	/** Filters of all parts. */
	get filters(): Filter[] {
		return this.#parts.flatMap(({ filters = [] }) => filters);
	}

	/** Whether messages on topics that the client does not know are wanted. */
	get listening(): boolean {
		return this.#parts.some((part) => part.onMessage);
	}

	connected(): void {
		for (const part of this.#parts) this.#callbacks.run("onConnected of a part", () => part.onConnected?.());
	}

	disconnected(error: TBError): void {
		for (const part of this.#parts)
			this.#callbacks.run("onDisconnected of a part", () => part.onDisconnected?.(error));
	}

	limits(answer: JSONObject): void {
		for (const part of this.#parts) this.#callbacks.run("onLimits of a part", () => part.onLimits?.(answer));
	}

	closed(): void {
		for (const part of this.#parts) this.#callbacks.run("onClosed of a part", () => part.onClosed?.());
	}

	/** True when a part took the message, or threw over it. */
	message(topic: string, payload: ArrayBuffer): boolean {
		for (const part of this.#parts) {
			let taken: boolean | undefined;
			const thrown = this.#callbacks.run("onMessage of a part", () => {
				taken = part.onMessage?.(topic, payload);
			});
			if (thrown || taken) return true;
		}
		return false;
	}

	/** Whether a part took the call, or what it threw: that is the answer then. */
	rpc(call: RPC): boolean | Thrown {
		for (const part of this.#parts) {
			let taken: boolean | undefined;
			const thrown = this.#callbacks.run("onRPC of a part", () => {
				taken = part.onRPC?.(call);
			});
			if (thrown || taken) return thrown ?? true;
		}
		return false;
	}
}
