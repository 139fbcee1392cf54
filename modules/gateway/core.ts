// What a gateway is made of, and what holds it together: the part of the client, and what its own parts call back.
import type TBGateway from "gateway";
import { Callbacks } from "gateway/callbacks";
import { Calls } from "gateway/calls";
import { type Child, childError, type Item, makeItem } from "gateway/child";
import { Children } from "gateway/children";
import { readAnswer, readCall, readNotice, readUpdate } from "gateway/messages";
import { deleted, renamed } from "gateway/notices";
import { type Settings, settingsOf, type TBGatewayOptions } from "gateway/options";
import { Questions } from "gateway/questions";
import { Sender } from "gateway/sender";
import { type GatewayStats, makeStats } from "gateway/stats";
import { filters, GatewayTopic } from "gateway/topics";
import { Watches } from "gateway/watches";
import type { JSONObject } from "host/contract";
import type TBClient from "tbclient";
import { reasonOf, TBError } from "tbclient/errors";
import type { Part, RPC } from "tbclient/parts";
import Time from "time";
import Timer from "timer";

const Look = 16; // looks at quiet children in the time after which they are refreshed

/** The inside of a `TBGateway`. */
export class Core implements Part {
	readonly filters = filters;
	readonly stats: GatewayStats = makeStats();
	readonly client: TBClient;
	readonly settings: Settings;
	readonly callbacks: Callbacks;
	readonly children: Children;
	readonly sender: Sender;
	readonly questions: Questions;
	readonly calls: Calls;
	readonly watches: Watches;
	closed = false;
	#quiet: ReturnType<typeof Timer.set> | undefined;

	/** @throws as TBGateway's constructor. */
	constructor(gateway: TBGateway, options: TBGatewayOptions) {
		this.client = options.client;
		this.settings = settingsOf(options);
		this.callbacks = new Callbacks(gateway, options, this.stats);
		this.children = new Children(this.settings);
		this.sender = new Sender(this);
		this.questions = new Questions(this);
		this.calls = new Calls(this);
		this.watches = new Watches(this.callbacks);
		this.client.attach(this);
		if (this.client.connected) this.onConnected();
	}

	onConnected(): void {
		this.sender.up();
		const { refresh } = this.settings;
		this.#quiet = Timer.repeat(() => this.refresh(), Math.ceil(refresh / Look));
	}

