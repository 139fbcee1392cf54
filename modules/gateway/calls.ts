// Calls of the server to children. Child and id together name a call; a one-way persistent one comes again at every connection until it
// expires, and ids start again when the server does, so what it says counts too.

import { type Child, type Item, makeItem } from "gateway/child";
import type { Core } from "gateway/core";
import type { ChildRPC } from "gateway/options";
import type { JSONValue } from "host/contract";
import { reasonOf, TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";
import Time from "time";

const Kept = 32; // calls of all children together
const KeptReply = 512; // characters
const KeptFor = 60_000; // ms after its acknowledgement that a reply is good for the same call: a restarted server counts from 0 again

/** A call that was delivered. */
interface Known {
	/** The child's name: a child that comes back is the same device. */
	device: string;
	id: number;
	/** Method and parameters. */
	hash: number;
	/** The answer, once there is one and while it is short. */
	reply: string | undefined;
	/** open: at the application. sending: it waits or is in flight. done: acknowledged. lost: dropped. */
	state: "open" | "sending" | "done" | "lost";
	/** `Time.ticks` when it was acknowledged. */
	since: number;
}

/** Hands calls to `onRPC`, each once, and sends the answers. */
export class Calls {
	#core: Core;
	#known: Known[] = [];

	constructor(core: Core) {
		this.#core = core;
	}

	/** A call has arrived. */
	receive(call: ChildRPC): void {
		const child = this.#core.known(`call ${call.id} of`, call.device);
		if (!child) return;
		const hash = hashOf(`${call.method}\n${JSON.stringify(call.params)}`);
		const known = this.find(child.name, call.id);
		if (known?.hash === hash && !isOver(known)) this.repeat(child, known, call);
		else this.begin(child, call, hash);
	}

	/** Answers a call, whether it is known or not. */
	respond(child: Child, id: number, result: JSONValue, callback?: Completion): void {
		const data = JSON.stringify(result) ?? "null";
		const known = this.find(child.name, id);
		const item = this.item(id, data, known, callback);
		const { bytes } = this.#core.sender.line;
		if (item.size + child.name.length * 6 + 16 <= bytes) {
			this.send(child, item, known, data);
			return;
		}
		const text = `respond ${id} of ${JSON.stringify(child.name)}: expected at most ${bytes} bytes, got ${item.size}`;
		this.#core.callbacks.later(callback, new TBError("TB_TOO_LARGE", text));
		this.fail(child, id, known, `the answer has ${item.size} bytes, ${bytes} are possible`);
	}

	/** An answer found no child: the call may be handed over again. */
	lost(device: string, id: number): void {
		const known = this.find(device, id);
		if (known?.state === "open") known.state = "lost";
	}

	/** A child has another name. */
	rename(oldName: string, name: string): void {
		for (const known of this.#known) if (known.device === oldName) known.device = name;
	}

	/** A device was deleted: the next one of its name counts from 0 again. */
	forget(device: string): void {
		this.#known = this.#known.filter((one) => one.device !== device);
	}

	private begin(child: Child, call: ChildRPC, hash: number): void {
		const { name: device } = child;
		this.#known = this.#known.filter((one) => one.device !== device || one.id !== call.id);
		const answered = this.#known.findIndex(({ state }) => state === "done"); // one that takes long must not run twice for quick ones
		if (this.#known.length >= Kept) this.#known.splice(Math.max(answered, 0), 1);
		this.#known.push({ device, id: call.id, hash, reply: undefined, state: "open", since: 0 });
		this.run(child, call);
	}

	/** The same call once more. It never runs twice while it is remembered, but where its answer was too long for that. */
	private repeat(child: Child, known: Known, call: ChildRPC): void {
		const { state, reply } = known;
		this.#core.stats.duplicates += 1;
		if (state === "open" || state === "sending") return;
		if (reply !== undefined) this.send(child, this.item(call.id, reply, known, undefined), known, reply);
		else {
			known.state = "open";
			this.run(child, call);
		}
	}

	private find(device: string, id: number): Known | undefined {
		return this.#known.find((one) => one.device === device && one.id === id);
	}

	private run(child: Child, call: ChildRPC): void {
		const { callbacks } = this.#core;
		const known = this.find(child.name, call.id);
		if (!callbacks.has("onRPC")) this.fail(child, call.id, known, `no handler for ${call.method}`);
		const thrown = callbacks.call("onRPC", { ...call, device: child.name });
		if (thrown) this.fail(child, call.id, known, reasonOf(thrown.cause));
	}

	private fail(child: Child, id: number, known: Known | undefined, error: string): void {
		const data = JSON.stringify({ error });
		this.send(child, this.item(id, data, known, undefined), known, data);
	}

	private item(id: number, data: string, known: Known | undefined, callback: Completion | undefined): Item {
		const done: Completion = (error) => {
			if (known) {
				known.state = error ? "lost" : "done";
				known.since = Time.ticks;
			}
			this.#core.callbacks.complete(callback, error);
		};
		return makeItem("rpc", `,"id":${id},"data":${data}`, { callback: done });
	}

	private send(child: Child, item: Item, known: Known | undefined, data: string): void {
		if (known) {
			known.state = "sending";
			known.reply = data.length <= KeptReply ? data : undefined;
		}
		this.#core.keep(child, item);
	}
}

/** Whether the same call again would be another one: answered, and its reply is not kept any more. */
const isOver = ({ state, reply, since }: Known): boolean =>
	state === "done" && (reply === undefined || Time.delta(since) >= KeptFor);

/** FNV-1a, 32 bits, over UTF-16 units. */
function hashOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return hash;
}
