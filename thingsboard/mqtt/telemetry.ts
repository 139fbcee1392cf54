import type { IPublishPacket } from "mqtt-packet";
import { readTelemetry } from "../telemetry.ts";
import { jsonOf } from "./payload.ts";
import type { Session } from "./session.ts";
import type { Style } from "./topics.ts";

/** Stores telemetry; to the rate limits all its elements are one message. `[]` is neither acknowledged nor refused. */
export function telemetry(session: Session, packet: IPublishPacket, { style }: { style: Style }): void {
	const rows = readTelemetry(jsonOf(session, packet, style, "telemetry"), session.clock.now());
	session.admit(rows.reduce((points, { values }) => points + values.size, 0));
	session.device.store(rows);
	if (rows.length) session.ack(packet);
}
