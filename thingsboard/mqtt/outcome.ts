// What a failed PUBLISH means on the wire: the server's table of acknowledgements and closes.
import type { IPublishPacket } from "mqtt-packet";
import { LimitError, PayloadError, StructureError, UnmappedError } from "../errors.ts";
import { reason } from "./reasons.ts";

/** What the table looks at and acts on. */
export interface Offended {
	/** 5 is told why. */
	readonly version: number;
	/** The profile's `sendAckOnValidationException`. */
	readonly forgiving: boolean;
	ack(packet: IPublishPacket, code?: number): void;
	ackNow(packet: IPublishPacket, code?: number): void;
	close(why: string, code: number): void;
}

/** Answers a PUBLISH that could not be processed. Errors that the server does not know are thrown on. */
export function refuse(session: Offended, packet: IPublishPacket, error: unknown): void {
	if (error instanceof PayloadError) invalid(session, packet, error.message);
	else if (error instanceof StructureError) punished(session, packet, error.message);
	else if (error instanceof LimitError) session.close(error.message, reason.implementation);
	else if (error instanceof UnmappedError) session.close(error.message, reason.serverBusy);
	else throw error;
}

function punished(session: Offended, packet: IPublishPacket, why: string): void {
	session.ackNow(packet, reason.implementation);
	session.close(why, reason.implementation);
}

function invalid(session: Offended, packet: IPublishPacket, why: string): void {
	const kept = packet.qos > 0 && (session.version === 5 || session.forgiving);
	if (kept) session.ack(packet, reason.payloadFormatInvalid);
	else session.close(why, reason.payloadFormatInvalid);
}
