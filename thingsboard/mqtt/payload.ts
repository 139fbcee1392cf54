import type { IPublishPacket } from "mqtt-packet";
import { PayloadError } from "../errors.ts";
import { transportOf } from "../profiles.ts";
import { type Downlink, protobufOf } from "./protobuf-downlink.ts";
import { jsonOfProtobuf, type Uplink } from "./protobuf-uplink.ts";
import type { Session } from "./session.ts";
import { javaInt, type Style } from "./topics.ts";

/** The text of a payload; malformed UTF-8 is read with U+FFFD in its place. */
export const textOf = ({ payload }: IPublishPacket): string => payload.toString();

/** What needs a schema of the profile; the other messages are fixed. */
const dynamic = new Set<Uplink>(["telemetry", "attributes", "rpcResponse"]);

/** A payload as JSON text, by the encoding that topic and profile name. Throws `PayloadError`. */
export function jsonOf(session: Session, packet: IPublishPacket, style: Style, what: Uplink): string {
	const { payloadType, enableCompatibilityWithJsonPayloadFormat } = transportOf(session.device.profile);
	const schemas = payloadType === "PROTOBUF";
	if (style === "v2/j" || (style !== "v2/p" && !schemas)) return textOf(packet);
	if (dynamic.has(what) && !schemas) throw new PayloadError(`${what}: expected a protobuf profile`);
	try {
		return jsonOfProtobuf(what, packet.payload as Buffer);
	} catch (error) {
		if (style !== "v2/p" && enableCompatibilityWithJsonPayloadFormat) return textOf(packet);
		throw new PayloadError(`${what}: ${(error as Error).message}`);
	}
}

/** A message of the server in the encoding of `style`. Throws `TypeError` for what a stock schema cannot carry. */
export function payloadOf(
	session: Session,
	style: Style,
	what: Downlink,
	id: number,
	text: string,
): Uint8Array {
	const { payloadType, ...profile } = transportOf(session.device.profile);
	const json =
		profile.enableCompatibilityWithJsonPayloadFormat && profile.useJsonPayloadFormatForDefaultDownlinkTopics;
	const plain = payloadType === "PROTOBUF" && !(style === "v1" && json);
	if (style === "v2/j" || (style !== "v2/p" && !plain)) return Buffer.from(text);
	if (what === "rpcRequest" && payloadType !== "PROTOBUF")
		throw new TypeError("rpc: expected a protobuf profile");
	return protobufOf(what, id, text, session.clock.now());
}

/** The id at the end of a request topic. Throws `PayloadError`. */
export function requestId(id: string): number {
	const value = javaInt(id);
	if (value !== undefined) return value;
	throw new PayloadError(`request id: expected a 32-bit integer, got ${JSON.stringify(id)}`);
}