	onDisconnected(error: TBError): void {
		Timer.clear(this.#quiet);
		this.#quiet = undefined;
		this.sender.down(error);
		for (const child of this.children.all()) this.away(child);
		this.questions.fail(error);
	}

	onLimits(answer: JSONObject): void {
		this.sender.limit(answer);
	}

	onClosed(): void {
		this.closed = true;
		Timer.clear(this.#quiet);
		this.callbacks.close();
		this.sender.close();
		this.questions.close();
	}

	/** A message of a gateway topic. What is malformed goes to `onError`; the connection stays. */
	onMessage(topic: string, payload: ArrayBuffer): boolean {
		if (!topic.startsWith("v1/gateway/")) return false;
		try {
			return this.receive(topic, payload);
		} catch (error) {
			this.malformed(topic, error);
			return true;
		}
	}

	/** Notices about children come as calls of the gateway itself, one-way, and maybe again and again. */
	onRPC({ method, params }: RPC): boolean {
		const notice =
			method === "gateway_device_renamed"
				? renamed
				: method === "gateway_device_deleted"
					? deleted
					: undefined;
		try {
			notice?.(this, params);
		} catch (error) {
			this.malformed(method, error);
		}
		return notice !== undefined;
	}

	/** The child that a message is for; one that the table does not know is counted and told. */
	known(what: string, name: string): Child | undefined {
		const child = this.children.find(name);
		if (child) return child;
		this.stats.unknown += 1;
		this.callbacks.error(childError(what, name.slice(0, 255), "expected one of the gateway's children"));
		return undefined;
	}

	/** Keeps something to be sent for a child. What gives way, and what finds no room, is completed with TB_OUTBOX_FULL. */
	keep(child: Child, item: Item): void {
		const dropped = (_: Child, victim: Item, error: TBError) => this.refuse(victim, error);
		if (this.children.keep(child, item, dropped)) this.sender.wake();
		else {
			child.dropped += 1;
			const text = `${item.kind} of ${JSON.stringify(child.name)}: no room for ${item.size} bytes beside ${child.messages} messages`;
			this.refuse(item, new TBError("TB_OUTBOX_FULL", text));
		}
	}

	/** The server has it. */
	finish(child: Child, item: Item): void {
		this.release(child, item);
		this.callbacks.complete(item.callback, null);
	}

	/** It is given up after it was kept. */
	drop(child: Child, item: Item, error: TBError): void {
		this.release(child, item);
		this.refuse(item, error);
	}

	/** The server acknowledged that a child is connected or disconnected. */
	changed(child: Child, kind: "connect" | "disconnect"): void {
		if (child.gone || child.state !== "opening") return; // deleted or renamed meanwhile: that was for its old name
		const open = kind === "connect";
		child.state = open ? "here" : "away";
		if (!open && child.leaving) {
			this.left(child);
			return;
		}
		this.children.wake(child);
		if (!open || child.leaving) return;
		this.complete(child, null);
		this.callbacks.call("onConnected", child.name);
	}

	/** A child is disconnected, and has said all. */
	left(child: Child): void {
		this.children.remove(child);
		this.complete(child, null);
	}

	/** Takes a child out of the table, with all that waits for it. */
	forget(child: Child, why: string): void {
		this.children.remove(child);
		this.calls.forget(child.name);
		this.complete(child, childError("connect", child.name, why));
		while (child.head) this.drop(child, child.take(), childError("publish", child.name, why));
	}

	/** A child has another name: its session ends under the old one, and begins under the new one. */
	reopen(child: Child, oldName: string): void {
		this.watches.rename(oldName, child.name);
		this.calls.rename(oldName, child.name);
		if (child.state === "away") return;
		child.state = "away";
		const text = `{"device":${JSON.stringify(oldName)}}`;
		this.client.publish(GatewayTopic.disconnect, text, { urgent: true, transient: true, unmetered: true });
		this.children.wake(child);
		this.sender.wake();
	}

	/** Completes its `connect` or `disconnect`. */
	complete(child: Child, error: TBError | null): void {
		const { callbacks = [] } = child;
		child.callbacks = undefined;
		for (const callback of callbacks) this.callbacks.complete(callback, error);
	}

	/** Done with an item: the last one may be what a child that leaves has waited for. */
	private release(child: Child, item: Item): void {
		this.children.release(child, item);
		if (child.leaving && !child.messages) this.children.wake(child);
	}

	private refuse(item: Item, error: TBError): void {
		const { stats } = this;
		stats.dropped += 1;
		if (error.code === "TB_OUTBOX_FULL") stats.droppedFull += 1;
		else if (error.code === "TB_TOO_LARGE") stats.droppedTooLarge += 1;
		else if (error.code === "TB_QUARANTINED") stats.droppedQuarantined += 1;
		this.callbacks.later(item.callback, error);
	}

	private receive(topic: string, payload: ArrayBuffer): boolean {
		switch (topic) {
			case GatewayTopic.rpc:
				this.calls.receive(readCall(payload));
				return true;
			case GatewayTopic.attributes:
				this.update(readUpdate(payload));
				return true;
			case GatewayTopic.attributesResponse:
				this.questions.answer(readAnswer(payload));
				return true;
			case GatewayTopic.disconnect: {
				const { device, reason } = readNotice(payload);
				if (this.known("disconnect", device)) this.callbacks.call("onDisconnected", device, reason);
				return true;
			}
			default:
				return false;
		}
	}

	private update({ device, values, deleted: gone }: ReturnType<typeof readUpdate>): void {
		const child = this.known("attributes", device);
		if (!child) return;
		this.callbacks.call("onAttributes", child.name, values, gone);
		this.watches.push(child.name, values, gone);
	}

	private malformed(topic: string, error: unknown): void {
		this.stats.malformed += 1;
		const text = `${topic}: expected a payload of this topic, got ${reasonOf(error)}`;
		this.callbacks.error(new TBError("TB_MALFORMED", text, error));
	}

	/** Its session ended with the connection, and the answers to its questions with it. */
	private away(child: Child): void {
		child.state = "away";
		for (const item of child.queue ?? [])
			if (item.kind === "request") {
				child.remove(item);
				this.children.release(child, item);
			}
	}

	/** The server forgets who is quiet for 10 minutes. A question keeps a child, and changes nothing; nobody waits for its answer. */
	private refresh(): void {
		for (const child of this.children.all()) {
			if (child.state !== "here" || child.messages || Time.delta(child.touched) < this.settings.refresh)
				continue;
			this.stats.refreshed += 1;
			this.keep(child, makeItem("request", ',"id":0,"client":true,"key":"alive"'));
		}
	}
}
