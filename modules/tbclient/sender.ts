// What goes out: SUBSCRIBE first, owed PUBACKs, then the outbox in order, large messages in fragments.
import type { MQTTClient, MQTTWriteOptions } from "host/contract";
import type { Connection } from "tbclient/connection";
import { reasonOf, TBError } from "tbclient/errors";
import type { Limits } from "tbclient/limits";
import { bodyOf, type Message, type Payload } from "tbclient/message";
import type { Settings } from "tbclient/options";
import type { Loss, Outbox } from "tbclient/outbox";
import type { Stats } from "tbclient/stats";
import { type Filter, Topic } from "tbclient/topics";
import Time from "time";
import Timer from "timer";

const AckTimeout = 20_000;
const Reaction = 2_000; // ms; a close within it may be the answer to a message that has no other
const Counted = 2; // filters of a SUBSCRIBE that count as messages: attributes and calls
const Whole = 1024; // bytes; longer payloads go in fragments, as the simulator's window is 1536 bytes

/** What a sender works with, and whom it tells. */
export interface SenderOptions {
	/** `io` for its operation codes; `inFlight` QoS 1 messages may wait for their PUBACK at the same time; `log` gets a line for each packet. */
	readonly settings: Pick<Settings, "io" | "inFlight" | "log">;
	readonly connection: Connection;
	readonly outbox: Outbox;
	readonly stats: Pick<Stats, "sent" | "resent">;
	/** Told of everything that counts against the server's limits. */
	readonly rates: Limits;
	/** ms until the message may be sent, 0 for now, negative when it was dropped. */
	onNext(message: Message): number;
	/** A message of QoS 0 was written. */
	onWritten(message: Message): void;
	/** What `sendNow` refused can be sent now. */
	onRoom(): void;
	/** A pause is over that `onNext` or SUBSCRIBE had to make. */
	onResume(): void;
}

/** Writes to the present connection whatever waits, and ends a connection that does not acknowledge in 20 s. */
export class Sender {
	#options: SenderOptions;
	#window: number;
	#owed: number[] = [];
	#subscription: { id: number; since: number; filters: readonly Filter[] } | undefined;
	#wanted: readonly Filter[] = [];
	#stream: { message: Message; offset: number } | undefined;
	#subscribed = false;
	#refused = false;
	#deadline: ReturnType<typeof Timer.set> | undefined;
	#pause: ReturnType<typeof Timer.set> | undefined;
	#unanswerable: number | undefined; // when a message of QoS 0 was written last

	constructor(options: SenderOptions) {
		this.#options = options;
		this.#window = options.settings.inFlight;
	}

	/** SUBSCRIBE went out on this connection. */
	get subscribed(): boolean {
		return this.#subscribed;
	}

