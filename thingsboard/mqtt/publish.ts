// Where a device's PUBLISH goes.
import type { IPublishPacket } from "mqtt-packet";
import { UnmappedError } from "../errors.ts";
import { transportOf } from "../profiles.ts";
import { attributes, attributesRequest } from "./attributes.ts";
import { claim } from "./claim.ts";
import { gateway } from "./gateway.ts";
import { refuse } from "./outcome.ts";
import { reason } from "./reasons.ts";
import { clientRpc, rpcResponse } from "./rpc.ts";
import type { Session } from "./session.ts";
import { telemetry } from "./telemetry.ts";
import { type Route, route } from "./topics.ts";

/** Processes one kind of publish. What it throws (`errors.ts`) decides between PUBACK and close. */
type Handler<Kind extends Route["kind"]> = (
	session: Session,
	packet: IPublishPacket,
	to: Extract<Route, { kind: Kind }>,
) => void;

const handlers: { [Kind in Route["kind"]]: Handler<Kind> } = {
	telemetry,
	attributes,
	attributesRequest,
	rpcRequest: clientRpc,
	rpcResponse,
	claim,
	gateway,
	firmware: (session, packet, to) => session.firmware.handle(packet, to),
	unknown: (session, packet) => session.ack(packet, reason.topicNameInvalid), // acknowledged and lost
};

/** What counts as activity by itself; the others decide. */
const active = new Set<Route["kind"]>([
	"telemetry",
	"attributes",
	"attributesRequest",
	"rpcResponse",
	"claim",
	"unknown",
]);

/** Handles one PUBLISH of the session's device, and answers one that cannot be processed. `waited`: it came before CONNACK. */
export function handlePublish(session: Session, packet: IPublishPacket, waited: boolean): void {
	const to = route(packet.topic, transportOf(session.device.profile));
	if (active.has(to.kind)) session.touch();
	try {
		(handlers[to.kind] as Handler<Route["kind"]>)(session, packet, to);
	} catch (error) {
		if (waited && error instanceof UnmappedError) return; // lost in a worker thread of the server
		refuse(session, packet, error);
	}
}
