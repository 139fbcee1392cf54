// What goes out for children, a few messages at a time. The server acknowledges what it then refuses with a close (rate limits, wrong
// structure), so what was acknowledged last is kept until that has not happened.
import { type Batch, isSuspect, textOf } from "gateway/batch";
import { type Child, childError, type Item, topicOf } from "gateway/child";
import type { Core } from "gateway/core";
import { Line } from "gateway/line";
import type { JSONObject } from "host/contract";
import { TBError } from "tbclient/errors";
import Time from "time";
import Timer from "timer";

const Reaction = 1_000; // ms; a close within it may be the answer to what was acknowledged
const Silence = 600_000; // ms until a server that was silent is asked again
const Strikes = 2; // connections on which it was
const Head = 536; // bytes of a packet that are left for its topic
const Smallest = 256;
const Full = 1_000; // ms until a client that had no room is asked again
const Closed = 4; // suspicion against what was in flight
const Silent = 1;
const Guilty = 20; // alone twice

/** Writes to the client. */
export class Sender {
	readonly line: Line;
	#core: Core;
	#flying: Batch[] = [];
	#settling: Batch | undefined;
	#settlingSince = 0;
	#settler: ReturnType<typeof Timer.set> | undefined;
	#pause: ReturnType<typeof Timer.set> | undefined;
	#hold: ReturnType<typeof Timer.set> | undefined; // the client had no room
	#pumping = false;
	#delayed = false;
	#proven = false; // something was acknowledged on this connection
	#gateway: boolean | undefined; // what the server says that the device is
	#strikes = 0;
	#silent = 0; // `Time.ticks` of the last of them

	constructor(core: Core) {
		this.#core = core;
		this.line = new Line(core);
	}

