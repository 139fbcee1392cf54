import type { Clock } from "./clock.ts";
import { nestedWithin, quote } from "./json.ts";
import type { PersistentRpc } from "./rpc-records.ts";

/** How a server-side RPC ended for its caller. `pushed`: a timeout that met a subscribed device. */
export type RpcOutcome =
	| { kind: "sent" }
	| { kind: "reply"; text: string }
	| { kind: "timeout"; pushed: boolean };

/** What an administrator could configure. */
export interface RpcSettings {
	/** `MQTT_TIMEOUT`: how long PUBACK may take, milliseconds. */
	rpcAckTimeout: number;
	/** `ACTORS_RPC_MAX_RETRIES`: timeouts that a call survives, at most. */
	rpcMaxRetries: number;
	/** `close_session_on_rpc_delivery_timeout`: the session ends instead of the call. */
	closeSessionOnRpcTimeout: boolean;
}

/** One call as it waits for its device. */
export interface RpcCall {
	method: string;
	/** JSON text. */
	params: string;
	/** One-way calls that are not persistent end as soon as they are pushed to a subscribed session. */
	oneway: boolean;
	/** Milliseconds until it expires. */
	timeout: number;
	/** Where the state of a persistent call is kept. */
	record?: PersistentRpc;
	/** Timeouts that it survives; the server's own maximum otherwise. */
	retries?: number;
	done(outcome: RpcOutcome): void;
}

/** What becomes of a call at QoS 1: `done(true)` at its PUBACK, `done(false)` when none came for `ms`. Neither after the session. */
export interface Delivery {
	ms: number;
	done(acknowledged: boolean): void;
}

/** Where calls go: the device's session, when it has one that subscribed to RPC. */
export interface RpcTarget {
	readonly wantsRpc: boolean;
	/** Publishes, and tells at which QoS. A gateway's session for a sub-device never tells of deliveries (9.5). */
	publishRpc(id: number, text: string, delivery?: Delivery): 0 | 1;
	close(reason: string, code: number): void;
}

interface Pending extends RpcCall {
	/** Epoch milliseconds. */
	expires: number;
	pushed: boolean;
	timeouts: number;
	cancel(): void;
}

/** Jackson's limit on nesting (StreamReadConstraints). */
const maxDepth = 1000;

/** Reason code of a session that ends because its RPC was not acknowledged. */
const administrative = 0x98;

/** Server-side RPC of one device. Ids count from 0, as the device actor's do; 0 is a valid id. */
export class RpcQueue {
	#clock: Clock;
	#settings: Readonly<RpcSettings>;
	#nextId = 0;
	#pending = new Map<number, Pending>();

	constructor(clock: Clock, settings: Readonly<RpcSettings>) {
		this.#clock = clock;
		this.#settings = settings;
	}

	/** How many calls wait for an answer or for their device. */
	get size(): number {
		return this.#pending.size;
	}

	/** Delivers the call, or keeps it until a session subscribes or it expires. */
	call(call: RpcCall, target: RpcTarget | undefined): void {
		const id = this.#nextId++;
		const cancel = this.#clock.after(call.timeout, () => this.#expire(id));
		const expires = this.#clock.now() + call.timeout;
		this.#pending.set(id, { ...call, expires, pushed: false, timeouts: 0, cancel });
		if (target?.wantsRpc) this.#deliver(id, target);
	}

	/** Publishes every pending call again, with its old id: what each SUBSCRIBE to the RPC filter causes. */
	deliverAll(target: RpcTarget): void {
		for (const id of [...this.#pending.keys()]) this.#deliver(id, target);
	}

	/** The device's answer. An unknown, expired or already answered id is ignored. */
	reply(id: number, text: string): void {
		const call = this.#take(id);
		if (call?.record) finish(call.record, "SUCCESSFUL", parsed(text));
		call?.done({ kind: "reply", text });
	}

	/** Forgets a persistent call: its administrator deleted it. */
	remove(record: PersistentRpc): void {
		for (const [id, call] of this.#pending) if (call.record === record) this.#take(id);
	}

	#deliver(id: number, target: RpcTarget): void {
		const call = this.#pending.get(id);
		if (!call) return;
		call.pushed = true;
		const ms = Math.max(0, Math.min(this.#settings.rpcAckTimeout, call.expires - this.#clock.now()));
		const text = `{"method":${quote(call.method)},"params":${call.params}}`;
		const told = (acknowledged: boolean) => (acknowledged ? this.#delivered(id) : this.#timeout(id, target));
		const qos = target.publishRpc(id, text, { ms, done: told });
		if (call.record && qos) call.record.status = "SENT";
		if (!qos) this.#delivered(id); // at QoS 0 even a dead socket has "delivered" it
		if (call.oneway && !call.record) this.#take(id)?.done({ kind: "sent" });
	}

	/** A one-way call has nothing more to wait for. */
	#delivered(id: number): void {
		const call = this.#pending.get(id);
		if (!call) return;
		if (call.record) call.record.status = "DELIVERED";
		if (call.oneway && call.record) this.#take(id);
	}

	/** No PUBACK in time. The call stays, to be answered or published again at the next SUBSCRIBE, until its retries are used up. */
	#timeout(id: number, target: RpcTarget): void {
		const call = this.#pending.get(id);
		if (!call) return;
		const { rpcMaxRetries, closeSessionOnRpcTimeout } = this.#settings;
		const most = Math.min(call.retries ?? rpcMaxRetries, rpcMaxRetries);
		if (call.timeouts < most) {
			call.timeouts += 1;
			if (call.record) call.record.status = "TIMEOUT";
		} else if (closeSessionOnRpcTimeout) {
			call.timeouts = 0;
			if (call.record) call.record.status = "QUEUED";
			target.close("RPC delivery timeout", administrative);
		} else this.#exhausted(id, most);
	}

	/** The caller of a call that is not persistent hears of it when its time is over. */
	#exhausted(id: number, most: number): void {
		const call = this.#pending.get(id);
		if (!call) return;
		this.#pending.delete(id);
		if (!call.record) {
			call.cancel();
			const left = Math.max(0, call.expires - this.#clock.now());
			this.#clock.after(left, () => call.done({ kind: "timeout", pushed: true }));
			return;
		}
		call.cancel();
		const error = `There was a Timeout and all retry attempts have been exhausted. Retry attempts set: ${most}`;
		finish(call.record, "FAILED", { error });
	}

	#expire(id: number): void {
		const call = this.#take(id);
		if (call?.record) call.record.status = "EXPIRED";
		call?.done({ kind: "timeout", pushed: call.pushed });
	}

	#take(id: number): Pending | undefined {
		const call = this.#pending.get(id);
		this.#pending.delete(id);
		call?.cancel();
		return call;
	}
}

function finish(record: PersistentRpc, status: PersistentRpc["status"], response: unknown): void {
	record.status = status;
	record.response = response;
}

/** The answer as it is stored: what is no JSON becomes an error, though the call counts as successful. */
function parsed(text: string): unknown {
	try {
		const value: unknown = text ? JSON.parse(text) : null;
		return nestedWithin(maxDepth, value) ? value : { error: text };
	} catch {
		return { error: text };
	}
}
