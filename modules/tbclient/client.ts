// ThingsBoard's device API over an ECMA-419 MQTT client: what the application calls, and what is called back.
import type { JSONObject, JSONValue, MQTTControl, MQTTNetwork } from "host/contract";
import { Connection } from "tbclient/connection";
import { reasonOf, TBError } from "tbclient/errors";
import { type ChunkInfo, Inbound } from "tbclient/inbound";
import { type Completion, Outbox } from "tbclient/outbox";
import { Requests } from "tbclient/requests";
import { Unanswered } from "tbclient/rpc";
import { chunkTopic, Sender } from "tbclient/sender";
import { type Route, route, Topic } from "tbclient/topics";
import Timer from "timer";

const Largest = 65_000; // payload bytes; the server closes on a remaining length above 65536

/** A call from the server; answer it with `respond(id, …)`, now or later. Id 0 is valid. */
export interface RPC {
	id: number;
	method: string;
	params: JSONValue;
}

/** What was found of the attributes asked for; a scope without any is absent. */
export interface AttributeValues {
	client?: JSONObject;
	shared?: JSONObject;
}

/** Callbacks run with `this` = client, never inside a method of it, never after `close()`. */
export interface TBClientOptions extends MQTTNetwork {
	host: string;
	/** Default 1883. */
	port?: number;
	/** Access token of the device. */
	token: string;
	/** MQTT client identifier; none by default. */
	id?: string;
	/** ms, above 0 and at most 600 000 (the server drops quiet sessions then); default 30 000. */
	keepAlive?: number;
	/** 0…1, for jitter; default `Math.random`. */
	random?: () => number;
	/** Bytes of the largest inbound message that is assembled; default 4096. */
	maxMessage?: number;
	/** Unacknowledged messages kept; default 16 and 8192 payload bytes. */
	outbox?: { messages?: number; bytes?: number };
	/** QoS 1 messages in flight; default 4. */
	inFlight?: number;
	/** ms until `requestAttributes` gives up; default 20 000. */
	requestTimeout?: number;
	onConnected?(this: TBClient): void;
	/** After every loss and refusal; the client connects again by itself. */
	onDisconnected?(this: TBClient, error: TBError): void;
	/** Shared attributes that the server pushed. */
	onAttributes?(this: TBClient, values: JSONObject, deleted: string[]): void;
	onRPC?(this: TBClient, call: RPC): void;
	/** `count` bytes of a chunk wait for `read`; an empty chunk comes as count 0, byteLength 0. */
	onFirmware?(this: TBClient, count: number, chunk: ChunkInfo): void;
	onFirmwareError?(this: TBClient, text: string): void;
	/** Anything else that went wrong; the connection stays. */
	onError?(this: TBClient, error: TBError): void;
}

/** A device's connection to ThingsBoard. Connects, and connects again, until `close()`. */
export default class TBClient {
	/** Counters since construction. */
	readonly stats = {
		connects: 0,
		refused: 0,
		lost: 0,
		sent: 0,
		resent: 0,
		acknowledged: 0,
		received: 0,
		dropped: 0,
		malformed: 0,
		duplicates: 0,
		callbackErrors: 0,
	};
	#options: TBClientOptions;
	#connection: Connection;
	#sender: Sender;
	#inbound: Inbound;
	#outbox: Outbox;
	#requests: Requests<AttributeValues>;
	#unanswered = new Unanswered();
	#later = new Set<ReturnType<typeof Timer.set>>();
	#connected = false;
	#closed = false;