	/** There is a connection: every child has to be connected again. */
	up(): void {
		this.#proven = false;
		this.#gateway = undefined;
		this.line.rates.up();
		for (const child of this.#core.children.all()) this.#core.children.wake(child);
		this.wake();
	}

	/** What the server allows the children. Since 3.8 it thereby says whether it takes the device for a gateway. */
	limit({ rateLimits = null, gatewayRateLimits = null, maxPayloadSize }: JSONObject): void {
		const { batch } = this.#core.settings;
		this.line.rates.set({ rateLimits: gatewayRateLimits });
		this.line.bytes =
			typeof maxPayloadSize === "number" ? Math.max(Math.min(batch, maxPayloadSize - Head), Smallest) : batch;
		if (rateLimits !== null) this.#gateway = gatewayRateLimits !== null;
		if (this.#gateway) this.#strikes = 0;
		else if (this.#gateway === false) this.refused("its session limits name none for children");
		this.wake();
	}

	/** The connection is gone: what was in flight goes back to its children, in order. */
	down({ code }: TBError): void {
		const byPeer = code === "TB_LOST";
		this.stop();
		if (code === "TB_TIMEOUT") this.strike();
		if (!byPeer) this.settle();
		const lost = this.#settling ? [this.#settling, ...this.#flying] : this.#flying;
		this.#settling = undefined;
		this.#flying = [];
		this.line.rates.down(byPeer && lost.length > 0);
		const alone = lost.length === 1 && lost.every(isOne);
		for (const batch of [...lost].reverse()) this.putBack(batch, byPeer ? Closed : Silent, alone);
	}

	/** Something may be sent: looked at in a later turn, so that what is said in one turn goes out together. */
	wake(): void {
		if (this.#pumping) return;
		this.#pumping = true;
		this.#core.callbacks.defer(() => {
			this.#pumping = false;
			this.pump();
		});
	}

	/** Nothing is sent after this. */
	close(): void {
		Timer.clear(this.#settler);
		this.stop();
	}

	private pump(): void {
		if (this.#hold !== undefined || !this.#core.client.connected || this.#gateway === false) return;
		this.resume(); // what came meanwhile may be under another limit
		if (this.#strikes >= Strikes && Time.delta(this.#silent) < Silence) {
			this.pauseFor(Silence - Time.delta(this.#silent));
			return;
		}
		while (this.#flying.length < this.window) {
			const next = this.line.next(!this.#flying.length && !this.#settling);
			if (typeof next === "number") this.delay(next);
			if (typeof next !== "object") return;
			this.#delayed = false;
			this.publish(next);
		}
	}

	/** One at a time until the server has acknowledged something, and while something under suspicion is in flight. */
	private get window(): number {
		const suspect = this.#flying.some(({ entries }) => entries.some(({ items }) => items.some(isSuspect)));
		return this.#proven && !suspect ? this.#core.settings.inFlight : 1;
	}

	private delay(ms: number): void {
		if (!this.#delayed) this.#core.stats.delayed += 1;
		this.#delayed = true;
		this.pauseFor(ms);
	}

	private pauseFor(ms: number): void {
		this.#pause = Timer.set(() => {
			this.#pause = undefined;
			this.pump();
		}, ms);
	}

	private resume(): void {
		Timer.clear(this.#pause);
		this.#pause = undefined;
	}

	private stop(): void {
		this.resume();
		Timer.clear(this.#hold);
		this.#hold = undefined;
	}

	private publish(batch: Batch): void {
		const { client, settings, stats } = this.#core;
		this.#flying.push(batch);
		stats.messages += 1;
		stats.entries += batch.entries.length;
		stats.values += batch.points;
		client.publish(topicOf[batch.kind], textOf(batch, settings.clock()), {
			urgent: true, // all of one kind, so that they keep their order
			transient: true,
			unmetered: true,
			callback: (error) => this.done(batch, error),
		});
	}

	/** What went with its connection came back in `down`, also where the client refused it just before. */
	private done(batch: Batch, error: TBError | null): void {
		if (error?.code === "TB_DISCONNECTED" || !this.#flying.includes(batch)) return;
		this.#flying.splice(this.#flying.indexOf(batch), 1);
		if (error) this.refusedBatch(batch, error);
		else this.acknowledged(batch);
		this.wake();
	}

	private acknowledged(batch: Batch): void {
		this.#proven = true;
		this.#strikes = 0;
		for (const { child } of batch.entries) child.touched = Time.ticks;
		if (batch.kind === "connect" || batch.kind === "disconnect") {
			this.arrived(batch);
			for (const { child } of batch.entries) this.#core.changed(child, batch.kind);
		} else {
			this.settle();
			this.#settling = batch;
			this.#settlingSince = Time.ticks;
			this.watch(Reaction);
		}
	}

	private watch(ms: number): void {
		this.#settler ??= Timer.set(() => {
			this.#settler = undefined;
			const rest = Reaction - Time.delta(this.#settlingSince);
			if (rest > 0) this.watch(rest);
			else {
				this.settle();
				this.wake(); // what is under suspicion may have waited for that
			}
		}, ms);
	}

	/** What was acknowledged last is taken for good. */
	private settle(): void {
		const batch = this.#settling;
		this.#settling = undefined;
		if (!batch) return;
		this.arrived(batch);
		each(batch, (child, item) => this.#core.finish(child, item));
	}

	/** The client did not take it: for want of room, which is waited for, or since it is too large. */
	private refusedBatch(batch: Batch, error: TBError): void {
		this.arrived(batch);
		if (error.code === "TB_OUTBOX_FULL") {
			this.takeBack(batch);
			this.#hold ??= Timer.set(() => {
				this.#hold = undefined;
				this.pump();
			}, Full);
			return;
		}
		each(batch, (child, item) => this.#core.drop(child, item, error));
		if (batch.kind === "connect" || batch.kind === "disconnect")
			for (const { child } of batch.entries) this.outsized(child, error);
	}

	/** There is no way to connect or disconnect it. */
	private outsized(child: Child, error: TBError): void {
		if (child.gone) return;
		this.#core.complete(child, error);
		this.#core.forget(child, error.message);
	}

	/** As if it had never left its children. */
	private takeBack(batch: Batch): void {
		this.putBack(batch, 0, false);
		for (const { child } of batch.entries) {
			if (batch.kind === "connect") child.state = "away";
			else if (batch.kind === "disconnect") child.state = "here";
			this.#core.children.wake(child);
		}
	}

	/** Its tokens come back from now on. */
	private arrived({ points, metered, calls }: Batch): void {
		const { rates } = this.line;
		if (points) rates.arrived(points, 1, metered);
		if (calls) rates.arrived(0, calls);
	}

	private putBack({ entries }: Batch, suspicion: number, alone: boolean): void {
		for (const { child, items } of entries)
			for (const item of [...items].reverse()) {
				item.losses += suspicion;
				if (child.gone) this.#core.drop(child, item, childError(item.kind, child.name, "it is gone"));
				else if (alone && item.losses >= Guilty) this.#core.drop(child, item, quarantined(child, item));
				else child.putBack(item);
			}
		this.#core.stats.returned += 1;
	}

	/** The link was silent before anything was acknowledged, as a server is to those that are no gateway. */
	private strike(): void {
		if (this.#gateway || this.#proven || !this.#flying.length) return;
		this.#strikes += 1;
		this.#silent = Time.ticks;
		if (this.#strikes >= Strikes)
			this.refused("it is silent on gateway topics, and is asked again in 10 minutes");
	}

	private refused(why: string): void {
		const text = `gateway: expected a server that takes this device for a gateway (additionalInfo.gateway): ${why}`;
		this.#core.callbacks.error(new TBError("TB_NOT_GATEWAY", text));
	}
}

const isOne = ({ entries }: Batch): boolean => entries.length === 1 && entries[0]?.items.length === 1;

function each({ entries }: Batch, action: (child: Child, item: Item) => void): void {
	for (const { child, items } of entries) for (const item of items) action(child, item);
}

function quarantined({ name }: Child, { kind }: Item): TBError {
	const text = `${kind} of ${JSON.stringify(name)}: the connection ended again and again while it alone was in flight`;
	return new TBError("TB_QUARANTINED", text);
}
