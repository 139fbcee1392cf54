// ThingsBoard's device API over an ECMA-419 MQTT client: what the application calls, and what is called back.
import type { JSONObject, JSONValue, MQTTControl } from "host/contract";
import type { AttributeKeys } from "tbclient/attributes";
import { Callbacks } from "tbclient/callbacks";
import type { Codec } from "tbclient/codec";
import { Connection, type ConnectionEvents } from "tbclient/connection";
import { Dispatch } from "tbclient/dispatch";
import { TBError } from "tbclient/errors";
import { Inbound } from "tbclient/inbound";
import { type AttributeValues, type Settings, settingsOf, type TBClientOptions } from "tbclient/options";
import { type Completion, Outbox } from "tbclient/outbox";
import { type Part, Parts } from "tbclient/parts";
import { MaxRequests, Requests } from "tbclient/requests";
import { Unanswered } from "tbclient/rpc";
import { chunkTopic, Sender } from "tbclient/sender";
import { count, makeStats, type Stats } from "tbclient/stats";
import { filtersOf } from "tbclient/topics";

export type { AttributeValues, RPC, TBClientOptions } from "tbclient/options";
export type { Part } from "tbclient/parts";

/** How a message is sent by `publish`. */
export interface PublishOptions {
	/** Called once: null when the server acknowledged, else why it never will. */
	callback?: Completion | undefined;
}

/**
 * A device's connection to ThingsBoard. Connects, and connects again, until `close()`.
 * Methods never call back: what they have to tell comes in a later turn. All but `close()` throw Error after `close()`.
 */
export default class TBClient {
	/** Counters since construction. */
	readonly stats: Stats = makeStats();
	#settings: Settings;
	#callbacks: Callbacks;
	#connection: Connection;
	#sender: Sender;
	#inbound: Inbound;
	#outbox: Outbox;
	#requests: Requests<AttributeValues>;
	#unanswered = new Unanswered();
	#parts: Parts;
	#connected = false;
	#closed = false;

	/** Connects in a later turn. @throws TypeError host or credentials, RangeError keepAlive, maxMessage, inFlight, requestTimeout. */
	constructor(options: TBClientOptions) {
		const settings = settingsOf(options);
		this.#settings = settings;
		this.#callbacks = new Callbacks(this, options, this.stats);
		this.#parts = new Parts(this.#callbacks);
		this.#outbox = new Outbox(settings.outbox);
		this.#requests = new Requests(settings.requestTimeout);
		this.#inbound = this.#makeInbound();
		this.#connection = new Connection(settings, this.#events());
		const { io, inFlight } = settings;
		const { stats } = this;
		this.#sender = new Sender({ io, connection: this.#connection, outbox: this.#outbox, inFlight, stats });
	}

	/** What payloads are made of, for what builds on the client. */
	get codec(): Codec {
		return this.#settings.codec;
	}

	/** Accepted by the server, subscriptions sent, not lost since. */
	get connected(): boolean {
		return this.#connected;
	}

	/**
	 * Sends values by key, or a list of such objects, each with `ts` (ms since 1970) and `values`. Kept over losses, at most
	 * 65 000 bytes of JSON. `callback(null)` is the server's PUBACK; errors: TB_OUTBOX_FULL, TB_TOO_LARGE, TB_QUARANTINED.
	 * @throws TypeError for no object, RangeError for an empty list.
	 */
	sendTelemetry(values: JSONObject | JSONObject[], callback?: Completion): void {
		if (Array.isArray(values) && !values.length)
			throw new RangeError(
				"sendTelemetry: expected values, got an empty list, which the server never acknowledges",
			);
		this.#checkObject("sendTelemetry", values);
		const { codec, topics } = this.#settings;
		this.#publish(topics.telemetry, codec.encodeTelemetry(values), callback);
	}

	/** Sends client attributes by key; limits and errors as for `sendTelemetry`. @throws TypeError for no object or a list. */
	sendAttributes(values: JSONObject, callback?: Completion): void {
		if (Array.isArray(values)) throw new TypeError("sendAttributes: expected an object, got a list");
		this.#checkObject("sendAttributes", values);
		const { codec, topics } = this.#settings;
		this.#publish(topics.attributes, codec.encodeAttributes(values), callback);
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
		const question = this.#settings.codec.encodeAttributesRequest(keys);
		const done = (error: TBError | null, values: AttributeValues = {}) =>
			void this.#callbacks.run("requestAttributes callback", () => callback.call(this, error, values));
		if (this.#connected) this.#ask(question, done);
		else
			this.#callbacks.defer(() =>
				done(new TBError("TB_DISCONNECTED", "requestAttributes: there is no connection")),
			);
	}

	/**
	 * Answers an RPC, kept over losses; limits and errors as for `sendTelemetry`. What JSON cannot carry goes out as null.
	 * Until PUBACK the call counts as unanswered: the server may deliver it again, and it must not run twice.
	 */
	respond(id: number, result: JSONValue, callback?: Completion): void {
		this.#open("respond");
		const done: Completion = (error) => {
			if (!error) this.#unanswered.answered(id);
			callback?.call(this, error);
		};
		const { codec, topics } = this.#settings;
		this.#publish(topics.rpcResponse + id, codec.encodeRPCResponse(result), done);
	}

	/**
	 * Asks for chunk `index` of `size` bytes; `request` (0…2^31 - 1) comes back in `onFirmware`.
	 * False when that is not possible now: ask again later. The server may never answer.
	 */
	requestFirmware(request: number, index: number, size: number): boolean {
		this.#open("requestFirmware");
		return this.#connected && this.#sender.sendNow(chunkTopic(request, index), String(size));
	}

