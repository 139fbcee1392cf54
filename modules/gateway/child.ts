// One device behind the gateway, and what waits for it. A quiet one costs a few slots and its name, so nothing is made before it is used.

import { GatewayTopic } from "gateway/topics";
import { TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";

/** What can be said for a child. */
export type Kind = "telemetry" | "attributes" | "claim" | "rpc" | "request" | "connect" | "disconnect";

/** Where each kind is published. */
export const topicOf: Readonly<Record<Kind, string>> = Object.freeze({
	telemetry: GatewayTopic.telemetry,
	attributes: GatewayTopic.attributes,
	claim: GatewayTopic.claim,
	rpc: GatewayTopic.rpc,
	request: GatewayTopic.attributesRequest,
	connect: GatewayTopic.connect,
	disconnect: GatewayTopic.disconnect,
});

/** Something that waits, or is in flight. */
export interface Item {
	kind: Kind;
	/** JSON: the values of a reading, the attributes or the claim; of any other kind the members behind `device`. */
	text: string;
	/** Bytes that it takes in a message at most. */
	size: number;
	/** Data points, for the server's rate limits. */
	points: number;
	/** ms since 1970 of a reading, where known. */
	ts: number | undefined;
	/** `Time.ticks` of a reading whose time was not known. */
	early: number | undefined;
	/** Members of a reading's `metadata`, but for `publishedTs`. */
	latency: string | undefined;
	callback: Completion | undefined;
	/** Suspicion: grows with connections that ended while it was in flight. */
	losses: number;
}

/** An item of that kind, with what is particular about it. */
export function makeItem(kind: Kind, text: string, init?: Partial<Item>): Item {
	const size = ArrayBuffer.fromString(text).byteLength;
	const none = { points: 0, ts: undefined, early: undefined, latency: undefined, callback: undefined };
	return { kind, text, size, ...none, losses: 0, ...init };
}

/** away: not connected on this connection. opening: its connect is in flight. here: connected. */
export type State = "away" | "opening" | "here";

/** A device that the gateway speaks for. */
export class Child {
	name: string;
	/** The device profile, for a device that is new to the server. */
	readonly type: string | undefined;
	state: State = "away";
	/** In order; questions and answers first. */
	queue: Item[] | undefined;
	/** Of all that waits or is in flight. */
	messages = 0;
	bytes = 0;
	/** Given up for want of room. */
	dropped = 0;
	/** In the list of those that have something to send. */
	ready = false;
	/** To be disconnected once its queue is empty. */
	leaving = false;
	/** No longer in the table. */
	gone = false;
	/** Time that the newest reading was given. */
	latest = 0;
	/** `Time.ticks` when the server heard of it last. */
	touched = 0;
	/** Of `connect` or `disconnect`, until the server has acknowledged it. */
	callbacks: Completion[] | undefined;

	constructor(name: string, type: string | undefined) {
		this.name = name;
		this.type = type;
	}

	/** The item whose turn it is. */
	get head(): Item | undefined {
		return this.queue?.[0];
	}

	/** Takes the head out. It still counts, until `release`. */
	take(): Item {
		const queue = this.queue as Item[];
		const item = queue.shift() as Item;
		if (!queue.length) this.queue = undefined;
		return item;
	}

	/** Adds an item: readings at the end, questions and answers before them. */
	add(item: Item): void {
		this.queue ??= [];
		const first = this.queue.findIndex(({ kind }) => kind !== "rpc" && kind !== "request");
		if (isData(item.kind) || item.kind === "disconnect" || first < 0) this.queue.push(item);
		else this.queue.splice(first, 0, item);
		this.hold(item);
	}

	/** An item in flight comes back, to be sent first of all. */
	putBack(item: Item): void {
		this.queue ??= [];
		this.queue.unshift(item);
	}

	/** Takes an item out that waits. */
	remove(item: Item): void {
		const rest = this.queue?.filter((one) => one !== item);
		this.queue = rest?.length ? rest : undefined;
	}

	private hold({ size }: Item): void {
		this.messages += 1;
		this.bytes += size;
	}
}

/** Readings, attributes and claims: several children fit in one message, and nothing of them is lost with a connection. */
export const isData = (kind: Kind): boolean =>
	kind === "telemetry" || kind === "attributes" || kind === "claim";

/** What became of something said for a child. */
export const childError = (attempt: string, name: string, text: string): TBError =>
	new TBError("TB_CHILD", `${attempt} ${JSON.stringify(name)}: ${text}`);
