// What a client is made of, and what holds it together. It is also what its parts call back, so that none of them needs closures or
// an object of options: on XS those would cost 3 KB for each client.
import type { JSONValue, MQTTClient, MQTTControl, MQTTReadInfo } from "host/contract";
import type TBClient from "tbclient";
import { Callbacks } from "tbclient/callbacks";
import { Connection, type ConnectionEvents } from "tbclient/connection";
import { Delivery, type DeliveryOptions } from "tbclient/delivery";
import { Dispatch, type DispatchOptions } from "tbclient/dispatch";
import { TBError } from "tbclient/errors";
import { Inbound, type InboundEvents, type Incoming } from "tbclient/inbound";
import { type Settings, settingsOf, type TBClientOptions } from "tbclient/options";
import { Parts } from "tbclient/parts";
import { objectOf } from "tbclient/payload";
import { Questions, type QuestionsOptions } from "tbclient/questions";
import { Calls, type CallsOptions } from "tbclient/rpc";
import { count, countDrop, makeStats, type Stats } from "tbclient/stats";
import { filtersOf } from "tbclient/topics";
import { Watches } from "tbclient/watch";

type Roles = ConnectionEvents &
	InboundEvents &
	DeliveryOptions &
	DispatchOptions &
	QuestionsOptions &
	CallsOptions;

/** The inside of a `TBClient`. */
export class Core implements Roles {
	readonly stats: Stats = makeStats();
	readonly settings: Settings;
	readonly callbacks: Callbacks;
	readonly parts: Parts;
	readonly connection: Connection;
	readonly delivery: Delivery;
	readonly questions: Questions;
	readonly calls: Calls;
	readonly watches: Watches;
	readonly inbound: Inbound;
	readonly #dispatch: Dispatch;
	/** Accepted by the server, subscriptions sent, not lost since. */
	connected = false;
	closed = false;

	/** `client` is what the application has. @throws as TBClient's constructor. */
	constructor(client: TBClient, options: TBClientOptions) {
		this.settings = settingsOf(options);
		this.callbacks = new Callbacks(client, options, this.stats);
		this.parts = new Parts(this.callbacks);
		this.connection = new Connection(this.settings, this);
		this.delivery = new Delivery(this);
		this.questions = new Questions(this);
		this.calls = new Calls(this);
		this.watches = new Watches(this.questions, this.callbacks);
		const { callbacks } = this;
		const { watch } = options;
		if (watch) this.watches.add(watch, (...news) => callbacks.call("onAttributes", ...news), false, true);
		this.#dispatch = new Dispatch(this);
		this.inbound = new Inbound(this.settings.maxMessage, this.settings.topics, this);
	}

	/** Nothing happens after this. */
	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.connected = false;
		this.parts.closed();
		this.callbacks.close();
		this.questions.close();
		this.watches.close();
		this.inbound.reset();
		this.connection.close();
		this.delivery.sender.close();
	}

	onUp(): void {
		this.delivery.up();
		this.delivery.sender.up([...filtersOf(this.settings.topics), ...this.parts.filters]);
	}

	onDown(error: TBError): void {
		this.connected = false;
		count(this.stats, error);
		this.inbound.reset();
		this.delivery.down(error);
		this.questions.fail(error);
		this.watches.close();
		this.parts.disconnected(error);
		this.callbacks.call("onDisconnected", error);
	}

	onReadable(mqtt: MQTTClient, count: number, info: MQTTReadInfo): void {
		this.inbound.receive(mqtt, count, info);
	}

	onWritable(count: number): void {
		this.delivery.flush(count);
		if (this.connected || !this.delivery.sender.subscribed) return;
		this.connected = true;
		this.stats.connects += 1;
		this.watches.connected();
		this.parts.connected();
		this.callbacks.call("onConnected");
	}

	onControl({ operation, id, payload }: MQTTControl): void {
		const { io } = this.settings;
		if (operation === io.PUBACK) this.delivery.acknowledged(id);
		if (operation === io.SUBACK)
			for (const topic of this.delivery.sender.granted(id, payload))
				this.callbacks.error(
					new TBError("TB_SUBSCRIBE", `subscribe ${topic}: expected a granted QoS, got 0x80`),
				);
	}

	onEmptyPublish(topic: string, QoS: number, packet: number): void {
		if (QoS > 0) this.delivery.sender.owe(packet);
		this.inbound.receiveEmpty(topic);
	}

	isIdle(): boolean {
		return this.delivery.sender.idle && !this.questions.waiting;
	}

	isConnected(): boolean {
		return this.connected;
	}

	onMessage(message: Incoming): void {
		this.settings.log?.(`received ${message.topic}, ${message.byteLength} bytes`);
		this.#dispatch.receive(message);
	}

	onTooLarge(topic: string, byteLength: number): void {
		const text = `${topic}: expected at most ${this.settings.maxMessage} bytes, got ${byteLength}`;
		const error = new TBError("TB_TOO_LARGE", text);
		countDrop(this.stats, error);
		this.callbacks.error(error);
	}

	wants(): boolean {
		return this.parts.listening;
	}

	onLimits(answer: JSONValue): void {
		this.delivery.setRates(answer);
		this.parts.limits(objectOf(answer));
	}

	onResume(): void {
		this.onWritable(Number.POSITIVE_INFINITY);
	}
}
