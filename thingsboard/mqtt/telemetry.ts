import type { IPublishPacket } from "mqtt-packet";
import { readTelemetry } from "../telemetry.ts";
import { jsonOf } from "./payload.ts";
import type { Session } from "./session.ts";
import type { Style } from "./topics.ts";

/** Stores telemetry. `[]` is neither acknowledged nor refused. */
export function telemetry(session: Session, packet: IPublishPacket, { style }: { style: Style }): void {
	const rows = readTelemetry(jsonOf(session, packet, style, "telemetry"), session.clock.now());
	for (const row of rows) session.admit(row.values.size);
	session.device.store(rows);
	if (rows.length) session.ack(packet);
}
