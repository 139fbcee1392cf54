import type { IPublishPacket } from "mqtt-packet";
import { PayloadError } from "../errors.ts";
import type { Session } from "./session.ts";
import { javaInt, type Style } from "./topics.ts";

/** The text of a payload; malformed UTF-8 is read with U+FFFD in its place. */
export const textOf = ({ payload }: IPublishPacket): string => payload.toString();

/** A payload as JSON text, by the encoding that topic and profile name. Throws `PayloadError`. */
export function jsonOf(
	_session: Session,
	packet: IPublishPacket,
	style: Style,
	what: "telemetry" | "attributes",
): string {
	if (style === "v2/p") throw new PayloadError(`${what}: expected a protobuf profile`);
	return textOf(packet);
}

/** The id at the end of a request topic. Throws `PayloadError`. */
export function requestId(id: string): number {
	const value = javaInt(id);
	if (value !== undefined) return value;
	throw new PayloadError(`request id: expected a 32-bit integer, got ${JSON.stringify(id)}`);
}
