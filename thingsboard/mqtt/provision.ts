import type { IPublishPacket, ISubscribePacket, IUnsubscribePacket } from "mqtt-packet";
import { ServerClock } from "../clock.ts";
import type { Core } from "../core.ts";
import { ProtobufError } from "../protobuf.ts";
import { provision } from "../provisioning/provision.ts";
import {
	ProvisionError,
	type ProvisionRequest,
	readJsonRequest,
	readProtobufRequest,
} from "../provisioning/request.ts";
import { jsonResponse, protobufResponse } from "../provisioning/response.ts";
import type { MqttSession, Outlet } from "./outlet.ts";
import { type Packet, pingresp, puback, publish, suback, unsuback } from "./packets.ts";
import { reason } from "./reasons.ts";

/** The user name, or client id, that opens one. */
export const provisionName = "provision";
const requests = "/provision/request";
const responses = "/provision/response";

/** A connection that may only ask for credentials (processProvisionSessionMsg). */
export class ProvisionSession implements MqttSession {
	readonly core: Core;
	readonly clock: ServerClock;
	#outlet: Outlet;
	#qos: 0 | 1 | undefined;
	#protobuf = false;
	#nextId = 1;

	constructor(core: Core, outlet: Outlet) {
		this.core = core;
		this.clock = new ServerClock(core.clock, (error) => outlet.fail(error));
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

	#publish(packet: IPublishPacket): void {
		if (packet.topic !== requests) {
			const why = `provisioning: expected ${requests}, got ${packet.topic}`;
			this.#punish(packet, why, reason.topicNameInvalid);
			return;
		}
		try {
			const request = this.#read(packet);
			this.clock.after(0, () => this.#answer(packet, request));
		} catch (error) {
			if (error instanceof ProvisionError) this.#punish(packet, error.message, reason.implementation);
			else if (error instanceof ProtobufError) this.#unreadable(packet, error.message);
			else throw error;
		}
	}

	/** What is no JSON is read as protobuf, and answered so from then on. Throws `ProvisionError`, `ProtobufError`. */
	#read({ payload }: IPublishPacket): ProvisionRequest {
		const json = payload.length ? readJsonRequest(payload.toString()) : undefined;
		if (json) return json;
		const request = readProtobufRequest(Buffer.from(payload));
		this.#protobuf = true;
		return request;
	}

	/** PUBACK, response, and the end of the connection a minute later; without an answer of the back end PUBACK and close. */
	#answer(packet: IPublishPacket, request: ProvisionRequest): void {
		const { settings } = this.core;
		const response = provision(this.core, request);
		if (!response) {
			const broken = () => this.#punish(packet, "provisioning: the back end broke", reason.implementation);
			this.clock.after(settings.backEndTimeout, broken);
			return;
		}
		this.#ack(packet, reason.success);
		const payload = this.#protobuf ? protobufResponse(response) : Buffer.from(jsonResponse(response));
		const sent = { topic: responses, payload, qos: this.#qos ?? 1, id: this.#nextId++ } as const;
		this.#outlet.send(publish(sent, this.#outlet.version));
		this.clock.after(settings.provisionClose, () => this.#outlet.drop("provisioning: its time is over"));
	}

	#ack({ qos, messageId = 0 }: IPublishPacket, code: number): void {
		if (qos) this.#outlet.send(puback(messageId, this.#outlet.version === 5 ? code : 0));
	}

	/** PUBACK and close. */
	#punish(packet: IPublishPacket, why: string, code: number): void {
		this.#ack(packet, code);
		this.#outlet.close(why, code);
	}

	/** Neither JSON nor protobuf: closed; MQTT 5 at QoS 1 is told so and stays. */
	#unreadable(packet: IPublishPacket, why: string): void {
		if (packet.qos && this.#outlet.version === 5) this.#ack(packet, reason.payloadFormatInvalid);
		else this.#outlet.close(why, reason.payloadFormatInvalid);
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
			if (filter !== responses || this.#qos === undefined) return reason.noSubscription;
			this.#qos = undefined;
			return reason.success;
		});
		this.#outlet.send(unsuback(messageId, codes, this.#outlet.version));
	}
}
