// ThingsBoard's device API over an ECMA-419 MQTT client: what the application calls, and what is called back.
import type { JSONObject, JSONValue } from "host/contract";
import type { AttributeKeys } from "tbclient/attributes";
import type { Codec } from "tbclient/codec";
import { Core } from "tbclient/core";
import { checkQoS, type SendOptions } from "tbclient/delivery";
import type { TBError } from "tbclient/errors";
import { bodyOf, type Completion, makeMessage, type Payload } from "tbclient/message";
import { type AttributeValues, checkTimeout, type Handler, type TBClientOptions } from "tbclient/options";
import type { Part } from "tbclient/parts";
import { chunkTopic } from "tbclient/sender";
import type { Stats } from "tbclient/stats";
import type { Readings } from "tbclient/telemetry";
import type { OnAttributes } from "tbclient/watch";

export type { SendOptions } from "tbclient/delivery";
export type { Completion } from "tbclient/message";
export type { AttributeValues, Handler, RPC, TBClientOptions } from "tbclient/options";
export type { Part } from "tbclient/parts";

/** How a message is sent by `publish`. */
export interface PublishOptions extends SendOptions {
	/** Goes before readings that wait. */
	urgent?: boolean;
	/** Forgotten with the connection (TB_DISCONNECTED), for what makes no sense on another one. */
	transient?: boolean;
	/** Not counted against the device's own limits: a gateway's messages for its children have limits of their own. */
	unmetered?: boolean;
}

/**
 * A device's connection to ThingsBoard. Connects, and connects again, until `close()`.
 * Methods never call back: what they have to tell comes in a later turn. All but `close()` throw Error after `close()`.
 */
export default class TBClient {
	#core: Core;
	#package = -1; // request id of the firmware that was asked for last

	/** Connects in a later turn. @throws TypeError host or credentials, RangeError keepAlive, maxMessage, inFlight, outbox, requestTimeout. */
	constructor(options: TBClientOptions) {
		this.#core = new Core(this, options);
	}

	/** Counters since construction. */
	get stats(): Stats {
		return this.#core.stats;
	}

	/** What payloads are made of, for what builds on the client. */
	get codec(): Codec {
		return this.#core.settings.codec;
	}

	/** Accepted by the server, subscriptions sent, not lost since. */
	get connected(): boolean {
		return this.#core.connected;
	}

	/**
	 * Sends values by key, or readings `{ts, values}` with a time of their own (ms since 1970), or a list of both. What has no time
	 * gets that of this call from `clock`. Kept over losses; parted where it is too large for one message.
	 * Errors: TB_OUTBOX_FULL, TB_TOO_LARGE, TB_QUARANTINED. Numbers that the server cannot store are left out and told (TB_VALUE).
	 * @throws TypeError for no object, RangeError for an empty list, a `ts` that is no time, or another QoS than 0 and 1.
	 */
	sendTelemetry(readings: Readings, options?: Completion | SendOptions): void {
		this.#open("sendTelemetry");
		this.#core.delivery.sendTelemetry(readings, sendOptions(options));
	}

	/** Sends client attributes by key; limits and errors as for `sendTelemetry`. @throws TypeError for no object or a list. */
	sendAttributes(values: JSONObject, options?: Completion | SendOptions): void {
		this.#open("sendAttributes");
		this.#core.delivery.sendAttributes(values, sendOptions(options));
	}

