// What the application hands over, from the call until its completion: checked, timed, parted, kept, sent.
import type { JSONObject, JSONValue } from "host/contract";
import type { Callbacks } from "tbclient/callbacks";
import type { Connection } from "tbclient/connection";
import { TBError } from "tbclient/errors";
import { Limits } from "tbclient/limits";
import type { Dater } from "tbclient/memory";
import {
	type Body,
	bodyOf,
	type Completion,
	type Message,
	makeMessage,
	type Payload,
} from "tbclient/message";
import type { Settings } from "tbclient/options";
import { Outbox } from "tbclient/outbox";
import { Sender, type SenderOptions } from "tbclient/sender";
import { countAnswer, countDrop, type Stats } from "tbclient/stats";
import {
	checked,
	type Piece,
	type PieceLimits,
	piecesOf,
	plain,
	type Readings,
	stamped,
	untimed,
} from "tbclient/telemetry";
import { Topic } from "tbclient/topics";
import { cleaned } from "tbclient/values";
import Time from "time";

const Largest = 65_000; // payload bytes; the server closes on a remaining length above 65536
const Head = 536; // bytes of remaining length that are left for the topic
const Smallest = 64; // bytes
const ClockWait = 10_000; // ms after a connection that readings wait for a clock
const ClockPoll = 1_000;
const LatestTime = 9_999_999_999_999; // ms; as long as any time until 2286

/** How a message is sent. */
export interface SendOptions {
	/** 1 (default): kept until the server acknowledges. 0: written once, and lost with the connection. */
	QoS?: 0 | 1;
	/** Called once: null when the server acknowledged (QoS 0: when it was written), else why it never will. */
	callback?: Completion | undefined;
}

/** What deliveries work with. */
export interface DeliveryOptions {
	settings: Settings;
	connection: Connection;
	callbacks: Callbacks;
	stats: Stats;
	/** A pause is over, so something can be sent. */
	onResume(): void;
}

/** Takes messages of all kinds, and completes each of them once. It is also what its sender calls back. */
export class Delivery implements SenderOptions, Dater {
	readonly settings: Settings;
	readonly connection: Connection;
	readonly stats: Stats;
	readonly outbox: Outbox;
	/** What the server allows. */
	readonly rates: Limits;
	/** What one message may hold. */
	readonly limits: PieceLimits;
	readonly sender: Sender;
	#options: DeliveryOptions;
	#since = 0; // `Time.ticks` of this connection's CONNACK
	#latest = 0; // the newest time that was given to a reading
	#asked = true; // for limits, on this connection
	#delayed: Message | undefined; // the last one that had to wait for a limit

	constructor(options: DeliveryOptions) {
		const { settings, connection, stats } = options;
		this.#options = options;
		this.settings = settings;
		this.connection = connection;
		this.stats = stats;
		this.outbox = new Outbox(settings.outbox, settings.backlog);
		settings.backlog.start(this);
		this.rates = new Limits(settings.sessionLimits);
		this.limits = { bytes: Largest, points: Number.POSITIVE_INFINITY, lists: settings.codec.lists };
		this.sender = new Sender(this);
	}

	/** As TBClient's. */
	sendTelemetry(readings: Readings, options: SendOptions): void {
		const { codec, topics, clock } = this.settings;
		const unstorable: string[] = [];
		const all = checked(readings, (key, value) => void unstorable.push(`${key}: ${value}`));
		this.tell("sendTelemetry", unstorable);
		const now = codec.timestamps ? this.now() : undefined;
		const early = clock && codec.timestamps && now === undefined && untimed(all) ? Time.ticks : undefined;
		const encode = (some: Readings): Payload =>
			codec.encodeTelemetry(early === undefined ? some : stamped(some, LatestTime));
		const pieces = piecesOf(now === undefined ? all : stamped(all, now), encode, this.room());
		this.send("sendTelemetry", topics.telemetry, pieces, { ...options, early });
	}

	/** As TBClient's. */
	sendAttributes(values: JSONObject, options: SendOptions): void {
		const { codec, topics } = this.settings;
		const unstorable: string[] = [];
		const all = cleaned(
			plain("sendAttributes", values),
			(key, value) => void unstorable.push(`${key}: ${value}`),
		);
		this.tell("sendAttributes", unstorable);
		const encode = (some: Readings): Payload => codec.encodeAttributes(some as JSONObject);
		this.send("sendAttributes", topics.attributes, piecesOf(all, encode, this.room()), options);
	}

