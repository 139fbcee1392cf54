import type { Clock } from "./clock.ts";

/** How a server-side RPC ended for its caller. */
export type RpcOutcome = { kind: "sent" } | { kind: "reply"; text: string } | { kind: "timeout" };

/** One call as it waits for its device. */
export interface RpcCall {
	method: string;
	params: unknown;
	/** One-way calls end as soon as they are pushed to a subscribed session. */
	oneway: boolean;
	/** Milliseconds until it expires. */
	timeout: number;
	done(outcome: RpcOutcome): void;
}

/** Where calls go: the device's session, when it has one that subscribed to RPC. */
export interface RpcTarget {
	readonly wantsRpc: boolean;
	/** Publishes a call and gives the QoS it went with. `delivery` is told how its PUBACK fared, at QoS 1 only. */
	publishRpc(id: number, text: string, delivery?: Delivery): 0 | 1;
}

/** Who waits for the PUBACK of a call. */
export interface Delivery {
	/** How long, milliseconds. */
	ms: number;
	/** Called once: with false when nothing came in time. Never when the connection ends first. */
	done(acknowledged: boolean): void;
}

interface Pending extends RpcCall {
	cancel(): void;
}

/** Server-side RPC of one device. Ids count from 0, as the device actor's do; 0 is a valid id. */
export class RpcQueue {
	#clock: Clock;
	#nextId = 0;
	#pending = new Map<number, Pending>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** How many calls wait for an answer or for their device. */
	get size(): number {
		return this.#pending.size;
	}

	/** Delivers the call, or keeps it until a session subscribes or it expires. */
	call(call: RpcCall, target: RpcTarget | undefined): void {
		const id = this.#nextId++;
		const cancel = this.#clock.after(call.timeout, () => this.#end(id, { kind: "timeout" }));
		this.#pending.set(id, { ...call, cancel });
		if (target?.wantsRpc) this.#deliver(id, target);
	}

	/** Publishes every pending call again, with its old id: what each SUBSCRIBE to the RPC filter causes. */
	deliverAll(target: RpcTarget): void {
		for (const id of [...this.#pending.keys()]) this.#deliver(id, target);
	}

	/** The device's answer. An unknown, expired or already answered id is ignored. */
	reply(id: number, text: string): void {
		this.#end(id, { kind: "reply", text });
	}

	#deliver(id: number, target: RpcTarget): void {
		const call = this.#pending.get(id);
		if (!call) return;
		target.publishRpc(id, JSON.stringify({ method: call.method, params: call.params ?? null }));
		if (call.oneway) this.#end(id, { kind: "sent" });
	}

	#end(id: number, outcome: RpcOutcome): void {
		const call = this.#pending.get(id);
		if (!call) return;
		this.#pending.delete(id);
		call.cancel();
		call.done(outcome);
	}
}