	/**
	 * Asks for attributes by name; none named asks for all. Called back once: with what there is, or with TB_DISCONNECTED (no
	 * connection, or lost before the answer), TB_TIMEOUT, TB_OUTBOX_FULL (also when 8 requests wait) or TB_TOO_LARGE.
	 * @throws RangeError for a key that is empty or has a comma.
	 */
	requestAttributes(
		keys: AttributeKeys,
		callback: (error: TBError | null, values: AttributeValues) => void,
	): void {
		this.#open("requestAttributes");
		this.#core.questions.askAttributes(keys, (error, values = {}) =>
			this.#core.callbacks.run("requestAttributes callback", () => callback.call(this, error, values)),
		);
	}

	/**
	 * Watches shared attributes by name: told of every change, and after every connection of how they stand, since the server repeats
	 * no push. `callback` gets the values of those that there are, and the names of those that have none. May be called any number
	 * of times with the same answer. @throws RangeError for a key that is empty or has a comma, or more than 64 keys in all watches.
	 */
	watchAttributes(keys: readonly string[], callback: OnAttributes): void {
		this.#open("watchAttributes");
		this.#core.watches.add(keys, callback, this.#core.connected);
	}

	/** Ends what `watchAttributes` began with that callback. */
	unwatchAttributes(callback: OnAttributes): void {
		this.#core.watches.remove(callback);
	}

	/**
	 * Calls a method of the server (client-side RPC), which its rule chain answers. Called back once: with the answer, or with TB_RPC
	 * (the server's error), TB_TIMEOUT (none in `timeout` ms, default `requestTimeout`, or none that the server had in 60 s),
	 * TB_DISCONNECTED, TB_OUTBOX_FULL (8 calls wait already) or TB_TOO_LARGE.
	 * @throws TypeError for a method that is no text, or is empty, RangeError for a timeout outside 1…2^31 - 1.
	 */
	call(
		method: string,
		params: JSONValue,
		callback: (error: TBError | null, answer: JSONValue | undefined) => void,
		timeout = this.#core.settings.requestTimeout,
	): void {
		this.#open("call");
		if (typeof method !== "string" || !method) throw new TypeError(`call: expected a method, got ${method}`);
		checkTimeout("call: timeout", timeout);
		this.#core.questions.call(method, params, timeout, (error, answer) =>
			this.#core.callbacks.run("call callback", () => callback.call(this, error, answer)),
		);
	}

	/**
	 * Names the handler of one method, by its exact name; undefined takes it away. Calls without a handler go to `onRPC`.
	 * What a handler returns is the answer, what it throws becomes `{"error": message}`, and without a result `respond` can follow.
	 */
	handle(method: string, handler: Handler | undefined): void {
		this.#open("handle");
		this.#core.calls.handle(method, handler);
	}

	/**
	 * Answers an RPC, now or later, also on another connection; kept over losses. What JSON cannot carry goes out as null.
	 * An answer that is too large is replaced by an error for the caller, and told as TB_TOO_LARGE. After any other error the call
	 * can be answered again. The server delivers unanswered calls again; the same call does not run twice, nor within a minute of
	 * its answer (the last 8 calls, answered ones forgotten first; answers up to 512 bytes). @throws RangeError for an id that is none.
	 */
	respond(id: number, result: JSONValue, callback?: Completion): void {
		this.#open("respond");
		if (!(Number.isInteger(id) && id >= 0))
			throw new RangeError(`respond: expected the id of a call, got ${id}`);
		this.#core.calls.respond(id, result, callback);
	}

	/**
	 * Asks for chunk `index` of `size` bytes; `request` (0…2^31 - 1) comes back in `onFirmware`.
	 * False when that is not possible now: ask again later. The server may never answer.
	 */
	requestFirmware(request: number, index: number, size: number): boolean {
		this.#open("requestFirmware");
		if (
			!this.#core.connected ||
			!this.#core.delivery.sender.sendNow(chunkTopic(request, index), String(size))
		)
			return false;
		if (request !== this.#package) this.#core.delivery.rates.spend(1); // the first request of a package counts
		this.#package = request;
		return true;
	}

	/** Reads bytes of a chunk, inside `onFirmware` only; returns the count, 0 when nothing is left. */
	read(view: Uint8Array): number {
		this.#open("read");
		return this.#core.inbound.read(view);
	}

	/**
	 * Publishes on any topic, kept over losses; limits and errors as for `sendTelemetry`. For what builds on the client:
	 * a topic that the server does not know ends the connection.
	 * @throws RangeError for a topic that is empty or has a wildcard or a control character, or another QoS than 0 and 1.
	 */
	publish(topic: string, payload: Payload, options: PublishOptions = {}): void {
		this.#open("publish");
		checkTopic(topic);
		const { QoS = 1 } = options;
		checkQoS("publish", QoS);
		this.#core.delivery.publish(makeMessage(topic, bodyOf(payload), { ...options, QoS }));
	}

	/**
	 * Attaches a part (`tbclient/parts`): its filters are subscribed at once and at every connection.
	 * @throws RangeError when it is attached already, for more than 4 parts, or 16 filters in one of them.
	 */
	attach(part: Part): void {
		this.#open("attach");
		this.#core.parts.add(part);
		if (part.filters) this.#core.delivery.sender.subscribe(part.filters);
	}

	/** Ends what `attach` began; its filters stay subscribed until the connection ends. */
	detach(part: Part): void {
		this.#core.parts.remove(part);
	}

	/** Ends everything; nothing is called back after it. Legal everywhere, also twice. */
	close(): void {
		this.#core.close();
	}

	#open(attempt: string): void {
		if (this.#core.closed) throw new Error(`${attempt}: the client is closed`);
	}
}

function sendOptions(options: Completion | SendOptions = {}): SendOptions {
	return typeof options === "function" ? { callback: options } : options;
}

/** MQTT 3.1.1, 4.7.1: no wildcards in the topic of a message. */
function checkTopic(topic: string): void {
	for (let index = 0; index < topic.length; index++)
		if (topic.charCodeAt(index) < 32 || "+#".includes(topic.charAt(index)))
			throw new RangeError(
				`publish: expected a topic without wildcards and control characters, got ${topic}`,
			);
	if (!topic) throw new RangeError("publish: expected a topic, got none");
}