	/** Reads bytes of a chunk, inside `onFirmware` only; returns the count, 0 when nothing is left. */
	read(view: Uint8Array): number {
		this.#open("read");
		return this.#inbound.read(view);
	}

	/**
	 * Publishes on any topic, kept over losses; limits and errors as for `sendTelemetry`. For what builds on the client:
	 * a topic that the server does not know ends the connection.
	 */
	publish(topic: string, payload: string | ArrayBuffer, { callback }: PublishOptions = {}): void {
		this.#open("publish");
		this.#publish(topic, typeof payload === "string" ? ArrayBuffer.fromString(payload) : payload, callback);
	}

	/**
	 * Attaches a part (`tbclient/parts`): its filters are subscribed at once and at every connection.
	 * @throws RangeError when it is attached already, for more than 4 parts, or 16 filters in one of them.
	 */
	attach(part: Part): void {
		this.#open("attach");
		this.#parts.add(part);
		if (part.filters) this.#sender.subscribe(part.filters);
	}

	/** Ends what `attach` began; its filters stay subscribed until the connection ends. */
	detach(part: Part): void {
		this.#parts.remove(part);
	}

	/** Ends everything; nothing is called back after it. Legal everywhere, also twice. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#connected = false;
		this.#callbacks.close();
		this.#requests.close();
		this.#inbound.reset();
		this.#connection.close();
		this.#sender.close();
	}

	#makeInbound(): Inbound {
		const dispatch = new Dispatch({
			callbacks: this.#callbacks,
			stats: this.stats,
			requests: this.#requests,
			unanswered: this.#unanswered,
			codec: this.#settings.codec,
			parts: this.#parts,
			respond: (id, result) => this.#closed || this.respond(id, result),
		});
		const { maxMessage, topics } = this.#settings;
		return new Inbound(maxMessage, topics, {
			onMessage: (message) => dispatch.receive(message),
			onTooLarge: (topic, byteLength) => this.#tooLarge(topic, byteLength),
			wants: () => this.#parts.listening,
		});
	}

	#events(): ConnectionEvents {
		return {
			onUp: () => this.#sender.up([...filtersOf(this.#settings.topics), ...this.#parts.filters]),
			onDown: (error) => this.#down(error),
			onReadable: (mqtt, count, info) => this.#inbound.receive(mqtt, count, info),
			onWritable: (count) => this.#writable(count),
			onControl: (message) => this.#control(message),
			onEmptyPublish: (topic, QoS, packet) => {
				if (QoS > 0) this.#sender.owe(packet);
				this.#inbound.receiveEmpty(topic);
			},
			isIdle: () => this.#sender.idle && !this.#requests.waiting,
		};
	}

	#open(attempt: string): void {
		if (this.#closed) throw new Error(`${attempt}: the client is closed`);
	}

	#checkObject(attempt: string, values: unknown): void {
		this.#open(attempt);
		if (typeof values !== "object" || values === null)
			throw new TypeError(`${attempt}: expected an object, got ${values === null ? "null" : typeof values}`);
	}

	#ask(question: ArrayBuffer, done: (error: TBError | null, values?: AttributeValues) => void): void {
		const id = this.#requests.add(done);
		if (id === undefined) {
			const error = new TBError("TB_OUTBOX_FULL", `requestAttributes: ${MaxRequests} requests wait already`);
			this.#callbacks.defer(() => done(error));
			return;
		}
		const failed = (error: TBError | null) => error && this.#requests.take(id)?.(error, undefined);
		this.#publish(this.#settings.topics.attributesRequest + id, question, failed, true);
	}

	#publish(topic: string, bytes: ArrayBuffer, callback?: Completion, transient = false): void {
		const error = this.#outbox.add({ topic, bytes, callback, transient, id: 0, sent: undefined, losses: 0 });
		if (!error) {
			this.#sender.flush();
			return;
		}
		this.stats.dropped += 1;
		if (callback) this.#callbacks.defer(() => this.#callbacks.complete(callback, error));
	}

	#writable(count: number): void {
		this.#sender.flush(count);
		if (this.#connected) return;
		this.#connected = true;
		this.stats.connects += 1;
		this.#parts.connected();
		this.#callbacks.call("onConnected");
	}

	#down(error: TBError): void {
		this.#connected = false;
		count(this.stats, error);
		this.#inbound.reset();
		const poison = this.#sender.down(error.code === "TB_LOST");
		this.#requests.fail(new TBError("TB_DISCONNECTED", `requestAttributes: ${error.message}`));
		if (poison) {
			this.stats.dropped += 1;
			const text = `publish ${poison.topic}: the connection ended again and again while it alone waited for PUBACK`;
			this.#callbacks.complete(poison.callback, new TBError("TB_QUARANTINED", text));
		}
		this.#parts.disconnected(error);
		this.#callbacks.call("onDisconnected", error);
	}

	#control({ operation, id, payload }: MQTTControl): void {
		const { io } = this.#settings;
		if (operation === io.PUBACK) this.#acknowledged(id);
		if (operation === io.SUBACK)
			for (const topic of this.#sender.subscribed(id, payload))
				this.#callbacks.error(
					new TBError("TB_SUBSCRIBE", `subscribe ${topic}: expected a granted QoS, got 0x80`),
				);
	}

	#acknowledged(id: number | undefined): void {
		const message = this.#sender.acknowledge(id);
		if (!message) return;
		this.stats.acknowledged += 1;
		this.#callbacks.complete(message.callback, null);
		if (!this.#closed) this.#sender.flush();
	}

	#tooLarge(topic: string, byteLength: number): void {
		this.stats.dropped += 1;
		const { maxMessage } = this.#settings;
		const text = `${topic}: expected at most ${maxMessage} bytes, got ${byteLength}`;
		this.#callbacks.error(new TBError("TB_TOO_LARGE", text));
	}
}
