// What an application gives to TBClient and gets from it, and the check of it.
import type { JSONObject, JSONValue } from "host/contract";
import type TBClient from "tbclient";
import { type Codec, jsonCodec } from "tbclient/codec";
import type { ConnectionOptions } from "tbclient/connection";
import { type Credentials, loginOf } from "tbclient/credentials";
import type { TBError } from "tbclient/errors";
import type { ChunkInfo } from "tbclient/inbound";
import { type Backlog, Memory } from "tbclient/memory";
import type { OutboxLimits } from "tbclient/outbox";
import { type ServerOptions, serverOf } from "tbclient/server";
import { Topic, type Topics } from "tbclient/topics";
import { checkKeys } from "tbclient/watch";

/** A call from the server; answer it with `respond(id, …)`, now or later. Id 0 is valid. */
export interface RPC {
	id: number;
	method: string;
	/** Null when the call has none. */
	params: JSONValue;
}

/** Answers calls of one method: what it returns is the answer, undefined leaves it to `respond(call.id, …)`. */
export type Handler = (this: TBClient, params: JSONValue, call: RPC) => JSONValue | undefined;

/** What was found of the attributes asked for; a scope without any is absent. */
export interface AttributeValues {
	client?: JSONObject;
	shared?: JSONObject;
}

/**
 * Callbacks run with `this` = client, never inside a method of it, never after `close()`; what they throw is TB_CALLBACK.
 * Credentials: `token`, or `clientId`, `userName` and `password`, or none (a client certificate in the TLS socket).
 */
export interface TBClientOptions extends ServerOptions, Credentials {
	/** ms, above 0 and at most 600 000 (the server drops quiet sessions then); default 30 000. */
	keepAlive?: number;
	/** 0…1, for jitter; default `Math.random`. */
	random?: () => number;
	/** Bytes of the largest inbound message that is assembled, at least 1; default 4096. Firmware is never assembled. */
	maxMessage?: number;
	/** Unacknowledged messages kept; default 16 and 8192 payload bytes, and `drop: "refuse"`: no room for the new one. */
	outbox?: Partial<OutboxLimits>;
	/** Where messages wait; default in memory, `tbclient/journal` keeps them over restarts. */
	backlog?: Backlog;
	/**
	 * ms since 1970, undefined while it is not known. With it every reading gets the time of its call, and readings of a time before
	 * the clock is set are dated afterwards. Without it the server dates what has no `ts` when it arrives.
	 */
	clock?: () => number | undefined;
	/** QoS 1 messages in flight, at least 1; default 4. */
	inFlight?: number;
	/** Traces what is sent and received (topics and sizes, never contents) and how connections go; default false. */
	trace?: boolean;
	/**
	 * Asks the server for its limits at every connection, and keeps to them; default true. The first messages wait for the answer, at
	 * most 5 s. Without, the server closes the connection of a device that is over a limit.
	 */
	sessionLimits?: boolean;
	/** ms until `requestAttributes` gives up, at least 1; default 20 000. */
	requestTimeout?: number;
	/** Topics that differ from the default: those of the device profile, or `shortTopics()` of tbclient/topics. */
	topics?: Partial<Topics>;
	/** What payloads are made of; default JSON. A profile of payload type PROTOBUF needs one of tbclient/protobuf. */
	codec?: Codec;
	/** Accepted by the server, and the subscriptions are sent. */
	onConnected?(this: TBClient): void;
	/** After every loss and refusal; the client connects again by itself. */
	onDisconnected?(this: TBClient, error: TBError): void;
	/** Shared attributes to ask for after every connection: `onAttributes` gets those that there are, and the names of the others. */
	watch?: readonly string[];
	/** Shared attributes that the server pushed: new values, or keys that were deleted. Both for the answer about `watch`. */
	onAttributes?(this: TBClient, values: JSONObject, deleted: string[]): void;
	/** What it throws is the answer: `{"error": message}`. Without `onRPC` every call is answered with an error. */
	onRPC?(this: TBClient, call: RPC): void;
	/** `count` bytes of a chunk wait for `read`; an empty chunk comes as count 0, byteLength 0. */
	onFirmware?(this: TBClient, count: number, chunk: ChunkInfo): void;
	/** Why the server does not send the firmware, e.g. "NOT_FOUND". */
	onFirmwareError?(this: TBClient, text: string): void;
	/** What `requestFirmware` refused can be asked again. */
	onWritable?(this: TBClient): void;
	/** Anything else that went wrong; the connection stays. */
	onError?(this: TBClient, error: TBError): void;
}

/** The options that are not callbacks, complete. */
export interface Settings extends ConnectionOptions {
	maxMessage: number;
	outbox: OutboxLimits;
	backlog: Backlog;
	inFlight: number;
	sessionLimits: boolean;
	requestTimeout: number;
	topics: Topics;
	codec: Codec;
}

const MaxKeepAlive = 600_000; // ms; ThingsBoard's default session inactivity timeout

/** @throws RangeError for ms that `Time.delta` cannot measure. */
export function checkTimeout(attempt: string, ms: number): void {
	if (!(ms >= 1 && ms <= 0x7fffffff)) throw new RangeError(`${attempt}: expected 1…2^31 - 1 ms, got ${ms}`);
}

/** Fills in the defaults. @throws TypeError host or credentials, RangeError numbers. */
export function settingsOf(options: TBClientOptions): Settings {
	const server = serverOf(options);
	const { keepAlive = 30_000, random = Math.random, maxMessage = 4096, inFlight = 4 } = options;
	const { requestTimeout = 20_000, outbox: { messages = 16, bytes = 8192, drop = "refuse" as const } = {} } =
		options;
	const { codec = jsonCodec, clock, sessionLimits = true } = options;
	const topics = options.topics ? { ...Topic, ...options.topics } : Topic;
	const { backlog = new Memory(topics.telemetry), watch } = options;
	if (watch) checkKeys(watch, codec);
	if (!(keepAlive > 0 && keepAlive <= MaxKeepAlive))
		throw new RangeError(`keepAlive: expected 1…${MaxKeepAlive} ms, got ${keepAlive}`);
	for (const [name, value] of Object.entries({ maxMessage, inFlight, messages, bytes }))
		if (!(value >= 1)) throw new RangeError(`${name}: expected at least 1, got ${value}`);
	if (!["oldest", "newest", "refuse"].includes(drop))
		throw new RangeError(`outbox.drop: expected oldest, newest or refuse, got ${drop}`);
	checkTimeout("requestTimeout", requestTimeout);
	const log = options.trace ? (text: string) => trace(`tbclient: ${text}\n`) : undefined;
	const network = { ...server, login: loginOf(options), keepAlive, random, clock, log };
	const outbox = { messages, bytes, drop };
	return {
		...network,
		maxMessage,
		inFlight,
		sessionLimits,
		requestTimeout,
		topics,
		codec,
		outbox,
		backlog,
	};
}
