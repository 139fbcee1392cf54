// Whose turn it is: connects first, then questions and answers, then data, child after child.
import { type Batch, collect, isSuspect, single } from "gateway/batch";
import { type Child, isData } from "gateway/child";
import type { Core } from "gateway/core";
import { TBError } from "tbclient/errors";
import { Limits } from "tbclient/limits";

const Connecting = 2; // messages that a connect counts as: create and register

/** What comes next: a message, ms to wait for the server's limits, or nothing now. */
export type Next = Batch | number | undefined;

/** ms until a limit of the server allows more: that on messages with values, or on all others. Neither holds up the other. */
interface Waits {
	values?: number;
	others?: number;
}

/** The children that have something to send, and the server's limits for them. */
export class Line {
	/** Of what all children send together. */
	readonly rates: Limits;
	/** Payload bytes of one message. */
	bytes: number;
	#core: Core;

	constructor(core: Core) {
		this.#core = core;
		this.bytes = core.settings.batch;
		this.rates = new Limits(core.settings.sessionLimits);
	}

	/** The next message. `idle`: nothing is in flight, so that what is under suspicion may go. */
	next(idle: boolean): Next {
		const { ready } = this.#core.children;
		const waits: Waits = {};
		for (let at = 0, child = ready[0]; child; child = ready[at]) {
			if (!idle && child.head && isSuspect(child.head)) return undefined;
			const limit = child.state === "here" && child.head?.points ? "values" : "others";
			const next = waits[limit] ?? this.of(child);
			if (typeof next === "number") {
				waits[limit] = next;
				at += 1;
				continue;
			}
			this.leave(child);
			if (next) return this.turn(next);
		}
		const { values = waits.others, others = values } = waits;
		return values && others && Math.min(values, others);
	}

	/** Those that were served go to the end, if they have more. */
	private turn(batch: Batch): Batch {
		for (const { child } of batch.entries) {
			this.leave(child);
			if (child.head || child.leaving) this.#core.children.wake(child);
		}
		return batch;
	}

	private leave(child: Child): void {
		const { ready } = this.#core.children;
		if (child.ready) ready.splice(ready.indexOf(child), 1);
		child.ready = false;
	}

	private of(child: Child): Next {
		if (child.gone || child.state === "opening") return undefined;
		if (child.state === "away") return this.away(child);
		const { head } = child;
		const { rates } = this;
		if (!head) return child.leaving && !child.messages ? this.change(child, "disconnect", 0) : undefined;
		if (head.points > rates.points) return this.tooMany(child);
		const wait = rates.missing(head.points);
		if (wait) return wait;
		if (isData(head.kind)) return collect(child, this.#core.children.ready, this);
		return single(head.kind, child, [child.take()], 1, this);
	}

	/** The server closed a child's session with the connection: one that leaves, and has said all, has left. */
	private away(child: Child): Next {
		if (child.leaving && !child.head) {
			this.#core.left(child);
			return undefined;
		}
		return (
			this.rates.wait(0) || this.rates.missing(0, Connecting) || this.change(child, "connect", Connecting)
		);
	}

	private change(child: Child, kind: "connect" | "disconnect", calls: number): Batch {
		child.state = "opening";
		return single(kind, child, [], calls, this);
	}

	/** A reading of more values than the server takes at a time. */
	private tooMany(child: Child): Next {
		const item = child.take();
		const text = `${item.kind} of ${JSON.stringify(child.name)}: expected at most ${this.rates.points} values, got ${item.points}`;
		this.#core.drop(child, item, new TBError("TB_TOO_LARGE", text));
		return this.of(child);
	}
}
