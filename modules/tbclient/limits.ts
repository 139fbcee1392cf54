// The server's session limits: asked for at every connection, kept to by waiting. Over a limit ThingsBoard closes the connection.
import type { JSONObject, JSONValue } from "host/contract";
import { type Bucket, bucketsOf } from "tbclient/bucket";
import { objectOf } from "tbclient/payload";
import Time from "time";

const Patience = 5_000; // ms that the first messages wait to learn their limits; servers before 3.8 answer after a minute
const Silence = 5_000; // ms that a message of QoS 0 may be under way
const MaxSilent = 64;
const Packet = 65_536; // bytes of remaining length; the server's default

/** The kinds of limits, by the names in the server's answer. */
type Kind = "messages" | "telemetryMessages" | "telemetryDataPoints";
const kinds: readonly Kind[] = Object.freeze([
	"messages",
	"telemetryMessages",
	"telemetryDataPoints",
] as const);

/** A message of QoS 0 that was written and may be under way. */
interface Silent {
	points: number;
	/** `Time.ticks`. */
	since: number;
}

/** What the server lets a session send. Levels outlive connections, as they do in the server. */
export class Limits {
	#buckets: Partial<Record<Kind, Bucket[]>> = {};
	#texts: Partial<Record<Kind, JSONValue>> = {};
	#since: number | undefined; // connected, and the first answer is not there yet
	#spent = 0; // messages without data that went before there were buckets
	#known: boolean;
	#silent: Silent[] = [];
	#packet = Packet;
	#inFlight = Number.POSITIVE_INFINITY;

	/** `ask` false: there is nothing to wait for. */
	constructor(ask: boolean) {
		this.#known = !ask;
	}

	/** Remaining length of the largest packet that the server takes, bytes. */
	get packet(): number {
		return this.#packet;
	}

	/** Messages that may wait for PUBACK at the same time. */
	get inFlight(): number {
		return this.#inFlight;
	}

	/** Data points that one message may carry. */
	get points(): number {
		const { telemetryDataPoints = [] } = this.#buckets;
		return Math.min(Number.POSITIVE_INFINITY, ...telemetryDataPoints.map(({ capacity }) => capacity));
	}

	/** Accepted by the server, which counts that as a message. */
	up(): void {
		if (!this.#known) this.#since = Time.ticks;
		this.spend(1);
	}

	/** The connection ended. `suspect`: while messages were in flight, so that it may have been for a limit. */
	down(suspect: boolean): void {
		this.#since = undefined;
		this.#silent = [];
		for (const bucket of this.all()) bucket.settle(suspect);
	}

	/** The server's answer to `getSessionLimits`, `{"error":…}` from those that know none. @throws TypeError for no object. */
	set(answer: JSONValue): void {
		const { rateLimits, maxPayloadSize, maxInflightMessages } = objectOf(answer);
		this.#known = true;
		this.#since = undefined;
		this.#packet = positive(maxPayloadSize) ?? Packet;
		this.#inFlight = positive(maxInflightMessages) ?? Number.POSITIVE_INFINITY;
		const texts = rateLimits ? objectOf(rateLimits) : {};
		for (const kind of kinds) this.limit(kind, texts);
		this.spend(this.#spent);
		this.#spent = 0;
	}

	/** What was written without an acknowledgement until then has arrived. */
	private surface(until = Time.ticks - Silence): void {
		let next = this.#silent[0];
		for (; next && Time.delta(next.since, until) >= 0; next = this.#silent[0]) {
			this.#silent.shift();
			this.arrived(next.points);
		}
	}

	/** ms until a message with `points` data points may go (0: neither telemetry nor attributes). */
	wait(points: number): number {
		this.surface();
		const rest = this.#since === undefined ? 0 : Patience - Time.delta(this.#since);
		return rest > 0 ? rest : this.missing(points);
	}

	/** The same for `count` messages, and without waiting for the first answer. `messages` where they do not count as that many. */
	missing(points: number, count = 1, messages = count): number {
		let longest = 0;
		this.each(points, count, messages, (bucket, tokens) => {
			longest = Math.max(longest, bucket.wait(tokens));
		});
		return longest;
	}

	/** Messages were written. */
	take(points: number, count = 1, messages = count): void {
		if (!points && !this.#buckets.messages) this.#spent += count;
		this.each(points, count, messages, (bucket, tokens) => bucket.take(tokens));
	}

	/** So many messages without data went whose arrival nobody tells: acknowledgements of calls, CONNECT. */
	spend(count: number): void {
		this.take(0, count);
		this.arrived(0, count);
	}

	/** A message of QoS 0 was written: it has arrived when a later one is acknowledged, or after a while. */
	silent(points: number): void {
		this.#silent.push({ points, since: Time.ticks });
		if (this.#silent.length > MaxSilent) this.arrived((this.#silent.shift() as Silent).points);
	}

	/** A message that was written at `sent` ticks is acknowledged: what was written before it has arrived too. */
	heard(sent: number): void {
		this.surface(sent - 1);
	}

	/** They were acknowledged. */
	arrived(points: number, count = 1, messages = count): void {
		this.each(points, count, messages, (bucket, tokens) => bucket.arrived(tokens));
	}

	private each(
		points: number,
		count: number,
		messages: number,
		action: (bucket: Bucket, tokens: number) => void,
	): void {
		const { messages: others = [], telemetryMessages = [], telemetryDataPoints = [] } = this.#buckets;
		for (const bucket of points ? telemetryMessages : others) action(bucket, messages);
		if (points) for (const bucket of telemetryDataPoints) action(bucket, points * count);
	}

	private all(): Bucket[] {
		return kinds.flatMap((kind) => this.#buckets[kind] ?? []);
	}

	/** A limit that is what it was keeps its level. */
	private limit(kind: Kind, { [kind]: text = null }: JSONObject): void {
		if (text === this.#texts[kind]) return;
		this.#texts[kind] = text;
		this.#buckets[kind] = bucketsOf(text);
	}
}

function positive(value: JSONValue | undefined): number | undefined {
	return typeof value === "number" && value > 0 ? value : undefined;
}
