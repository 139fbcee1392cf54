import type { IPublishPacket } from "mqtt-packet";
import { readObject } from "../telemetry.ts";
import { textOf } from "./payload.ts";
import type { Session } from "./session.ts";

/** Claiming never has a visible result; only a payload that is no object closes. */
export function claim(session: Session, packet: IPublishPacket): void {
	if (packet.payload.length) readObject(textOf(packet));
	session.admit();
	session.ack(packet);
}