	/**
	 * Nothing that was written waits for its answer, so a close is not one; a message of QoS 0 counts as waiting for 2 s. SUBSCRIBE and
	 * the question for limits do not count: the server closes on neither.
	 */
	get idle(): boolean {
		if (this.#options.outbox.since() !== undefined) return false;
		return this.#unanswerable === undefined || Time.delta(this.#unanswerable) >= Reaction;
	}

	/** After CONNACK: everything is subscribed again, since the server keeps no session. */
	up(filters: readonly Filter[]): void {
		this.#wanted = filters;
	}

	/** Subscribes on the present connection, if there is one. */
	subscribe(filters: readonly Filter[]): void {
		if (!this.#options.connection.ready) return;
		this.#wanted = [...this.#wanted, ...filters];
		this.flush();
	}

	/** The connection is gone, `byPeer` or by a deadline of ours. */
	down(byPeer: boolean): Loss {
		this.#wanted = [];
		this.#subscription = undefined;
		this.#subscribed = false;
		this.#stream = undefined;
		this.#owed = [];
		this.#refused = false;
		this.#unanswerable = undefined;
		this.close();
		const loss = this.#options.outbox.lost(byPeer);
		this.#options.rates.down(byPeer && loss.flying);
		if (loss.flying) this.#window = 1; // one at a time until all of them are acknowledged: finds the message that ends connections
		return loss;
	}

	/** Nothing is written after this. */
	close(): void {
		Timer.clear(this.#deadline);
		Timer.clear(this.#pause);
		this.#deadline = undefined;
		this.#pause = undefined;
	}

	/** Owes a PUBACK for a message that the MQTT client never saw. */
	owe(id: number): void {
		if (this.#owed.length < 16) this.#owed.push(id);
		this.flush();
	}

	/** Sends what fits. `room` in bytes, where known. */
	flush(room = Number.POSITIVE_INFINITY): void {
		const mqtt = this.#options.connection.ready;
		if (!mqtt) return;
		try {
			this.pump(mqtt, room);
		} catch (error) {
			if (reasonOf(error) !== "overflow")
				this.#options.connection.drop(new TBError("TB_LOST", `write: ${reasonOf(error)}`, error));
		}
		this.watch();
	}

	/** One QoS 0 message now or never; false when it is never. `harmless`: the server never closes for it. */
	sendNow(topic: string, payload: Payload, harmless = false): boolean {
		const mqtt = this.#options.connection.ready as MQTTClient;
		this.#refused = true;
		if (this.#stream || this.#wanted.length) return false;
		try {
			mqtt.write(bodyOf(payload).bytes, { topic, QoS: 0 });
			if (!harmless) this.#unanswerable = Time.ticks;
			this.#refused = false;
			return true;
		} catch {
			return false;
		}
	}

	/** A PUBACK: returns the message it completes. */
	acknowledge(id: number | undefined): Message | undefined {
		const message = this.#options.outbox.acknowledge(id);
		if (!message) return undefined;
		if (!this.#options.outbox.resending) this.#window = this.#options.settings.inFlight;
		this.#options.rates.heard(message.sent as number);
		if (!message.unmetered) this.#options.rates.arrived(message.points);
		return message;
	}

	/** A SUBACK: returns the filters that were refused. */
	granted(id: number | undefined, payload: number[] = []): string[] {
		if (!this.#subscription || id !== this.#subscription.id) return [];
		const { filters } = this.#subscription;
		this.#options.rates.arrived(0, Counted);
		this.#subscription = undefined;
		this.flush();
		return filters.filter((_, index) => payload[index] === 0x80).map(({ topic }) => topic);
	}

	/** Ends by an "overflow" that is thrown when there is no room for the rest. */
	private pump(mqtt: MQTTClient, room: number): void {
		const { io } = this.#options.settings;
		this.continue(mqtt, room);
		if (this.#stream) return;
		if (this.#wanted.length && !this.#subscription) this.sendSubscribe(mqtt);
		if (!this.#subscribed) return;
		for (let id = this.#owed[0]; id !== undefined; id = this.#owed[0]) {
			mqtt.write(null, { operation: io.PUBACK, id });
			this.#owed.shift();
		}
		for (let next = this.next(); next; next = this.next()) {
			this.continue(mqtt, this.publish(mqtt, next));
			if (this.#stream) return;
		}
		if (!this.#refused) return;
		this.#refused = false;
		this.#options.onRoom();
	}

	/** Over a limit the server grants and does not register: better late than deaf. */
	private sendSubscribe(mqtt: MQTTClient): void {
		const { rates } = this.#options;
		const wait = rates.missing(0, Counted);
		if (wait) {
			this.pauseFor(wait);
			return;
		}
		const id = this.#options.outbox.takeId();
		mqtt.write(null, { operation: this.#options.settings.io.SUBSCRIBE, id, items: [...this.#wanted] });
		this.#subscription = { id, since: Time.ticks, filters: this.#wanted };
		this.#subscribed = true;
		this.#wanted = [];
		rates.take(0, Counted);
		this.#options.settings.log?.(`SUBSCRIBE ${id}, ${this.#subscription.filters.length} filters`);
	}

	/** The message whose turn it is; undefined also when it has to pause for a while. */
	private next(): Message | undefined {
		const { outbox, rates } = this.#options;
		for (;;) {
			const message = outbox.next(Math.min(this.#window, rates.inFlight));
			const wait = message ? this.#options.onNext(message) : 0;
			if (!wait) return message;
			if (wait > 0) return this.pauseFor(wait);
		}
	}

	private pauseFor(ms: number): undefined {
		Timer.clear(this.#pause);
		this.#pause = Timer.set(() => {
			this.#pause = undefined;
			this.#options.onResume();
		}, ms);
	}

	/** Returns the room that is left. */
	private publish(mqtt: MQTTClient, message: Message): number {
		const { topic, bytes, QoS } = message;
		const { stats, outbox, rates } = this.#options;
		const duplicate = message.id !== 0;
		const id = QoS ? message.id || outbox.takeId() : 0;
		const head: MQTTWriteOptions = QoS ? { topic, QoS, id } : { topic, QoS };
		if (duplicate) head.duplicate = true;
		const large = bytes.byteLength > Whole;
		const room = large
			? mqtt.write(new ArrayBuffer(0), { ...head, byteLength: bytes.byteLength })
			: mqtt.write(bytes, head);
		message.id = id;
		outbox.wrote(message);
		if (!message.unmetered) rates.take(message.points);
		this.#options.settings.log?.(
			`PUBLISH ${id} ${topic}, ${bytes.byteLength} bytes${duplicate ? ", again" : ""}`,
		);
		if (duplicate) stats.resent += 1;
		else stats.sent += 1;
		if (large) this.#stream = { message, offset: 0 };
		else this.written(message);
		return room;
	}

	/** At QoS 0 that was all. */
	private written(message: Message): void {
		if (message.QoS) return;
		this.#unanswerable = Time.ticks;
		if (!message.unmetered) this.#options.rates.silent(message.points);
		this.#options.outbox.remove(message);
		this.#options.onWritten(message);
	}

	/** The next pieces of a large message, at most as much as there is room for. */
	private continue(mqtt: MQTTClient, limit: number): void {
		const stream = this.#stream;
		if (!stream) return;
		const { bytes } = stream.message;
		for (let room = limit; room > 0 && stream.offset < bytes.byteLength; ) {
			const piece = bytes.slice(stream.offset, stream.offset + Math.min(room, Whole));
			room = mqtt.write(piece);
			stream.offset += piece.byteLength;
			stream.message.sent = Time.ticks; // a slow link is no silent server
		}
		if (stream.offset < bytes.byteLength) return;
		this.#stream = undefined;
		this.written(stream.message);
	}

	/** Arms the deadline, if none is armed: timers are calls into the host, and most of them would be for nothing. */
	private watch(): void {
		if (this.#deadline !== undefined) return;
		const rest = this.rest();
		if (rest !== undefined) this.#deadline = Timer.set(() => this.late(), rest);
	}

	/** ms until the oldest packet without an answer is late; undefined without any. */
	private rest(): number | undefined {
		const since = this.#subscription?.since ?? this.#options.outbox.since();
		return since === undefined ? undefined : Math.max(AckTimeout - Time.delta(since), 0);
	}

	private late(): void {
		this.#deadline = undefined;
		if (this.rest() !== 0) {
			this.watch();
			return;
		}
		const what = this.#subscription ? "SUBACK" : "PUBACK";
		this.#options.connection.drop(
			new TBError("TB_TIMEOUT", `expected ${what}, none came in ${AckTimeout} ms`),
		);
	}
}

/** The request for one chunk: topic and size as decimal text. */
export function chunkTopic(request: number, index: number): string {
	return `${Topic.firmwareRequest}${request}/chunk/${index}`;
}
