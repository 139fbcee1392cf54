import type { IPublishPacket } from "mqtt-packet";
import { readAttributes, readKeys, readObject } from "../telemetry.ts";
import { valuesJson } from "../values.ts";
import { jsonOf, payloadOf, requestId } from "./payload.ts";
import type { Session } from "./session.ts";
import { forms, type Style } from "./topics.ts";

/** Stores client attributes. */
export function attributes(session: Session, packet: IPublishPacket, { style }: { style: Style }): void {
	const values = readAttributes(jsonOf(session, packet, style, "attributes"));
	session.admit(values.size);
	session.device.saveAttributes("CLIENT_SCOPE", values);
	session.ack(packet);
}

/** Answers a request for attributes in its own spelling. */
export function attributesRequest(
	session: Session,
	packet: IPublishPacket,
	to: { style: Style; id: string },
): void {
	const id = requestId(to.id);
	const members = readObject(jsonOf(session, packet, to.style, "attributesRequest"));
	const client = readKeys(members.get("clientKeys"));
	const shared = readKeys(members.get("sharedKeys"));
	session.admit();
	session.answers.attributes = to.style;
	session.ack(packet);
	if (id < 0) return; // acknowledged and never answered
	session.clock.after(0, () => answer(session, id, client, shared));
}

/** Without any key everything is meant; a scope of which nothing was found is left out. */
function answer(session: Session, id: number, client: string[], shared: string[]): void {
	const all = !client.length && !shared.length;
	const { CLIENT_SCOPE, SHARED_SCOPE } = session.device.attributes;
	const found = [
		["client", CLIENT_SCOPE, new Set(client)],
		["shared", SHARED_SCOPE, new Set(shared)],
	] as const;
	const parts = found.flatMap(([name, scope, keys]) => {
		const picked = [...scope].filter(([key]) => all || keys.has(key));
		const values = picked.map(([key, { value }]) => [key, value] as const);
		return values.length ? [`"${name}":${valuesJson(values)}`] : [];
	});
	const style = session.answers.attributes;
	const payload = payloadOf(session, style, "attributesResponse", id, `{${parts.join(",")}}`);
	session.answer(`${forms[style].attributesResponse}${id}`, payload);
}
