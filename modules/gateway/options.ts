// What an application gives to TBGateway, and the check of it.
import type TBGateway from "gateway";
import type { JSONObject, JSONValue } from "host/contract";
import type TBClient from "tbclient";
import type { TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";

/** A call of the server to a child; answer it with `respond(device, id, …)`. Ids count for each child by itself, from 0. */
export interface ChildRPC {
	device: string;
	id: number;
	method: string;
	/** Null when the call has none. */
	params: JSONValue;
}

/** How much may wait; payload bytes. */
export interface QueueLimits {
	/** Messages of one child, those in flight included; default 16. */
	messages: number;
	/** Bytes of one child; default 2048. */
	bytes: number;
	/** Bytes of all children together; default 16 384. Whoever holds most gives way, so that nobody's flood costs another's data. */
	total: number;
	/** What gives way: the oldest of the child, or the new one (`"refuse"`, default). */
	drop: "oldest" | "refuse";
}

/** Callbacks run with `this` = gateway, never inside a method of it, never after `close()`; what they throw is TB_CALLBACK. */
export interface TBGatewayOptions {
	/** The gateway's own connection, JSON as its codec. It goes on as a device of its own. */
	client: TBClient;
	/** Children in the table; default 32. */
	children?: number;
	queue?: Partial<QueueLimits>;
	/** Payload bytes of one message, 256…65 000; default 4096. Less where the server says so. */
	batch?: number;
	/** Messages that may wait for PUBACK; default 3: one less than the client's, so that the gateway's own always find a place. */
	inFlight?: number;
	/** ms after which a quiet child is refreshed; default 480 000. The server forgets it after 600 000, without a word. */
	refresh?: number;
	/** ms until `requestAttributes` gives up; default 20 000. */
	requestTimeout?: number;
	/** As the client's: the first messages wait for the server's limits, at most 5 s; default true. */
	sessionLimits?: boolean;
	/** ms since 1970, undefined while it is not known: gives readings the time of their call, and `metadata` its times. */
	clock?: () => number | undefined;
	/** The server acknowledged that a child is connected; after every connection of the gateway again. */
	onConnected?(this: TBGateway, device: string): void;
	/** A notice of the server, which it sends to MQTT 5 only: 150 is a rate limit. The child stays connected. */
	onDisconnected?(this: TBGateway, device: string, reason: number): void;
	/** The device has another name on the server, and now in the table too. */
	onRenamed?(this: TBGateway, device: string, oldName: string): void;
	/** The device was deleted on the server: it is out of the table, and what waited for it is gone (TB_CHILD). */
	onDeleted?(this: TBGateway, device: string): void;
	/** Shared attributes of a child that the server pushed: new values, or keys that were deleted. */
	onAttributes?(this: TBGateway, device: string, values: JSONObject, deleted: string[]): void;
	/** What it throws is the answer: `{"error": message}`. Without `onRPC` every call is answered with an error. */
	onRPC?(this: TBGateway, call: ChildRPC): void;
	/** Anything else that went wrong. */
	onError?(this: TBGateway, error: TBError): void;
}

/** How the values of a reading came to be, for the server's `gatewayMetrics`. */
export interface Latency {
	/** Who brought them: the server keeps averages for each. */
	connector: string;
	/** ms since 1970 when the gateway got them. */
	receivedTs: number;
}

/** How readings of a child are sent. */
export interface ReadingOptions {
	/** Called once: null when the server acknowledged, else why it never will. */
	callback?: Completion | undefined;
	/** Needs `clock`; left out while that does not know the time. */
	metadata?: Latency;
}

/** The options that are no callbacks, complete. */
export interface Settings {
	children: number;
	queue: QueueLimits;
	batch: number;
	inFlight: number;
	refresh: number;
	requestTimeout: number;
	sessionLimits: boolean;
	clock: () => number | undefined;
}

const unknown = (): undefined => undefined;

/** What a clock of the application says, if it is a time: it runs where nothing may be thrown. */
const guarded = (clock: () => number | undefined) => (): number | undefined => {
	try {
		const now = clock();
		return Number.isFinite(now) ? Math.floor(now as number) : undefined;
	} catch {
		return undefined;
	}
};

/** Fills in the defaults. @throws RangeError for numbers, TypeError for a client of another codec than JSON. */
export function settingsOf(options: TBGatewayOptions): Settings {
	const { children = 32, batch = 4096, inFlight = 3, refresh = 480_000, requestTimeout = 20_000 } = options;
	const { messages = 16, bytes = 2048, total = 16_384, drop = "refuse" } = options.queue ?? {};
	const { sessionLimits = true, clock = unknown } = options;
	if (!options.client.codec.lists)
		throw new TypeError("client: expected one that speaks JSON, as the gateway API does here");
	const numbers = { children, inFlight, refresh, requestTimeout, messages, bytes, total };
	for (const [name, value] of Object.entries(numbers))
		if (!(value >= 1)) throw new RangeError(`${name}: expected at least 1, got ${value}`);
	if (!(batch >= 256 && batch <= 65_000))
		throw new RangeError(`batch: expected 256…65000 bytes, got ${batch}`);
	const queue = { messages, bytes, total, drop };
	return { children, queue, batch, inFlight, refresh, requestTimeout, sessionLimits, clock: guarded(clock) };
}