	/** Any message. Calls back in a later turn when it is not kept. */
	publish(message: Message): void {
		const { topic, bytes, callback } = message;
		const limit = this.room(message).bytes;
		if (bytes.byteLength > limit) {
			this.refuse(callback, tooLarge(`publish ${topic}`, limit, `${bytes.byteLength}`));
			return;
		}
		const { error, evicted } = this.outbox.add(message);
		for (const one of evicted) this.refuse(one.callback, evictedBy(one));
		if (error) this.refuse(callback, error);
		else this.kept();
	}

	onWritten({ callback }: Message): void {
		this.later(callback, null);
	}

	onRoom(): void {
		const { callbacks } = this.#options;
		callbacks.defer(() => callbacks.call("onWritable"));
	}

	onResume(): void {
		this.#options.onResume();
	}

	private kept(): void {
		const stats = this.stats;
		stats.peakMessages = Math.max(stats.peakMessages, this.outbox.length);
		stats.peakBytes = Math.max(stats.peakBytes, this.outbox.bytes);
		this.sender.flush();
	}

	/** Accepted by the server. */
	up(): void {
		this.#since = Time.ticks;
		this.#asked = !this.settings.sessionLimits;
		this.rates.up();
	}

	/** There is room for `count` bytes. The question for limits goes right behind SUBSCRIBE; the server answers it free of charge. */
	flush(count: number): void {
		this.sender.flush(count);
		const { codec } = this.settings;
		this.#asked ||= this.sender.sendNow(
			`${Topic.rpcRequest}0`,
			codec.encodeRPCRequest("getSessionLimits", {}),
			true,
		);
	}

	/** The server's answer. @throws TypeError for no object. */
	setRates(answer: JSONValue): void {
		this.rates.set(answer);
		this.limits.bytes = Math.min(Math.max(this.rates.packet - Head, Smallest), Largest);
		this.limits.points = this.rates.points;
		this.sender.flush();
	}

	/** A PUBACK. */
	acknowledged(id: number | undefined): void {
		const message = this.sender.acknowledge(id);
		if (!message) return;
		this.settings.log?.(`PUBACK ${id}`);
		countAnswer(this.stats, Time.delta(message.sent as number));
		this.#options.callbacks.complete(message.callback, null);
		this.sender.flush();
	}

	/** The connection is gone. */
	down(error: TBError): void {
		const { poison, forgotten } = this.sender.down(error.code === "TB_LOST");
		for (const { topic, callback } of forgotten) {
			const lost = new TBError("TB_DISCONNECTED", `publish ${topic}: ${error.message}`);
			countDrop(this.stats, lost);
			this.#options.callbacks.complete(callback, lost);
		}
		if (!poison) return;
		const text = `publish ${poison.topic}: the connection ended again and again while it alone waited for PUBACK`;
		const quarantined = new TBError("TB_QUARANTINED", text);
		countDrop(this.stats, quarantined);
		this.#options.callbacks.complete(poison.callback, quarantined);
	}

	private send(
		attempt: string,
		topic: string,
		pieces: Piece[] | undefined,
		{ QoS = 1, callback, early }: SendOptions & { early?: number | undefined },
	): void {
		checkQoS(attempt, QoS);
		if (!pieces) {
			this.refuse(callback, tooLarge(attempt, this.room().bytes, "a larger value"));
			return;
		}
		const done = callback && this.shared(pieces.length, callback);
		for (const { readings, body, points } of pieces) {
			const kept = early === undefined ? body : bodyOf(JSON.stringify(readings));
			this.publish(makeMessage(topic, kept, { QoS, points, early, callback: done }));
		}
	}

	/** One completion for several messages: when the last one is settled, with the first error. */
	private shared(count: number, callback: Completion): Completion {
		if (count === 1) return callback;
		let left = count;
		let first: TBError | null = null;
		return (error) => {
			first ??= error;
			left -= 1;
			if (!left) this.#options.callbacks.complete(callback, first);
		};
	}

	/** What the application's clock says, if it says a time. */
	private time(): number | undefined {
		const { clock } = this.settings;
		let now: number | undefined;
		if (clock)
			this.#options.callbacks.run("clock", () => {
				now = clock();
			});
		return Number.isFinite(now) ? now : undefined;
	}

	/** ms since 1970, where known. No two calls share one: the server keeps one value for each key and millisecond. */
	private now(): number | undefined {
		const now = this.time();
		if (now === undefined) return undefined;
		const between = this.#latest - Math.floor(now);
		this.#latest = between >= 0 && between < 1000 ? this.#latest + 1 : Math.floor(now);
		return this.#latest;
	}

	/** ms until a message may go out; negative when it never may, since it was kept before the limits were known. */
	onNext(message: Message): number {
		const wait = this.hold(message);
		if (wait) return wait;
		const { bytes, points } = this.limits;
		if (message.points > points || message.bytes.byteLength > bytes) {
			this.outbox.remove(message);
			const text = `${message.bytes.byteLength} bytes and ${message.points} values, at most ${points} allowed`;
			this.refuse(message.callback, tooLarge(`publish ${message.topic}`, bytes, text));
			return -1;
		}
		return this.paced(message);
	}

	/** ms until the server's rates allow a message. */
	private paced(message: Message): number {
		if (message.unmetered) return 0;
		const wait = this.rates.wait(message.points);
		if (wait && this.#delayed !== message) {
			this.stats.delayed += 1;
			this.settings.log?.(`${message.topic} waits ${wait} ms for the server's limits`);
		}
		this.#delayed = wait ? message : undefined;
		return wait;
	}

	/** ms until a message may go out: early readings wait a while for the clock. */
	private hold(message: Message): number {
		if (message.early === undefined) return 0;
		const now = this.time();
		const rest = ClockWait - Time.delta(this.#since);
		if (now === undefined && rest > 0) return Math.min(rest, ClockPoll);
		const { byteLength } = message.bytes;
		this.date(message, now === undefined ? undefined : now - ((Time.ticks - message.early) >>> 0));
		this.outbox.resized(message.bytes.byteLength - byteLength);
		return 0;
	}

	/** Turns early readings into telemetry, with their time if it is known by now. */
	date(message: Message, ts: number | undefined): void {
		const readings = JSON.parse(String.fromArrayBuffer(message.bytes)) as Readings;
		if (ts === undefined) this.stats.undated += 1;
		const dated = ts === undefined ? readings : stamped(readings, Math.floor(ts));
		const body: Body = bodyOf(this.settings.codec.encodeTelemetry(dated));
		message.bytes = body.bytes;
		message.text = body.text;
		message.early = undefined;
	}

	private tell(attempt: string, unstorable: string[]): void {
		if (!unstorable.length) return;
		this.stats.unstorable += unstorable.length;
		const text = `${attempt}: expected numbers that the server can store, got ${unstorable.join(", ")}`;
		this.#options.callbacks.defer(() => this.#options.callbacks.error(new TBError("TB_VALUE", text)));
	}

	/** What one message may hold that waits with the others. */
	private room({ urgent, transient } = { urgent: false, transient: false }): PieceLimits {
		const { largest } = this.settings.backlog;
		return urgent || transient
			? this.limits
			: { ...this.limits, bytes: Math.min(this.limits.bytes, largest) };
	}

	/** The message is dropped. */
	refuse(callback: Completion | undefined, error: TBError): void {
		countDrop(this.stats, error);
		this.later(callback, error);
	}

	private later(callback: Completion | undefined, error: TBError | null): void {
		if (callback) this.#options.callbacks.defer(() => this.#options.callbacks.complete(callback, error));
	}
}

/** @throws RangeError for 2, which ThingsBoard's clients do not need, and for what is none. */
export function checkQoS(attempt: string, QoS: number): void {
	if (QoS !== 0 && QoS !== 1) throw new RangeError(`${attempt}: QoS: expected 0 or 1, got ${QoS}`);
}

function evictedBy({ topic }: Message): TBError {
	return new TBError("TB_OUTBOX_FULL", `publish ${topic}: gave way to a newer message`);
}

function tooLarge(attempt: string, limit: number, got: string): TBError {
	return new TBError("TB_TOO_LARGE", `${attempt}: expected at most ${limit} bytes, got ${got}`);
}
