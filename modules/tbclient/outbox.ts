// Everything that was accepted and is not yet acknowledged: in flight, urgent, waiting. Bounded, in order, never loses silently.
import { reasonOf, TBError } from "tbclient/errors";
import type { Backlog } from "tbclient/memory";
import type { Message } from "tbclient/message";
import Time from "time";

// A peer that closes twice on one message will not take it: ThingsBoard's only answer to a payload it cannot digest. A server that
// is silent says nothing of the message, but nothing is tried for ever.
const Closed = 4;
const Silent = 1;
const Guilty = 8;
const Questions = 64; // transient messages that may wait though the outbox is full

/** What gives way when there is no room: the message that waits for longest, the one that came last, or the new one. */
export type DropPolicy = "oldest" | "newest" | "refuse";

/** How much may wait. */
export interface OutboxLimits {
	messages: number;
	/** Payload bytes of all messages together. */
	bytes: number;
	drop: DropPolicy;
}

/** What became of a new message. */
export interface Admission {
	/** Why it is not kept, if it is not. */
	error: TBError | undefined;
	/** Messages that gave way to it. */
	evicted: Message[];
}

/** What a lost connection means for messages. */
export interface Loss {
	/** To be given up: it was alone in flight when the peer closed twice, or was silent eight times. */
	poison: Message | undefined;
	/** Transient messages. */
	forgotten: Message[];
	/** Whether anything was in flight. */
	flying: boolean;
}

/** Messages accepted and not yet acknowledged. */
export class Outbox {
	#flying: Message[] = []; // taken from the others; `sent` unless a connection was lost since
	#urgent: Message[] = [];
	#backlog: Backlog;
	#limits: OutboxLimits;
	#lastId = 0;
	#wrapped = false; // identifiers began anew, so that a message in flight may hold one
	#sent = 0; // of those in flight, on this connection
	#bytes = 0; // of those in flight and urgent

	constructor(limits: OutboxLimits, backlog: Backlog) {
		this.#limits = limits;
		this.#backlog = backlog;
	}

	/** Messages in memory. */
	get length(): number {
		return this.#flying.length + this.#urgent.length + this.#backlog.length;
	}

	/** Payload bytes of them. */
	get bytes(): number {
		return this.#bytes + this.#backlog.bytes;
	}

	/** Keeps a message, at the cost of others where the drop policy says so. */
	add(message: Message): Admission {
		const evicted: Message[] = [];
		try {
			while (!this.keep(message)) {
				const victim = this.isWorthIt(message) ? this.evict() : undefined;
				if (!victim) return { error: this.full(message), evicted };
				evicted.push(victim);
			}
		} catch (error) {
			const text = `publish ${message.topic}: the backlog: ${reasonOf(error)}`;
			return { error: new TBError("TB_STORE", text, error), evicted };
		}
		return { error: undefined, evicted };
	}

