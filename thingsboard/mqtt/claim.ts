import type { IPublishPacket } from "mqtt-packet";
import { readClaim } from "../gateway/messages.ts";
import { readObject } from "../telemetry.ts";
import { jsonOf } from "./payload.ts";
import type { Session } from "./session.ts";

/** Claiming never has a visible result; only a payload that cannot be read closes. Nothing at all is an empty object. */
export function claim(session: Session, packet: IPublishPacket): void {
	const members = packet.payload.length ? readObject(jsonOf(session, packet, "v1", "claim")) : new Map();
	const { secretKey, durationMs } = readClaim(members);
	session.admit();
	session.core.claims.register(session.device, secretKey, durationMs);
	session.ack(packet);
}
