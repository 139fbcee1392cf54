import type { IPubackPacket, IPublishPacket, ISubscribePacket, IUnsubscribePacket } from "mqtt-packet";
import { ServerClock } from "../clock.ts";
import type { Core } from "../core.ts";
import { type Device, type DeviceSession, isGateway } from "../devices.ts";
import { LimitError } from "../errors.ts";
import { answer, deliver } from "../faults/calls.ts";
import { Gateway } from "../gateway/gateway.ts";
import { transportOf } from "../profiles.ts";
import type { Delivery } from "../rpc.ts";
import { Acks } from "./acks.ts";
import { Activity } from "./activity.ts";
import { Deliveries } from "./deliveries.ts";
import { Firmware } from "./firmware.ts";
import type { MqttSession, Outlet } from "./outlet.ts";
import { type Packet, pingresp, puback, publish, suback, unsuback } from "./packets.ts";
import { payloadOf } from "./payload.ts";
import { handlePublish } from "./publish.ts";
import { reason } from "./reasons.ts";
import { Subscriptions } from "./subscriptions.ts";
import { forms, type Style } from "./topics.ts";

/** A device's authenticated connection: subscriptions, packet ids, acknowledgements, activity. */
export class Session implements DeviceSession, MqttSession {
	readonly core: Core;
	readonly device: Device;
	readonly version: number;
	readonly firmware = new Firmware(this);
	/** Ends with the session. */
	readonly clock: ServerClock;
	/** Whether the device is a gateway; looked at once, when it connects (checkGatewaySession). */
	readonly isGateway: boolean;
	/** The gateway API, when it is one. */
	readonly asGateway: Gateway | undefined;
	/** The spelling of the latest attribute request and client-side RPC. */
	answers: { attributes: Style; rpc: Style } = { attributes: "v1", rpc: "v1" };
	/** Client-side RPCs that wait for their timeout. */
	unanswered = 0;
	/** Called once when the session ends. */
	readonly onEnd: (() => void)[] = [];
	#outlet: Outlet;
	#acks: Acks;
	#subscriptions: Subscriptions;
	#deliveries: Deliveries;
	#activity: Activity;
	#nextId = 1;

