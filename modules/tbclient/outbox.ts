import { TBError } from "tbclient/errors";

// A peer that closes twice on one message will not take it: ThingsBoard's only answer to a payload it cannot digest. A server that
// is silent says nothing of the message, but nothing is tried for ever.
const Closed = 4;
const Silent = 1;
const Guilty = 8;
const Largest = 65_000; // payload bytes; the server closes on a remaining length above 65536

/** Called once: null when the server acknowledged (PUBACK), else why it never will. */
export type Completion = (error: TBError | null) => void;

/** A QoS 1 message from the call until its PUBACK. */
export interface Message {
	topic: string;
	bytes: ArrayBuffer;
	callback: Completion | undefined;
	/** Forgotten with the connection: its answer cannot come on another one. */
	transient: boolean;
	/** Packet identifier, 0 until first sent. */
	id: number;
	/** `Time.ticks` when sent on this connection; undefined while it waits. */
	sent: number | undefined;
	/** Suspicion against this message: grows with connections that ended while it was alone in flight. */
	losses: number;
}

/** How much may wait. */
export interface OutboxLimits {
	messages: number;
	/** Payload bytes of all messages together. */
	bytes: number;
}

/** Messages accepted and not yet acknowledged, in order, bounded by number and by payload bytes. */
export class Outbox {
	#messages: Message[] = [];
	#bytes = 0;
	#lastId = 0;
	#limits: OutboxLimits;

	constructor(limits: OutboxLimits) {
		this.#limits = limits;
	}

	/** Keeps a message. Returns TB_TOO_LARGE or TB_OUTBOX_FULL when it cannot; nothing is kept then. */
	add(message: Message): TBError | null {
		const { topic, bytes } = message;
		const error = this.#refusal(topic, bytes.byteLength);
		if (error) return error;
		this.#messages.push(message);
		this.#bytes += bytes.byteLength;
		return null;
	}

	/** The first message to be sent, if fewer than `window` are in flight. */
	next(window: number): Message | undefined {
		let flying = 0;
		for (const message of this.#messages) {
			if (message.sent === undefined) return flying < window ? message : undefined;
			flying += 1;
		}
		return undefined;
	}

	/** The message in flight for longest; messages are sent in order. */
	oldest(): Message | undefined {
		return this.#messages.find((message) => message.sent !== undefined);
	}

	/** Takes the message that a PUBACK names; undefined for a stray one. */
	acknowledge(id: number | undefined): Message | undefined {
		const message = this.#messages.find((one) => one.id === id && one.sent !== undefined);
		if (message) this.remove(message);
		return message;
	}

	/** Takes a message out, acknowledged or not. */
	remove(message: Message): void {
		this.#messages = this.#messages.filter((one) => one !== message);
		this.#bytes -= message.bytes.byteLength;
	}

	/** The next identifier, 1…65535 (MQTT 3.1.1 section 2.3.1), never one that a kept message holds. */
	takeId(): number {
		do this.#lastId = this.#lastId >= 65535 ? 1 : this.#lastId + 1;
		while (this.#messages.some(({ id }) => id === this.#lastId));
		return this.#lastId;
	}

	/**
	 * The connection is gone: everything waits again, transient messages are forgotten.
	 * Returns the message to give up, if it was alone in flight when the peer closed twice, or was silent eight times.
	 */
	lost(byPeer: boolean): { poison: Message | undefined; flying: number } {
		const flying = this.#messages.filter((one) => one.sent !== undefined);
		const alone = flying.length === 1 ? flying[0] : undefined;
		for (const message of flying) message.sent = undefined;
		for (const message of this.#messages.filter((one) => one.transient)) this.remove(message);
		if (!alone || alone.transient) return { poison: undefined, flying: flying.length };
		alone.losses += byPeer ? Closed : Silent;
		if (alone.losses < Guilty) return { poison: undefined, flying: 1 };
		this.remove(alone);
		return { poison: alone, flying: 1 };
	}

	#refusal(topic: string, size: number): TBError | null {
		if (size > Largest)
			return new TBError("TB_TOO_LARGE", `publish ${topic}: expected at most ${Largest} bytes, got ${size}`);
		const { length } = this.#messages;
		if (length < this.#limits.messages && this.#bytes + size <= this.#limits.bytes) return null;
		return new TBError(
			"TB_OUTBOX_FULL",
			`publish ${topic}: no room for ${size} bytes beside ${length} messages`,
		);
	}
}