	/** The message to be sent next, while fewer than `window` are in flight. */
	next(window: number): Message | undefined {
		if (this.#sent >= window) return undefined;
		const again = this.#sent < this.#flying.length;
		return (
			(again ? this.unsent(true) : undefined) ??
			this.fly(this.#urgent.shift()) ??
			(again ? this.unsent(false) : undefined) ??
			this.take()
		);
	}

	/** The message that `next` gave was written. */
	wrote(message: Message): void {
		message.sent = Time.ticks;
		this.#sent += 1;
	}

	/** `Time.ticks` when the message in flight for longest was sent. */
	since(): number | undefined {
		let since: number | undefined;
		for (const { sent } of this.#flying)
			if (sent !== undefined && (since === undefined || Time.delta(sent, since) > 0)) since = sent;
		return since;
	}

	/** Whether something that was in flight when a connection was lost still has to be sent again. */
	get resending(): boolean {
		return this.#flying.some(({ id, sent }) => id !== 0 && sent === undefined);
	}

	/** Takes the message that a PUBACK names; undefined for a stray one. */
	acknowledge(id: number | undefined): Message | undefined {
		const message = this.#flying.find((one) => one.id === id && one.sent !== undefined);
		if (message) this.remove(message);
		return message;
	}

	/** Takes a message in flight out, acknowledged or not. */
	remove(message: Message): void {
		this.#flying.splice(this.#flying.indexOf(message), 1);
		this.#bytes -= message.bytes.byteLength;
		if (message.sent !== undefined) this.#sent -= 1;
		this.#backlog.done(message);
	}

	/** Takes out what nobody waits for any more, if it was not sent yet. */
	withdraw(message: Message): void {
		const at = this.#urgent.indexOf(message);
		if (at >= 0) this.fly(this.#urgent.splice(at, 1)[0]);
		if (message.sent === undefined && this.#flying.includes(message)) this.remove(message);
	}

	/** A message in flight has become larger, or smaller. */
	resized(difference: number): void {
		this.#bytes += difference;
	}

	/** The next identifier, 1…65535 (MQTT 3.1.1 section 2.3.1), never one that a message in flight holds. */
	takeId(): number {
		do {
			this.#wrapped ||= this.#lastId >= 65535;
			this.#lastId = (this.#lastId % 65535) + 1;
		} while (this.#wrapped && this.#flying.some(({ id }) => id === this.#lastId));
		return this.#lastId;
	}

	/** The connection is gone: everything waits again. */
	lost(byPeer: boolean): Loss {
		const flying = this.#flying.filter((one) => one.sent !== undefined);
		const alone = flying.length === 1 ? flying[0] : undefined;
		for (const message of flying) message.sent = undefined;
		this.#sent = 0;
		const forgotten = this.forget();
		const poison = alone && !alone.transient && this.suspect(alone, byPeer) ? alone : undefined;
		return { poison, forgotten, flying: flying.length > 0 };
	}

	/** False when there is no room. What is transient has some of its own, so that a full outbox does not silence questions. */
	private keep(message: Message): boolean {
		const { messages, bytes } = this.#limits;
		const size = message.bytes.byteLength;
		const waits = !message.urgent && !message.transient;
		if (waits && !this.#backlog.inMemory) return this.#backlog.add(message);
		const full = this.length >= messages || this.bytes + size > bytes;
		if (full && !(message.transient && this.#urgent.length < Questions)) return false;
		if (waits) return this.#backlog.add(message);
		this.#urgent.push(message);
		this.#bytes += size;
		return true;
	}

	/** Whether there would be room if everything gave way that can. */
	private isWorthIt({ bytes: { byteLength }, urgent, transient }: Message): boolean {
		if (transient) return false;
		if (!this.#backlog.inMemory) return !urgent;
		let [messages, bytes] = [this.#urgent.length, byteLength];
		for (const one of this.#urgent) bytes += one.bytes.byteLength;
		for (const one of this.#flying)
			if (one.sent !== undefined || one.urgent) {
				messages += 1;
				bytes += one.bytes.byteLength;
			}
		return messages < this.#limits.messages && bytes <= this.#limits.bytes;
	}

	/** The message that gives way, by the drop policy. The oldest may be one that was in flight when a connection was lost. */
	private evict(): Message | undefined {
		const { drop } = this.#limits;
		if (drop === "refuse") return undefined;
		const grounded = drop === "oldest" ? this.unsent(false) : undefined;
		const victim = grounded ?? this.#backlog.evict(drop);
		if (grounded) this.remove(grounded);
		else if (victim) this.#backlog.done(victim);
		return victim;
	}

	private full({ topic, bytes: { byteLength } }: Message): TBError {
		const text = `publish ${topic}: no room for ${byteLength} bytes beside ${this.length} messages`;
		return new TBError("TB_OUTBOX_FULL", text);
	}

	/** The first message in flight that has to be sent on this connection. */
	private unsent(urgent: boolean): Message | undefined {
		return this.#flying.find((message) => message.sent === undefined && message.urgent === urgent);
	}

	private fly(message: Message | undefined): Message | undefined {
		if (message) this.#flying.push(message);
		return message;
	}

	private take(): Message | undefined {
		const message = this.fly(this.#backlog.take());
		if (message) this.#bytes += message.bytes.byteLength;
		return message;
	}

	private forget(): Message[] {
		const forgotten = [...this.#flying, ...this.#urgent].filter(({ transient }) => transient);
		this.#flying = this.#flying.filter(({ transient }) => !transient);
		this.#urgent = this.#urgent.filter(({ transient }) => !transient);
		for (const { bytes } of forgotten) this.#bytes -= bytes.byteLength;
		return forgotten;
	}

	/** True when there is enough against the message; it is taken out then. */
	private suspect(message: Message, byPeer: boolean): boolean {
		message.losses += byPeer ? Closed : Silent;
		if (message.losses < Guilty) return false;
		this.remove(message);
		return true;
	}
}
