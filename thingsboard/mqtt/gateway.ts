import type { IPublishPacket } from "mqtt-packet";
import type { Session } from "./session.ts";

/** Topics of the gateway API. For a device that is no gateway: neither PUBACK nor close. */
export function gateway(session: Session, packet: IPublishPacket): void {
	session.asGateway?.handle(packet);
}
