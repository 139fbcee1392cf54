import type { IPublishPacket } from "mqtt-packet";
import { reason } from "./reasons.ts";
import type { Session } from "./session.ts";

/** Topics of the gateway API. For a device that is no gateway: neither PUBACK nor close. */
export function gateway(session: Session, packet: IPublishPacket): void {
	if (!session.isGateway) return;
	session.touch();
	session.ack(packet, reason.topicNameInvalid); // none of its topics is known yet: acknowledged and lost
}
