import type { IPublishPacket, ISubscribePacket, IUnsubscribePacket } from "mqtt-packet";
import { ServerClock } from "../clock.ts";
import type { Core } from "../core.ts";
import type { MqttSession, Outlet } from "./outlet.ts";
import { type Packet, pingresp, puback, suback, unsuback } from "./packets.ts";
import { reason } from "./reasons.ts";

/** The user name, or client id, that opens one. */
export const provisionName = "provision";
const responses = "/provision/response";

/** A connection that may only ask for credentials (processProvisionSessionMsg). */
export class ProvisionSession implements MqttSession {
	readonly core: Core;
	readonly clock: ServerClock;
	#outlet: Outlet;
	#qos: 0 | 1 | undefined;

	constructor(core: Core, outlet: Outlet) {
		this.core = core;
		this.clock = new ServerClock(core.clock);
		this.#outlet = outlet;
	}

	receive(packet: Packet): void {
		if (packet.cmd === "publish") this.#publish(packet);
		else if (packet.cmd === "subscribe") this.#subscribe(packet);
		else if (packet.cmd === "unsubscribe") this.#unsubscribe(packet);
		else if (packet.cmd === "pingreq") this.#outlet.send(pingresp);
		else if (packet.cmd === "disconnect") this.#outlet.close("DISCONNECT", reason.success);
	}

	end(): void {
		this.clock.close();
	}

	/** Any topic but the one: PUBACK and close. */
	#publish({ qos, messageId = 0, topic }: IPublishPacket): void {
		if (qos) this.#outlet.send(puback(messageId, this.#outlet.version === 5 ? reason.topicNameInvalid : 0));
		this.#outlet.close(`provisioning: expected /provision/request, got ${topic}`, reason.topicNameInvalid);
	}

	#subscribe({ messageId = 0, subscriptions }: ISubscribePacket): void {
		const refused = this.#outlet.version === 5 ? reason.topicFilterInvalid : reason.unspecified;
		const codes = subscriptions.map(({ topic, qos }) => {
			if (topic !== responses) return refused;
			this.#qos = qos ? 1 : 0;
			return this.#qos;
		});
		this.#outlet.send(suback(messageId, codes, this.#outlet.version));
	}

	#unsubscribe({ messageId = 0, unsubscriptions }: IUnsubscribePacket): void {
		const codes = unsubscriptions.map((filter) => {
			if (filter !== responses) return reason.topicFilterInvalid;
			const had = this.#qos !== undefined;
			this.#qos = undefined;
			return had ? reason.success : reason.noSubscription;
		});
		this.#outlet.send(unsuback(messageId, codes, this.#outlet.version));
	}
}
