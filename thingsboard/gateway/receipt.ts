// One acknowledgement for all devices of a gateway's message (getAggregatePubAckCallback, ackOrClose, processFailure).
import type { IPublishPacket } from "mqtt-packet";
import { quote } from "../json.ts";
import { reason } from "../mqtt/reasons.ts";
import type { Session } from "../mqtt/session.ts";

/** What `v1/gateway/disconnect` says to MQTT 5. Despite its name no sub-session ends by it. */
const notice = { malformed: 129, rateTooHigh: 150 };

/** Waits for `count` devices, and acknowledges once. */
export class Receipt {
	#session: Session;
	#packet: IPublishPacket;
	#open: number;
	#sent = false;

	constructor(session: Session, packet: IPublishPacket, count = 1) {
		this.#session = session;
		this.#packet = packet;
		this.#open = count;
	}

	/** One device's part is taken. At QoS 0 the server's own acknowledgement fails: MQTT 5 hears of it, but for the last device. */
	done(name: string): void {
		const each = this.#session.core.settings.gatewayAckPerDevice;
		if (--this.#open === 0) this.#ack(reason.success);
		else if (each) this.#session.ack(this.#packet);
		else if (this.#packet.qos === 0) this.#notice(name, notice.malformed);
	}

	/** A device could not be connected: acknowledged at once, with the reason; nothing is closed. */
	refuse(code: number): void {
		this.#ack(code);
	}

	/** Data that cannot be read: 3.1.1 closes, MQTT 5 acknowledges with 0x99. */
	bad(why: string): void {
		if (this.#session.version === 5) this.#ack(reason.payloadFormatInvalid);
		else this.#session.close(why, reason.payloadFormatInvalid);
	}

	/** A rate limit: acknowledged, then closed. A 3.1.1 gateway believes that its data were taken. */
	quota(name: string): void {
		if (this.#sent) return;
		this.#sent = true;
		if (this.#session.core.settings.gatewayNotices) this.#notice(name, notice.rateTooHigh);
		this.#session.ackNow(this.#packet, reason.quotaExceeded);
		this.#session.close(`${name}: the gateway's rate limit is reached`, reason.quotaExceeded);
	}

	#ack(code: number): void {
		if (this.#sent) return;
		this.#sent = true;
		this.#session.ack(this.#packet, code);
	}

	#notice(name: string, code: number): void {
		if (this.#session.version !== 5) return;
		this.#session.publishText("v1/gateway/disconnect", `{"device":${quote(name)},"reason":${code}}`);
	}
}