	constructor(core: Core, device: Device, outlet: Outlet) {
		this.core = core;
		this.device = device;
		this.version = outlet.version;
		this.isGateway = isGateway(device);
		this.#outlet = outlet;
		this.clock = new ServerClock(core.clock, (error) => outlet.fail(error));
		this.#acks = new Acks(this.clock, device.faults, (...packets) => outlet.send(...packets));
		const custom = () => transportOf(device.profile).deviceAttributesSubscribeTopic;
		this.#subscriptions = new Subscriptions(outlet.version, custom);
		this.#deliveries = new Deliveries(this.clock, () => this.admitted());
		this.#activity = new Activity(this.clock, core.settings.inactivity, (idle) =>
			this.close(`no activity for ${idle} ms`, reason.implementation),
		);
		this.asGateway = this.isGateway ? new Gateway(this) : undefined;
	}

	get wantsAttributes(): boolean {
		return this.#subscriptions.style("attributes") !== undefined;
	}

	get wantsRpc(): boolean {
		return this.#subscriptions.style("rpc") !== undefined;
	}

	get forgiving(): boolean {
		return transportOf(this.device.profile).sendAckOnValidationException;
	}

	receive(packet: Packet, waited = false): void {
		if (packet.cmd === "publish") handlePublish(this, packet, waited);
		else if (packet.cmd === "puback") this.#acknowledged(packet);
		else if (packet.cmd === "subscribe") this.#subscribe(packet);
		else if (packet.cmd === "unsubscribe") this.#unsubscribe(packet);
		else if (packet.cmd === "disconnect") this.close("DISCONNECT", reason.success);
		else if (packet.cmd === "pingreq") {
			this.touch();
			this.asGateway?.ping();
			this.#outlet.send(pingresp);
		}
	}

	/** Notes activity: the session lives another `inactivity` milliseconds. */
	touch(): void {
		this.#activity.note();
	}

	/** Asks the rate limits; `points` as in `RateLimits.admit`. Throws `LimitError`. */
	admit(points = 0): void {
		if (!this.admitted(points)) throw new LimitError("rate limit: exceeded");
	}

	admitted(points = 0): boolean {
		return this.core.limits.admit(this, points);
	}

	/** The QoS of messages on that topic. */
	qos(topic: string): 0 | 1 {
		return this.#subscriptions.qos(topic);
	}

	/** Publishes whether or not the device subscribed. Gives QoS and packet id (counted on beyond 65535). */
	publish(topic: string, payload: Uint8Array): { qos: 0 | 1; id: number } {
		const sent = { qos: this.qos(topic), id: this.#nextId++ };
		this.#outlet.send(publish({ topic, payload, ...sent }, this.#outlet.version));
		return sent;
	}

	publishText(topic: string, text: string): { qos: 0 | 1; id: number } {
		return this.publish(topic, Buffer.from(text));
	}

	publishAttributes(text: string): void {
		const style = this.#subscriptions.style("attributes") ?? "v1";
		this.publish(forms[style].attributes, payloadOf(this, style, "attributesUpdate", 0, text));
	}

	publishRpc(id: number, text: string, delivery?: Delivery): 0 | 1 {
		const style = this.#subscriptions.style("rpc") ?? "v1";
		const payload = this.#call(style, id, text);
		if (!payload) return 0;
		const topic = `${forms[style].rpcRequest}${id}`;
		deliver(this.device.faults, this.clock, (first) => {
			const sent = this.publish(topic, payload);
			if (first && delivery && sent.qos) this.#deliveries.expect(sent.id, delivery);
		});
		return this.qos(topic);
	}

	/** Publishes the answer to something that the device asked. */
	answer(topic: string, payload: Uint8Array): void {
		answer(this.device.faults, this.clock, () => this.publish(topic, payload));
	}

	/** The payload of a call. What a schema cannot carry is the call's result (onToDeviceRpcRequest), and nothing is published. */
	#call(style: Style, id: number, text: string): Uint8Array | undefined {
		try {
			return payloadOf(this, style, "rpcRequest", id, text);
		} catch (error) {
			this.device.rpc.reply(id, JSON.stringify({ error: (error as Error).message }));
			return undefined;
		}
	}

	/** Lets the next publish carry this packet id. */
	setNextId(id: number): void {
		this.#nextId = id;
	}

	/** Acknowledges a publish now; nothing at QoS 0. QoS 2 gets PUBACK too, never PUBREC. */
	ackNow({ qos, messageId = 0 }: IPublishPacket, code = 0): void {
		if (qos) this.#acks.now(puback(messageId, this.version === 5 ? code : 0));
	}

	/** Acknowledges as the server does, from another thread: a moment later. */
	ack({ qos, messageId = 0 }: IPublishPacket, code = 0): void {
		if (qos) this.#acks.later(puback(messageId, this.version === 5 ? code : 0));
	}

	close(why: string, code: number): void {
		this.#outlet.close(why, code);
	}

	drop(why: string): void {
		this.#outlet.drop(why);
	}

	strike(): void {
		const id = this.device.faults.take("nextId");
		if (id !== undefined) this.setNextId(id);
		if (this.device.faults.countDown("takeOver"))
			this.clock.after(0, () => this.close("fault: takeOver", reason.takenOver));
	}

	silence(): void {
		this.#outlet.silence();
	}

	/** The connection is gone: nothing of this session happens any more. */
	end(): void {
		this.clock.close();
		if (this.device.session === this) this.device.session = undefined;
		for (const action of this.onEnd.splice(0)) action();
	}

	/** Answers at once; the core learns of the interest only afterwards, so what happens in between is missed. */
	#subscribe(packet: ISubscribePacket): void {
		this.touch();
		const codes = this.#subscriptions.grant(packet);
		this.#outlet.send(suback(packet.messageId ?? 0, codes, this.#outlet.version));
		this.clock.after(this.device.faults.get("lateSubscribe") ?? 0, () => {
			for (const { topic } of packet.subscriptions) this.#register(topic);
		});
	}

	/** A subscription that meets a rate limit is granted, and does nothing. */
	#register(filter: string): void {
		const interest = this.#subscriptions.register(filter, () => this.admitted());
		if (interest === "rpc") this.device.rpc.deliverAll(this);
	}

	#unsubscribe(packet: IUnsubscribePacket): void {
		this.touch();
		const codes = this.#subscriptions.drop(packet);
		this.#outlet.send(unsuback(packet.messageId ?? 0, codes, this.#outlet.version));
	}

	/** Only PUBACKs of server-side RPC mean anything, and are activity. */
	#acknowledged({ messageId = 0 }: IPubackPacket): void {
		if (this.#deliveries.acknowledged(messageId)) this.touch();
	}
}
