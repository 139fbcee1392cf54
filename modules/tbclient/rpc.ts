// Calls from the server. It delivers an unanswered one again at every SUBSCRIBE, and its ids start again at 0 when it restarts:
// id and content together tell a duplicate.
import type { JSONValue } from "host/contract";
import type { Callbacks, Thrown } from "tbclient/callbacks";
import type { Delivery } from "tbclient/delivery";
import { reasonOf, TBError } from "tbclient/errors";
import { type Body, bodyOf, type Completion, makeMessage } from "tbclient/message";
import type { Handler, RPC, Settings } from "tbclient/options";
import type { Parts } from "tbclient/parts";
import type { Stats } from "tbclient/stats";
import Time from "time";

const Kept = 8; // calls
const KeptReply = 512; // bytes
const MaxError = 200; // characters; a longer text could be too large for any answer
const KeptFor = 60_000; // ms after its acknowledgement that a reply is good for the same call: a restarted server counts from 0 again

/** What calls work with. */
export interface CallsOptions {
	settings: Settings;
	callbacks: Callbacks;
	delivery: Delivery;
	parts: Parts;
	stats: Stats;
}

/** A call that was delivered; the last 8 are remembered. */
interface Known {
	id: number;
	/** Of method and parameters. */
	hash: number;
	/** The answer, once there is one and while it is short. */
	reply: Body | undefined;
	/** open: at the application. sending: in the outbox. lost: dropped from there. done: acknowledged. */
	state: "open" | "sending" | "lost" | "done";
	/** `Time.ticks` when it was acknowledged. */
	since: number;
}

/** Hands calls to parts, handlers and `onRPC`, each once, and sends the answers. */
export class Calls {
	#options: CallsOptions;
	#handlers: Map<string, Handler> | undefined;
	#known: Known[] = [];

	constructor(options: CallsOptions) {
		this.#options = options;
	}

	/** Names the handler of a method, or none. */
	handle(method: string, handler: Handler | undefined): void {
		this.#handlers ??= new Map();
		if (handler) this.#handlers.set(method, handler);
		else this.#handlers.delete(method);
	}

	/** A call has arrived. */
	receive(call: RPC): void {
		this.#options.delivery.rates.spend(1); // acknowledging it counts as a message
		const hash = fnv(`${call.method}\n${JSON.stringify(call.params)}`);
		const known = this.find(call.id);
		if (known?.hash === hash && !isOver(known)) this.repeat(known, call);
		else this.begin(call, hash);
	}

	/** Answers a call, whether it is known or not. */
	respond(id: number, result: JSONValue, callback?: Completion): void {
		const known = this.find(id);
		const body = bodyOf(this.#options.settings.codec.encodeRPCResponse(result));
		const { bytes: limit } = this.#options.delivery.limits;
		const { byteLength } = body.bytes;
		if (byteLength <= limit) {
			this.send(id, known, body, callback);
			return;
		}
		const text = `respond ${id}: expected at most ${limit} bytes, got ${byteLength}`;
		const done: Completion = (error) =>
			this.#options.callbacks.complete(callback, error ?? new TBError("TB_TOO_LARGE", text));
		this.send(id, known, this.errorBody(`the answer has ${byteLength} bytes, ${limit} are possible`), done);
	}

	private begin(call: RPC, hash: number): void {
		this.#known = this.#known.filter(({ id }) => id !== call.id);
		if (this.#known.length >= Kept) this.forget();
		this.#known.push({ id: call.id, hash, reply: undefined, state: "open", since: 0 });
		this.run(call);
	}

	/** Forgets the oldest call that is answered, else the oldest: one that takes long must not run twice for many quick ones. */
	private forget(): void {
		const answered = this.#known.findIndex(({ state }) => state === "done");
		this.#known.splice(Math.max(answered, 0), 1);
	}

	/** The same call once more. It never runs twice while there is a way not to. */
	private repeat(known: Known, call: RPC): void {
		const { state, reply } = known;
		this.#options.stats.duplicates += 1;
		if (state === "open" || state === "sending") return;
		if (reply) this.send(call.id, known, reply, undefined);
		else {
			known.state = "open";
			this.run(call);
		}
	}

	private find(id: number): Known | undefined {
		return this.#known.find((one) => one.id === id);
	}

	private run(call: RPC): void {
		const { parts, callbacks } = this.#options;
		const handler = this.#handlers?.get(call.method);
		const taken = parts.rpc(call) || (handler ? this.call(handler, call) : callbacks.answer(call));
		if (taken === true || callbacks.closed) return;
		const known = this.find(call.id);
		this.send(call.id, known, this.errorBody(reasonOf(taken.cause)), undefined);
	}

	/** What a handler returns is the answer; without it the answer comes later. */
	private call(handler: Handler, call: RPC): true | Thrown {
		const { callbacks } = this.#options;
		let result: JSONValue | undefined;
		const thrown = callbacks.run(`handler of ${call.method}`, () => {
			result = callbacks.invoke(handler, call.params, call);
			if (result !== undefined && !callbacks.closed) this.respond(call.id, result);
		});
		return thrown ?? true;
	}

	private send(id: number, known: Known | undefined, body: Body, callback: Completion | undefined): void {
		const { settings, callbacks, delivery } = this.#options;
		if (known) {
			known.reply = body.bytes.byteLength <= KeptReply ? body : undefined;
			known.state = "sending";
		}
		const done: Completion = (error) => {
			if (known) this.settled(known, error);
			callbacks.complete(callback, error);
		};
		delivery.publish(makeMessage(settings.topics.rpcResponse + id, body, { urgent: true, callback: done }));
	}

	/** A reply that was dropped can be given again; one that ends connections is forgotten. */
	private settled(known: Known, error: TBError | null): void {
		known.state = error ? "lost" : "done";
		known.since = Time.ticks;
		if (error?.code === "TB_QUARANTINED") known.reply = undefined;
	}

	private errorBody(error: string): Body {
		return bodyOf(this.#options.settings.codec.encodeRPCResponse({ error: error.slice(0, MaxError) }));
	}
}

/** Whether the same call again would be another one: answered, and its reply is not kept any more. */
function isOver({ state, reply, since }: Known): boolean {
	return state === "done" && (!reply || Time.delta(since) >= KeptFor);
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function fnv(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return hash;
}
