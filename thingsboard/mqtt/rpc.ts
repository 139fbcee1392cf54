// Both directions of RPC, as far as the device publishes.
import type { IPublishPacket } from "mqtt-packet";
import { UnmappedError } from "../errors.ts";
import { asString } from "../gson.ts";
import { jsonText } from "../json.ts";
import { readObject } from "../telemetry.ts";
import { jsonOf, payloadOf, requestId } from "./payload.ts";
import type { Session } from "./session.ts";
import { forms, javaInt, type Style } from "./topics.ts";

/** Client-side RPCs of one connection that may wait for their timeout; the server itself knows no limit. */
const maxUnanswered = 10_000;

/** The device's answer to a server-side RPC: any bytes. */
export function rpcResponse(
	session: Session,
	packet: IPublishPacket,
	to: { style: Style; id: string },
): void {
	const call = requestId(to.id);
	const text = jsonOf(session, packet, to.style, "rpcResponse");
	session.admit();
	session.ack(packet);
	session.device.rpc.reply(call, text);
}

/** A client-side RPC. `getSessionLimits` on the v1 topic is answered by the transport itself, and is no activity. */
export function clientRpc(session: Session, packet: IPublishPacket, to: { style: Style; id: string }): void {
	const id = javaInt(to.id);
	if (id === undefined)
		throw new UnmappedError(`client-side RPC: expected a 32-bit integer id, got ${to.id}`);
	const members = readObject(jsonOf(session, packet, to.style, "rpcRequest"));
	const name = asString(members.get("method"));
	if (name === "getSessionLimits" && to.style === "v1") sessionLimits(session, packet, id);
	else {
		session.touch();
		session.admit();
		session.ack(packet);
		session.answers.rpc = to.style;
		answer(session, id, name, jsonText(members.get("params") ?? null));
	}
}

/**
 * The default rule chain only logs client-side RPC: without a handler the device hears of a timeout. An answer that the fault
 * `delayAnswers` holds back for longer comes after that error, as the rule chain's late ones do.
 */
function answer(session: Session, id: number, method: string, params: string): void {
	const { core, device, clock } = session;
	core.log(`${device.info.name}: client-side RPC ${id} ${method} ${params}`);
	const text = core.onClientRpc(method, params, device);
	if (text === undefined || (device.faults.get("delayAnswers") ?? 0) >= core.settings.clientRpcTimeout)
		timeOut(session, id);
	if (text !== undefined) clock.after(0, () => session.answer(...answerOf(session, id, text)));
}

/** The error that comes after a minute. Of calls beyond `maxUnanswered` nothing is heard. */
function timeOut(session: Session, id: number): void {
	if (session.unanswered >= maxUnanswered) return;
	session.unanswered += 1;
	session.clock.after(session.core.settings.clientRpcTimeout, () => {
		session.unanswered -= 1;
		session.publish(...answerOf(session, id, '{"error":"timeout"}'));
	});
}

/** PUBACK first, then the answer. Of a gateway `rateLimits` are its own messages', `gatewayRateLimits` its sub-devices'. */
function sessionLimits(session: Session, packet: IPublishPacket, id: number): void {
	const { limits: texts, settings } = session.core;
	const limits = {
		maxPayloadSize: settings.maxPayload,
		maxInflightMessages: settings.queueLimit,
		rateLimits: texts.texts(session.isGateway ? "gatewayDevice" : "device"),
		...(session.isGateway ? { gatewayRateLimits: texts.texts("gateway") } : {}),
	};
	session.ackNow(packet);
	session.answer(...answerOf(session, id, JSON.stringify(limits), "v1"));
}

/** Topic and payload, in the spelling of the latest call. */
function answerOf(
	session: Session,
	id: number,
	text: string,
	style: Style = session.answers.rpc,
): [string, Uint8Array] {
	return [`${forms[style].rpcResponse}${id}`, payloadOf(session, style, "rpcResponse", id, text)];
}
