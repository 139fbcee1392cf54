// ThingsBoard's gateway API on top of a client: what the application calls for the devices behind it.

import { type Child, childError } from "gateway/child";
import { checkName } from "gateway/children";
import { Core } from "gateway/core";
import type { ReadingOptions, TBGatewayOptions } from "gateway/options";
import { checkKeys } from "gateway/questions";
import type { GatewayStats } from "gateway/stats";
import { attributes, childOf, claim, telemetry } from "gateway/uplink";
import type { OnChildAttributes, WatchOptions } from "gateway/watches";
import type { JSONObject, JSONValue } from "host/contract";
import type { AttributeKeys } from "tbclient/attributes";
import type { Claim } from "tbclient/codec";
import type { TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";
import type { AttributeValues } from "tbclient/options";
import type { Readings } from "tbclient/telemetry";

export type { ChildRPC, Latency, QueueLimits, ReadingOptions, TBGatewayOptions } from "gateway/options";
export type { GatewayStats } from "gateway/stats";
export type { OnChildAttributes, WatchOptions } from "gateway/watches";

const MaxCallbacks = 8; // of `connect` that wait for one child

/** How a child is connected. */
export interface ConnectOptions {
	/** The device profile, for a device that is new to the server; default `"default"`. One that does not exist is made. */
	type?: string;
	/** Called once: null when the server acknowledged. Over MQTT 3.1.1 it does so also when it could not make the device. */
	callback?: Completion | undefined;
}

/** How a child stands. */
export interface ChildState {
	/** The server has acknowledged it on this connection. */
	connected: boolean;
	/** Messages and payload bytes that wait or are in flight. */
	messages: number;
	bytes: number;
	/** Messages given up for want of room. */
	dropped: number;
}

/**
 * Speaks for devices that cannot speak to ThingsBoard themselves. It is attached to the client of a device whose `additionalInfo.gateway`
 * is true, and which goes on as a device of its own. Methods never call back: what they have to tell comes in a later turn. All but
 * `close()` throw Error after `close()`, also after the client's.
 */
export default class TBGateway {
	#core: Core;

	/** Attaches itself to the client. @throws RangeError for numbers, TypeError for a client of another codec than JSON. */
	constructor(options: TBGatewayOptions) {
		this.#core = new Core(this, options);
	}

	/** Counters since construction. */
	get stats(): GatewayStats {
		return this.#core.stats;
	}

	/** Names of the children. */
	get devices(): string[] {
		return [...this.#core.children.all()].map(({ name }) => name);
	}

	/** How a child stands; undefined for none of ours. */
	device(name: string): ChildState | undefined {
		const child = this.#core.children.find(name);
		if (!child) return undefined;
		const { state, messages, bytes, dropped } = child;
		return { connected: state === "here", messages, bytes, dropped };
	}

	/**
	 * Connects a child, now and after every connection of the gateway. Any device of the tenant can be connected by its name, and one
	 * that does not exist is made. Connecting a child again is fine. Errors: TB_CHILD (the table is full, the child was disconnected or
	 * deleted before, or 8 callbacks wait for it), TB_TOO_LARGE (name and type are more than the server's messages hold: it is out again).
	 * @throws RangeError for a name or type of no or more than 255 characters.
	 */
	connect(device: string, { type, callback }: ConnectOptions = {}): void {
		const { children, callbacks, sender } = this.#open("connect");
		checkName("connect", device);
		if (type !== undefined) checkName("connect: type", type);
		const child = children.find(device) ?? children.add(device, type);
		if (!child) {
			callbacks.later(callback, childError("connect", device, `there are ${children.size} children already`));
			return;
		}
		if (child.leaving) this.#superseded(child, "disconnect");
		child.leaving = false;
		if (child.state === "here") callbacks.later(callback, null);
		else if (callback) this.#await(child, callback);
		children.wake(child);
		sender.wake();
	}

	/** Disconnects a child once all is sent that waits for it, and takes it out of the table. Errors: TB_CHILD. */
	disconnect(device: string, callback?: Completion): void {
		const core = this.#open("disconnect");
		const child = childOf(core, "disconnect", device, callback);
		if (!child) return;
		this.#superseded(child, "connect");
		child.leaving = true;
		child.callbacks = callback && [callback];
		core.children.wake(child);
		core.sender.wake();
	}

	/**
	 * Sends values of a child by key, or readings `{ts, values}` with a time of their own (ms since 1970), or a list of both. What has no
	 * time gets that of this call from `clock`. Kept over losses; messages carry many children. Errors: TB_CHILD, TB_OUTBOX_FULL,
	 * TB_TOO_LARGE, TB_QUARANTINED. Numbers that the server cannot store are left out and told (TB_VALUE).
	 * @throws TypeError for no object, RangeError for an empty list, a `ts` that is no time, or malformed metadata.
	 */
	sendTelemetry(device: string, readings: Readings, options: Completion | ReadingOptions = {}): void {
		const how = typeof options === "function" ? { callback: options } : options;
		telemetry(this.#open("sendTelemetry"), device, readings, how);
	}

	/** Sends client attributes of a child; limits and errors as for `sendTelemetry`. @throws TypeError for no object or a list. */
	sendAttributes(device: string, values: JSONObject, callback?: Completion): void {
		attributes(this.#open("sendAttributes"), device, values, callback);
	}

	/**
	 * Asks for attributes of a child by name. Called back once: with what there is, or with TB_CHILD, TB_DISCONNECTED (no connection, or
	 * lost before the answer), TB_TIMEOUT or TB_OUTBOX_FULL (also when 8 requests wait; both scopes are two requests).
	 * @throws RangeError for no names, or an empty one.
	 */
	requestAttributes(
		device: string,
		keys: AttributeKeys,
		callback: (error: TBError | null, values: AttributeValues) => void,
	): void {
		const core = this.#open("requestAttributes");
		checkKeys(keys);
		const settle = (error: TBError | null, values: AttributeValues = {}) =>
			core.callbacks.invoke("requestAttributes callback", callback, error, values);
		const child = childOf(core, "requestAttributes", device, settle);
		if (child) core.questions.ask(child, keys, settle);
	}

	/**
	 * Watches shared attributes of one child or all, of some names or all. Told of every push; what was pushed while the child was not
	 * connected is not repeated, so ask in `onConnected`. @throws RangeError for more than 64 watches.
	 */
	watchAttributes(what: WatchOptions, callback: OnChildAttributes): void {
		this.#open("watchAttributes").watches.add(what, callback);
	}

	/** Ends what `watchAttributes` began with that callback. */
	unwatchAttributes(callback: OnChildAttributes): void {
		this.#core.watches.remove(callback);
	}

	/**
	 * Answers a call of a child, now or later, also on another connection; kept over losses. What JSON cannot carry goes out as null.
	 * An answer that is too large is replaced by an error for the caller, and told as TB_TOO_LARGE. The same call does not run twice,
	 * nor within a minute of its answer (the last 32 calls, answers up to 512 characters; answered ones are forgotten first). Errors: TB_CHILD, TB_OUTBOX_FULL. @throws RangeError for an id that is none.
	 */
	respond(device: string, id: number, result: JSONValue, callback?: Completion): void {
		const core = this.#open("respond");
		if (!(Number.isSafeInteger(id) && id >= 0))
			throw new RangeError(`respond: expected the id of a call, got ${id}`);
		const child = childOf(core, "respond", device, callback);
		if (child) core.calls.respond(child, id, result, callback);
		else core.calls.lost(device, id);
	}

	/**
	 * Lets a customer claim a child for `durationMs` with `secretKey`; see `tbclient/claim` for what the server says of it, which is
	 * nothing. Errors as for `sendTelemetry`. @throws RangeError for a duration that is not positive.
	 */
	claim(device: string, what: Claim = {}, callback?: Completion): void {
		claim(this.#open("claim"), device, what, callback);
	}

	/** Ends everything but the client; nothing is called back after it. The server keeps the children until the connection ends. */
	close(): void {
		if (this.#core.closed) return;
		this.#core.client.detach(this.#core);
		this.#core.onClosed();
	}

	#open(attempt: string): Core {
		if (this.#core.closed) throw new Error(`${attempt}: the gateway is closed`);
		return this.#core;
	}

	/** Has a callback wait for the server's acknowledgement. */
	#await(child: Child, callback: Completion): void {
		const { callbacks: others = [] } = child;
		if (others.length < MaxCallbacks) child.callbacks = [...others, callback];
		else {
			const error = childError("connect", child.name, `${MaxCallbacks} callbacks wait already`);
			this.#core.callbacks.later(callback, error);
		}
	}

	/** The callbacks that wait are for what will not happen any more. */
	#superseded(child: Child, what: string): void {
		const { callbacks = [] } = child;
		child.callbacks = undefined;
		for (const callback of callbacks)
			this.#core.callbacks.later(callback, childError(what, child.name, "it was told otherwise meanwhile"));
	}
}
