import type { IPublishPacket, ISubscribePacket, IUnsubscribePacket } from "mqtt-packet";
import { ServerClock } from "../clock.ts";
import type { Core } from "../core.ts";
import type { Device, DeviceSession } from "../devices.ts";
import { Firmware } from "./firmware.ts";
import { puback, publish, suback, unsuback } from "./packets.ts";
import { covers, forms, granted, type Style } from "./topics.ts";

/** How often the server looks for idle sessions, milliseconds. */
const idleCheck = 3000;

/** What a session needs of its connection. */
export interface Outlet {
	send(bytes: Uint8Array): void;
	close(reason: string): void;
}

/** A device's authenticated connection: subscriptions, packet ids, activity. */
export class Session implements DeviceSession {
	readonly core: Core;
	readonly device: Device;
	readonly firmware = new Firmware(this);
	/** Ends with the session. */
	readonly clock: ServerClock;
	/** The spelling of the latest attribute request and client-side RPC. */
	answers: { attributes: Style; rpc: Style } = { attributes: "v1", rpc: "v1" };
	#outlet: Outlet;
	#granted = new Map<string, 0 | 1>();
	#interests: { attributes?: Style; rpc?: Style } = {};
	#nextId = 1;
	#active: number;

	constructor(core: Core, device: Device, outlet: Outlet) {
		this.core = core;
		this.device = device;
		this.#outlet = outlet;
		this.clock = new ServerClock(core.clock);
		this.#active = this.clock.now();
		this.#watch();
	}

	get wantsAttributes(): boolean {
		return this.#interests.attributes !== undefined;
	}

	get wantsRpc(): boolean {
		return this.#interests.rpc !== undefined;
	}

	/** Notes activity: the session lives another `inactivity` milliseconds. */
	touch(): void {
		this.#active = this.clock.now();
	}

	/** Publishes whether or not the device subscribed: at the granted QoS, else at QoS 1 (getQoSForTopic). */
	publish(topic: string, payload: Uint8Array): void {
		let qos: 0 | 1 = 1;
		for (const [filter, grant] of this.#granted) if (covers(filter, topic)) qos = grant;
		this.#outlet.send(publish(topic, payload, qos, this.#nextId++));
	}

	publishText(topic: string, text: string): void {
		this.publish(topic, Buffer.from(text));
	}

	publishAttributes(text: string): void {
		this.publishText(forms[this.#interests.attributes ?? "v1"].attributes, text);
	}

	publishRpc(id: number, text: string): void {
		this.publishText(`${forms[this.#interests.rpc ?? "v1"].rpcRequest}${id}`, text);
	}

	setNextId(id: number): void {
		this.#nextId = id;
	}

	/** Acknowledges a publish now; nothing at QoS 0. QoS 2 gets PUBACK too, never PUBREC. */
	ackNow({ qos, messageId }: IPublishPacket): void {
		if (qos) this.#outlet.send(puback(messageId ?? 0));
	}

	/** Acknowledges as the server does, from another thread: a moment later, in order. */
	ack(packet: IPublishPacket): void {
		this.clock.after(0, () => this.ackNow(packet));
	}

	/** Answers at once; the core learns of the interest only afterwards, so what happens in between is missed. */
	subscribe({ messageId = 0, subscriptions }: ISubscribePacket): void {
		this.touch();
		const grants = subscriptions.map(({ topic, qos }) => this.#grant(topic, qos ? 1 : 0));
		this.#outlet.send(suback(messageId, grants));
		for (const { topic } of subscriptions) this.clock.after(0, () => this.#register(topic));
	}

	unsubscribe({ messageId = 0, unsubscriptions }: IUnsubscribePacket): void {
		this.touch();
		for (const filter of unsubscriptions) {
			this.#granted.delete(filter);
			const interest = granted(filter)?.interest;
			if (interest) delete this.#interests[interest];
		}
		this.#outlet.send(unsuback(messageId));
	}

	close(reason: string): void {
		this.#outlet.close(reason);
	}

	/** The connection is gone: nothing of this session happens any more. */
	end(): void {
		this.clock.close();
		if (this.device.session === this) this.device.session = undefined;
	}

	#grant(filter: string, qos: 0 | 1): number {
		if (!granted(filter)) return 0x80;
		this.#granted.set(filter, qos);
		return qos;
	}

	#register(filter: string): void {
		const { interest, style } = granted(filter) ?? {};
		if (!interest || !style || !this.#granted.has(filter)) return;
		this.#interests[interest] = style;
		if (interest === "rpc") this.device.rpc.deliverAll(this);
	}

	#watch(): void {
		const idle = this.clock.now() - this.#active;
		if (idle >= this.core.settings.inactivity) this.close(`no activity for ${idle} ms`);
		else this.clock.after(idleCheck, () => this.#watch());
	}
}
