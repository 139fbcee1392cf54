// What the server does with a device's PUBLISH. A throw here closes the connection without PUBACK: that is its error signal.
import type { IPublishPacket } from "mqtt-packet";
import { jsonText } from "../json.ts";
import { PayloadError, readAttributes, readObject, readTelemetry, textOf } from "../telemetry.ts";
import { valuesJson } from "../values.ts";
import type { Session } from "./session.ts";
import { forms, javaInt, route, type Style } from "./topics.ts";

/** Handles one PUBLISH of the session's device. Throws `PayloadError` when the connection is to be closed unacknowledged. */
export function handlePublish(session: Session, packet: IPublishPacket): void {
	const to = route(packet.topic);
	// Chunk requests are no activity; a client-side RPC decides for itself.
	if (to.kind !== "firmware" && to.kind !== "rpcRequest") session.touch();
	if (to.kind === "gateway") return; // not a gateway: neither PUBACK nor close
	if (to.kind === "firmware") session.firmware.handle(packet, to);
	else if (to.kind === "rpcRequest") clientRpc(session, packet, to);
	else if (to.kind === "telemetry") telemetry(session, packet);
	else if (to.kind === "attributes") attributes(session, packet);
	else if (to.kind === "attributesRequest") attributesRequest(session, packet, to);
	else if (to.kind === "rpcResponse") rpcResponse(session, packet, to.id);
	else if (to.kind === "claim") claim(session, packet);
	else session.ack(packet); // unknown topics are acknowledged and lost
}

const text = ({ payload }: IPublishPacket): string => payload.toString();

function telemetry(session: Session, packet: IPublishPacket): void {
	const rows = readTelemetry(text(packet), session.clock.now());
	session.device.store(rows);
	if (rows.length) session.ack(packet);
}

function attributes(session: Session, packet: IPublishPacket): void {
	session.device.saveAttributes("CLIENT_SCOPE", readAttributes(text(packet)));
	session.ack(packet);
}

function attributesRequest(session: Session, packet: IPublishPacket, to: { style: Style; id: string }): void {
	const id = requestId(to.id);
	const members = readObject(text(packet));
	const lists = ["clientKeys", "sharedKeys"].map((name) => {
		const value = members.get(name);
		return value === undefined ? [] : javaSplit(textOf(value));
	});
	session.answers.attributes = to.style;
	session.ack(packet);
	if (id < 0) return; // acknowledged and never answered
	session.clock.after(0, () => answerAttributes(session, id, lists[0] ?? [], lists[1] ?? []));
}

/** Without any key everything is meant; a scope of which nothing was found is left out. */
function answerAttributes(session: Session, id: number, client: string[], shared: string[]): void {
	const all = !client.length && !shared.length;
	const { CLIENT_SCOPE, SHARED_SCOPE } = session.device.attributes;
	const found = [
		["client", CLIENT_SCOPE, client],
		["shared", SHARED_SCOPE, shared],
	] as const;
	const parts = found.flatMap(([name, scope, keys]) => {
		const picked = [...scope].filter(([key]) => all || keys.includes(key));
		const values = picked.map(([key, { value }]) => [key, value] as const);
		return values.length ? [`"${name}":${valuesJson(values)}`] : [];
	});
	const topic = `${forms[session.answers.attributes].attributesResponse}${id}`;
	session.publishText(topic, `{${parts.join(",")}}`);
}

function rpcResponse(session: Session, packet: IPublishPacket, id: string): void {
	const call = requestId(id);
	session.ack(packet);
	session.device.rpc.reply(call, text(packet));
}

function clientRpc(session: Session, packet: IPublishPacket, to: { style: Style; id: string }): void {
	const id = requestId(to.id);
	const members = readObject(text(packet));
	const method = textOf(members.get("method") ?? null);
	session.ack(packet);
	if (method === "getSessionLimits" && to.style === "v1") sessionLimits(session, id);
	else unanswered(session, id, to.style, `${method} ${jsonText(members.get("params") ?? null)}`);
}

/** The default rule chain only logs client-side RPC: the device hears of a timeout. */
function unanswered(session: Session, id: number, style: Style, call: string): void {
	session.touch();
	session.answers.rpc = style;
	session.core.log(`${session.device.info.name}: client-side RPC ${id} ${call}`);
	session.clock.after(session.core.settings.clientRpcTimeout, () => {
		session.publishText(`${forms[session.answers.rpc].rpcResponse}${id}`, '{"error":"timeout"}');
	});
}

/** Null limits: a tenant profile out of the box has none. */
function sessionLimits(session: Session, id: number): void {
	const limits = {
		maxPayloadSize: session.core.settings.maxPayload,
		maxInflightMessages: session.core.settings.queueLimit,
		rateLimits: { messages: null, telemetryMessages: null, telemetryDataPoints: null },
	};
	session.clock.after(0, () => session.publishText(`${forms.v1.rpcResponse}${id}`, JSON.stringify(limits)));
}

/** Claiming never has a visible result; only a payload that is no object closes. */
function claim(session: Session, packet: IPublishPacket): void {
	if (packet.payload.length) readObject(text(packet));
	session.ack(packet);
}

function requestId(id: string): number {
	const value = javaInt(id);
	if (value === undefined)
		throw new PayloadError(`request id: expected a 32-bit integer, got ${JSON.stringify(id)}`);
	return value;
}

/** Java's String.split(","): no trimming, empty parts at the end are dropped, and "" is one empty part. */
function javaSplit(list: string): string[] {
	const parts = list.split(",");
	if (list === "") return parts;
	while (parts.at(-1) === "") parts.pop();
	return parts;
}