	/** @throws RangeError keepAlive, TypeError host or token. */
	constructor(options: TBClientOptions) {
		const { keepAlive = 30_000, host, token, inFlight = 4, outbox = {}, random = Math.random } = options;
		if (!(keepAlive > 0 && keepAlive <= 600_000))
			throw new RangeError(`keepAlive: expected 1…600000 ms, got ${keepAlive}`);
		if (typeof host !== "string" || !host) throw new TypeError("host: expected a name or an address");
		if (typeof token !== "string") throw new TypeError(`token: expected a string, got ${typeof token}`);
		this.#options = options;
		const { messages = 16, bytes = 8192 } = outbox;
		this.#outbox = new Outbox({ messages, bytes });
		this.#requests = new Requests(options.requestTimeout ?? 20_000);
		this.#inbound = new Inbound(options.maxMessage ?? 4096, {
			onChunk: (count, chunk) => this.#call("onFirmware", count, chunk),
			onMessage: (to, topic, buffer) => this.#receive(to, topic, buffer),
			onTooLarge: (topic, byteLength) => this.#tooLarge(topic, byteLength),
		});
		const { io, dns, socket, port = 1883, id } = options;
		this.#connection = new Connection(
			{ io, dns, socket, host, port, token, id, keepAlive, random },
			{
				onUp: () => this.#sender.up(),
				onDown: (error) => this.#down(error),
				onReadable: (count, info) => {
					const { mqtt } = this.#connection;
					if (mqtt) this.#inbound.receive(mqtt, count, info);
				},
				onWritable: (count) => this.#writable(count),
				onControl: (message) => this.#control(message),
				onEmptyPublish: (topic, QoS, packet) => this.#empty(topic, QoS, packet),
			},
		);
		this.#sender = new Sender({
			io,
			connection: this.#connection,
			outbox: this.#outbox,
			inFlight,
			stats: this.stats,
		});
	}

	/** Accepted by the server, subscriptions sent, not lost since. */
	get connected(): boolean {
		return this.#connected;
	}

	/** Values by key, or a list of those. `callback(null)` is the server's PUBACK. @throws TypeError, Error when closed. */
	sendTelemetry(values: JSONObject | JSONObject[], callback?: Completion): void {
		if (Array.isArray(values) && !values.length)
			throw new RangeError(
				"sendTelemetry: expected values, got an empty list, which the server never acknowledges",
			);
		this.#send("sendTelemetry", Topic.telemetry, values, callback);
	}

	/** Client attributes by key. */
	sendAttributes(values: JSONObject, callback?: Completion): void {
		if (Array.isArray(values)) throw new TypeError("sendAttributes: expected an object, got a list");
		this.#send("sendAttributes", Topic.attributes, values, callback);
	}

	/** Asks for attributes by name; none named asks for all. A lost connection settles it with TB_DISCONNECTED. */
	requestAttributes(
		keys: { client?: string[]; shared?: string[] },
		callback: (error: TBError | null, values: AttributeValues) => void,
	): void {
		this.#open("requestAttributes");
		const question = {
			...(keys.client && { clientKeys: join(keys.client) }),
			...(keys.shared && { sharedKeys: join(keys.shared) }),
		};
		const done = (error: TBError | null, values: AttributeValues = {}) =>
			this.#guard("requestAttributes callback", () => callback.call(this, error, values));
		if (!this.#connected) {
			this.#defer(() => done(new TBError("TB_DISCONNECTED", "requestAttributes: there is no connection")));
			return;
		}
		const id = this.#requests.add(done);
		const text = JSON.stringify(question);
		this.#publish(
			Topic.attributesRequest + id,
			text,
			(error) => error && this.#requests.take(id)?.(error, undefined),
			true,
		);
	}

	/** Answers an RPC. */
	respond(id: number, result: JSONValue, callback?: Completion): void {
		this.#open("respond");
		this.#unanswered.answered(id);
		this.#publish(Topic.rpcResponse + id, JSON.stringify(result) ?? "null", callback);
	}

	/** Asks for `size` bytes, chunk `index`. False when that is not possible now: ask again later. */
	requestFirmware(request: number, index: number, size: number): boolean {
		this.#open("requestFirmware");
		return this.#connected && this.#sender.sendNow(chunkTopic(request, index), String(size));
	}

	/** Reads bytes of a chunk, inside `onFirmware` only; returns the count, 0 when nothing is left. */
	read(view: Uint8Array): number {
		this.#open("read");
		return this.#inbound.read(view);
	}

	/** Ends everything; nothing is called back after it. Legal everywhere, also twice. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#connected = false;
		for (const id of this.#later) Timer.clear(id);
		this.#later.clear();
		this.#requests.close();
		this.#inbound.reset();
		this.#connection.close();
		this.#sender.close();
	}

	#open(attempt: string): void {
		if (this.#closed) throw new Error(`${attempt}: the client is closed`);
	}

	#send(attempt: string, topic: string, values: unknown, callback?: Completion): void {
		this.#open(attempt);
		if (typeof values !== "object" || values === null)
			throw new TypeError(`${attempt}: expected an object, got ${values === null ? "null" : typeof values}`);
		this.#publish(topic, JSON.stringify(values), callback);
	}

	#publish(topic: string, text: string, callback?: Completion, transient = false): void {
		const bytes = ArrayBuffer.fromString(text);
		const error = this.#accept(topic, bytes, callback, transient);
		if (!error) {
			this.#sender.flush();
			return;
		}
		this.stats.dropped += 1;
		this.#defer(() => this.#complete(callback, error));
	}

	#accept(
		topic: string,
		bytes: ArrayBuffer,
		callback: Completion | undefined,
		transient: boolean,
	): TBError | null {
		const { byteLength } = bytes;
		if (byteLength > Largest)
			return new TBError(
				"TB_TOO_LARGE",
				`publish ${topic}: expected at most ${Largest} bytes, got ${byteLength}`,
			);
		const message = { topic, bytes, callback, transient, id: 0, sent: undefined, losses: 0 };
		return this.#outbox.add(message)
			? null
			: new TBError(
					"TB_OUTBOX_FULL",
					`publish ${topic}: no room for ${byteLength} bytes beside ${this.#outbox.length} messages`,
				);
	}

	#defer(action: () => void): void {
		const id = Timer.set(() => {
			this.#later.delete(id);
			action();
		}, 0);
		this.#later.add(id);
	}

	#complete(callback: Completion | undefined, error: TBError | null): void {
		if (callback) this.#guard("completion callback", () => callback.call(this, error));
	}

	/** Runs a callback of the application; what it throws is reported, never passed on. Returns what was thrown. */
	#guard(name: string, action: () => void): { cause: unknown } | undefined {
		if (this.#closed) return undefined;
		try {
			action();
			return undefined;
		} catch (cause) {
			this.stats.callbackErrors += 1;
			if (name !== "onError")
				this.#error(new TBError("TB_CALLBACK", `${name} threw: ${reasonOf(cause)}`, cause));
			return { cause };
		}
	}

	#call(
		name:
			| "onConnected"
			| "onDisconnected"
			| "onAttributes"
			| "onRPC"
			| "onFirmware"
			| "onFirmwareError"
			| "onError",
		...args: unknown[]
	): { cause: unknown } | undefined {
		const callback = this.#options[name] as ((...args: unknown[]) => void) | undefined;
		return callback && this.#guard(name, () => callback.apply(this, args));
	}

	#error(error: TBError): void {
		this.#call("onError", error);
	}

	#writable(count: number): void {
		this.#sender.flush(count);
		if (this.#connected) return;
		this.#connected = true;
		this.stats.connects += 1;
		this.#call("onConnected");
	}

	#down(error: TBError): void {
		this.#connected = false;
		if (error.code === "TB_REFUSED") this.stats.refused += 1;
		else this.stats.lost += 1;
		this.#inbound.reset();
		const poison = this.#sender.down();
		this.#requests.fail(new TBError("TB_DISCONNECTED", `requestAttributes: ${error.message}`));
		if (poison) {
			this.stats.dropped += 1;
			const text = `publish ${poison.topic}: the connection ended twice while it waited for PUBACK`;
			this.#complete(poison.callback, new TBError("TB_QUARANTINED", text));
		}
		this.#call("onDisconnected", error);
	}

	#control(message: MQTTControl): void {
		const { io } = this.#options;
		if (message.operation === io.PUBACK) this.#acknowledged(message.id ?? 0);
		if (message.operation !== io.SUBACK) return;
		for (const topic of this.#sender.subscribed(message))
			this.#error(new TBError("TB_SUBSCRIBE", `subscribe ${topic}: expected a granted QoS, got 0x80`));
	}

	#acknowledged(id: number): void {
		const message = this.#sender.acknowledge(id);
		if (!message) return;
		this.stats.acknowledged += 1;
		this.#complete(message.callback, null);
		if (!this.#closed) this.#sender.flush();
	}

	#empty(topic: string, QoS: number, packet: number): void {
		if (QoS > 0) this.#sender.owe(packet);
		const to = route(topic);
		if (to.kind === "firmware") {
			const { request, index } = to;
			this.#call("onFirmware", 0, { request, index, offset: 0, byteLength: 0, more: false });
		} else if (to.kind !== "unknown") this.#receive(to, topic, new ArrayBuffer(0));
	}

	#tooLarge(topic: string, byteLength: number): void {
		this.stats.dropped += 1;
		const limit = this.#options.maxMessage ?? 4096;
		this.#error(new TBError("TB_TOO_LARGE", `${topic}: expected at most ${limit} bytes, got ${byteLength}`));
	}

	#receive(to: Route, topic: string, buffer: ArrayBuffer): void {
		this.stats.received += 1;
		try {
			const text = String.fromArrayBuffer(buffer);
			if (to.kind === "firmwareError") this.#call("onFirmwareError", text);
			else this.#dispatch(to, text);
		} catch (error) {
			this.stats.malformed += 1;
			this.#error(
				new TBError("TB_MALFORMED", `${topic}: expected a JSON object, got ${reasonOf(error)}`, error),
			);
		}
	}

	/** Application callbacks below are guarded, so that only malformed text throws here. */
	#dispatch(to: Route, text: string): void {
		const values = object(JSON.parse(text));
		if (to.kind === "attributes") this.#attributes(values);
		else if (to.kind === "response") this.#response(to.id, values);
		else if (to.kind === "rpc") this.#rpc(to.id, values, text);
	}

	#attributes(values: JSONObject): void {
		const { deleted } = values;
		const gone = Object.keys(values).length === 1 && Array.isArray(deleted) ? deleted : undefined;
		if (gone)
			this.#call(
				"onAttributes",
				{},
				gone.filter((key) => typeof key === "string"),
			);
		else this.#call("onAttributes", values, []);
	}

	#response(id: number, { client, shared }: JSONObject): void {
		const answer = {
			...(client !== undefined && { client: object(client) }),
			...(shared !== undefined && { shared: object(shared) }),
		};
		this.#requests.take(id)?.(null, answer);
	}

	#rpc(id: number, { method, params = null }: JSONObject, text: string): void {
		if (typeof method !== "string") throw new TypeError(`a method of type ${typeof method}`);
		if (!this.#unanswered.admit(id, text)) {
			this.stats.duplicates += 1;
			return;
		}
		const thrown = this.#options.onRPC
			? this.#call("onRPC", { id, method, params })
			: { cause: `no handler for ${method}` };
		if (thrown && !this.#closed) this.respond(id, { error: reasonOf(thrown.cause) });
	}
}

function object(value: JSONValue): JSONObject {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
	throw new TypeError(Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`);
}

/** The server neither trims nor unescapes. @throws RangeError for a key that cannot be asked for. */
function join(keys: string[]): string {
	for (const key of keys)
		if (!key || key.includes(","))
			throw new RangeError(`requestAttributes: expected keys without comma, got "${key}"`);
	return keys.join(",");
}
