// What goes out: SUBSCRIBE first, owed PUBACKs, then the outbox in order, large messages in fragments.
import type { MQTTClientConstructor, MQTTControl } from "host/contract";
import type { Connection } from "tbclient/connection";
import { reasonOf, TBError } from "tbclient/errors";
import type { Message, Outbox } from "tbclient/outbox";
import { filters, Topic } from "tbclient/topics";
import Time from "time";
import Timer from "timer";

const AckTimeout = 20_000;
const Whole = 1024; // bytes; longer payloads go in fragments, as the simulator's window is 1536 bytes

export interface SenderOptions {
	io: MQTTClientConstructor;
	connection: Connection;
	outbox: Outbox;
	inFlight: number;
	stats: { sent: number; resent: number };
}

export class Sender {
	#options: SenderOptions;
	#window: number;
	#owed: number[] = [];
	#subscription: { id: number; since: number } | undefined;
	#subscribe = false;
	#stream: { bytes: ArrayBuffer; offset: number } | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(options: SenderOptions) {
		this.#options = options;
		this.#window = options.inFlight;
	}

	/** After CONNACK: everything is subscribed again, since the server keeps no session. */
	up(): void {
		this.#subscribe = true;
	}

	/** The connection is gone. Returns the message to give up, if any. */
	down(): Message | undefined {
		this.#subscribe = false;
		this.#subscription = undefined;
		this.#stream = undefined;
		this.#owed = [];
		this.#watch();
		const { poison, flying } = this.#options.outbox.lost();
		if (flying) this.#window = 1; // one at a time until something is acknowledged: finds the message that ends connections
		return poison;
	}

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
		if (!this.#options.connection.up) return;
		try {
			this.#pump(room);
		} catch (error) {
			if (reasonOf(error) !== "overflow")
				this.#options.connection.drop(new TBError("TB_LOST", `write: ${reasonOf(error)}`, error));
		}
		this.#watch();
	}

	/** One QoS 0 message now or never. */
	sendNow(topic: string, text: string): boolean {
		const { connection } = this.#options;
		if (!connection.up || this.#stream || this.#subscribe) return false;
		try {
			connection.mqtt?.write(ArrayBuffer.fromString(text), { topic, QoS: 0 });
			return true;
		} catch {
			return false;
		}
	}

	/** A PUBACK: returns the message it completes. */
	acknowledge(id: number): Message | undefined {
		const message = this.#options.outbox.acknowledge(id);
		if (message) this.#window = this.#options.inFlight;
		this.#watch();
		return message;
	}

	/** A SUBACK: returns the filters that were refused. */
	subscribed({ id, payload = [] }: MQTTControl): string[] {
		if (id !== this.#subscription?.id) return [];
		this.#subscription = undefined;
		this.#watch();
		return filters.filter((_, index) => payload[index] === 0x80).map(({ topic }) => topic);
	}

	#write(data: ArrayBuffer | null, options?: object): number {
		const { mqtt } = this.#options.connection;
		if (!mqtt) throw new Error("no connection");
		return mqtt.write(data, options);
	}

	#pump(limit: number): void {
		const { io, outbox } = this.#options;
		let room = this.#stream ? this.#continue(limit) : limit;
		if (this.#stream) return;
		if (this.#subscribe) room = this.#sendSubscribe();
		while (this.#owed.length) {
			this.#write(null, { operation: io.PUBACK, id: this.#owed[0] });
			this.#owed.shift();
		}
		for (let next = outbox.next(this.#window); next; next = outbox.next(this.#window)) {
			room = this.#publish(next);
			if (this.#stream) this.#continue(room);
			if (this.#stream) return;
		}
	}

	#sendSubscribe(): number {
		const id = this.#options.outbox.takeId();
		const room = this.#write(null, { operation: this.#options.io.SUBSCRIBE, id, items: [...filters] });
		this.#subscribe = false;
		this.#subscription = { id, since: Time.ticks };
		return room;
	}

	#publish(message: Message): number {
		const { topic, bytes } = message;
		const { stats, outbox } = this.#options;
		const duplicate = message.id !== 0;
		const id = message.id || outbox.takeId();
		const head = { topic, QoS: 1, id, ...(duplicate && { duplicate }) };
		const large = bytes.byteLength > Whole;
		const room = large
			? this.#write(new ArrayBuffer(0), { ...head, byteLength: bytes.byteLength })
			: this.#write(bytes, head);
		message.id = id;
		message.sent = Time.ticks;
		if (large) this.#stream = { bytes, offset: 0 };
		if (duplicate) stats.resent += 1;
		else stats.sent += 1;
		return room;
	}

	/** The next pieces of a large message, at most as much as there is room for. */
	#continue(limit: number): number {
		const stream = this.#stream;
		let room = limit;
		while (stream && room > 0 && stream.offset < stream.bytes.byteLength) {
			const piece = stream.bytes.slice(stream.offset, stream.offset + Math.min(room, Whole));
			room = this.#write(piece);
			stream.offset += piece.byteLength;
		}
		if (stream?.offset === stream?.bytes.byteLength) this.#stream = undefined;
		return room;
	}

	/** Arms the deadline of the oldest unacknowledged packet. */
	#watch(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		const { connection, outbox } = this.#options;
		const since = this.#subscription?.since ?? outbox.oldest()?.sent;
		if (since === undefined || !connection.up) return;
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
