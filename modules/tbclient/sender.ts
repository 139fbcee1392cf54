// What goes out: SUBSCRIBE first, owed PUBACKs, then the outbox in order, large messages in fragments.
import type { MQTTClient, MQTTClientConstructor } from "host/contract";
import type { Connection } from "tbclient/connection";
import { reasonOf, TBError } from "tbclient/errors";
import type { Message, Outbox } from "tbclient/outbox";
import type { Stats } from "tbclient/stats";
import { type Filter, Topic } from "tbclient/topics";
import Time from "time";
import Timer from "timer";

const AckTimeout = 20_000;
const Reaction = 2_000; // ms; a close within it may be the answer to a message that has no other
const Whole = 1024; // bytes; longer payloads go in fragments, as the simulator's window is 1536 bytes

/** What a sender works with. */
export interface SenderOptions {
	/** For the operation codes. */
	io: MQTTClientConstructor;
	connection: Connection;
	outbox: Outbox;
	/** QoS 1 messages that may wait for their PUBACK at the same time. */
	inFlight: number;
	stats: Pick<Stats, "sent" | "resent">;
}

/** Writes to the present connection whatever waits, and ends a connection that does not acknowledge in 20 s. */
export class Sender {
	#options: SenderOptions;
	#window: number;
	#owed: number[] = [];
	#subscription: { id: number; since: number; filters: readonly Filter[] } | undefined;
	#wanted: readonly Filter[] = [];
	#stream: { bytes: ArrayBuffer; offset: number } | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#unanswerable: number | undefined; // when a message of QoS 0 was written last

	constructor(options: SenderOptions) {
		this.#options = options;
		this.#window = options.inFlight;
	}

	/** Nothing that was written waits for its answer; a message of QoS 0 counts as waiting for 2 s. */
	get idle(): boolean {
		if (this.#wanted.length || this.#subscription || this.#options.outbox.oldest()) return false;
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

	/** The connection is gone, `byPeer` or by a deadline of ours. Returns the message to give up, if any. */
	down(byPeer: boolean): Message | undefined {
		this.#wanted = [];
		this.#subscription = undefined;
		this.#stream = undefined;
		this.#owed = [];
		this.#unanswerable = undefined;
		this.#watch();
		const { poison, flying } = this.#options.outbox.lost(byPeer);
		if (flying) this.#window = 1; // one at a time until something is acknowledged: finds the message that ends connections
		return poison;
	}

	/** Nothing is written after this. */
	close(): void {
		Timer.clear(this.#timer);
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
			this.#pump(mqtt, room);
		} catch (error) {
			if (reasonOf(error) !== "overflow")
				this.#options.connection.drop(new TBError("TB_LOST", `write: ${reasonOf(error)}`, error));
		}
		this.#watch();
	}

	/** One QoS 0 message now or never; false when it is never. */
	sendNow(topic: string, text: string): boolean {
		const mqtt = this.#options.connection.ready;
		if (!mqtt || this.#stream || this.#wanted.length) return false;
		try {
			mqtt.write(ArrayBuffer.fromString(text), { topic, QoS: 0 });
			this.#unanswerable = Time.ticks;
			return true;
		} catch {
			return false;
		}
	}

	/** A PUBACK: returns the message it completes. */
	acknowledge(id: number | undefined): Message | undefined {
		const message = this.#options.outbox.acknowledge(id);
		if (message) this.#window = this.#options.inFlight;
		this.#watch();
		return message;
	}

	/** A SUBACK: returns the filters that were refused. */
	subscribed(id: number | undefined, payload: number[] = []): string[] {
		if (!this.#subscription || id !== this.#subscription.id) return [];
		const { filters } = this.#subscription;
		this.#subscription = undefined;
		this.flush();
		return filters.filter((_, index) => payload[index] === 0x80).map(({ topic }) => topic);
	}

	/** Ends by an "overflow" that is thrown when there is no room for the rest. */
	#pump(mqtt: MQTTClient, room: number): void {
		const { io, outbox } = this.#options;
		this.#continue(mqtt, room);
		if (this.#stream) return;
		if (this.#wanted.length && !this.#subscription) this.#sendSubscribe(mqtt);
		for (const id of [...this.#owed]) {
			mqtt.write(null, { operation: io.PUBACK, id });
			this.#owed.shift();
		}
		for (let next = outbox.next(this.#window); next; next = outbox.next(this.#window)) {
			this.#continue(mqtt, this.#publish(mqtt, next));
			if (this.#stream) return;
		}
	}

	#sendSubscribe(mqtt: MQTTClient): void {
		const id = this.#options.outbox.takeId();
		mqtt.write(null, { operation: this.#options.io.SUBSCRIBE, id, items: [...this.#wanted] });
		this.#subscription = { id, since: Time.ticks, filters: this.#wanted };
		this.#wanted = [];
	}

	/** Returns the room that is left. */
	#publish(mqtt: MQTTClient, message: Message): number {
		const { topic, bytes } = message;
		const { stats, outbox } = this.#options;
		const duplicate = message.id !== 0;
		const id = message.id || outbox.takeId();
		const head = { topic, QoS: 1, id, ...(duplicate && { duplicate }) };
		const large = bytes.byteLength > Whole;
		const room = large
			? mqtt.write(new ArrayBuffer(0), { ...head, byteLength: bytes.byteLength })
			: mqtt.write(bytes, head);
		message.id = id;
		message.sent = Time.ticks;
		if (large) this.#stream = { bytes, offset: 0 };
		if (duplicate) stats.resent += 1;
		else stats.sent += 1;
		return room;
	}

	/** The next pieces of a large message, at most as much as there is room for. */
	#continue(mqtt: MQTTClient, limit: number): void {
		const stream = this.#stream;
		if (!stream) return;
		const { bytes } = stream;
		for (let room = limit; room > 0 && stream.offset < bytes.byteLength; ) {
			const piece = bytes.slice(stream.offset, stream.offset + Math.min(room, Whole));
			room = mqtt.write(piece);
			stream.offset += piece.byteLength;
		}
		if (stream.offset === bytes.byteLength) this.#stream = undefined;
	}

	/** Arms the deadline of the oldest unacknowledged packet. */
	#watch(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		const { connection, outbox } = this.#options;
		const since = this.#subscription?.since ?? outbox.oldest()?.sent;
		if (since === undefined || !connection.ready) return;
		this.#timer = Timer.set(() => this.#late(), Math.max(AckTimeout - Time.delta(since), 0));
	}

	#late(): void {
		this.#timer = undefined;
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
