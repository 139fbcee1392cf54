import type { TBError } from "tbclient/errors";

/** Counters of a client since its construction; but for the round trip they only grow. No credential is in them. */
export interface Stats {
	/** Connections that were accepted and subscribed. */
	connects: number;
	/** Attempts that the server refused (TB_REFUSED, TB_CREDENTIALS). */
	refused: number;
	/** Attempts that failed and connections that ended otherwise. */
	lost: number;
	/** Ends that speak for another client with the same credentials (TB_TAKEN_OVER). */
	takenOver: number;
	/** Connections that the client itself ended before the server's packet identifiers ran out (TB_RENEWED). */
	renewed: number;
	/** Messages written for the first time. */
	sent: number;
	/** The same again, after a loss. */
	resent: number;
	/** PUBACKs for those of QoS 1. */
	acknowledged: number;
	/** Messages that had to wait for one of the server's rate limits. */
	delayed: number;
	/** Inbound messages on known topics, without firmware and without what was too large. */
	received: number;
	/**
	 * Messages given up, outbound and inbound; the next three say why, the rest was forgotten with its connection (TB_DISCONNECTED), or
	 * could not be stored (TB_STORE).
	 */
	dropped: number;
	/** For want of room in the outbox, or to make room there (TB_OUTBOX_FULL). */
	droppedFull: number;
	/** Above a limit of size or of data points, in either direction (TB_TOO_LARGE). */
	droppedTooLarge: number;
	/** Since connections ended over them (TB_QUARANTINED). */
	droppedQuarantined: number;
	/** Most messages that were kept at the same time, and most payload bytes of theirs. */
	peakMessages: number;
	peakBytes: number;
	/** ms from a message to its PUBACK: a moving average of about 8, and the longest. */
	roundTrip: number;
	roundTripMax: number;
	/** Numbers left out since the server cannot store them (TB_VALUE). */
	unstorable: number;
	/** Readings sent without their time, which was not known by then. */
	undated: number;
	/** Inbound messages that are not what their topic promises (TB_MALFORMED). */
	malformed: number;
	/** Inbound messages on topics that mean nothing to us; they are read and forgotten. */
	unknown: number;
	/** RPCs delivered again while the first delivery is unanswered. */
	duplicates: number;
	/** Callbacks of the application that threw. */
	callbackErrors: number;
}

/** All counters at 0. */
export function makeStats(): Stats {
	return {
		connects: 0,
		refused: 0,
		lost: 0,
		takenOver: 0,
		renewed: 0,
		sent: 0,
		resent: 0,
		acknowledged: 0,
		delayed: 0,
		received: 0,
		dropped: 0,
		droppedFull: 0,
		droppedTooLarge: 0,
		droppedQuarantined: 0,
		peakMessages: 0,
		peakBytes: 0,
		roundTrip: 0,
		roundTripMax: 0,
		unstorable: 0,
		undated: 0,
		malformed: 0,
		unknown: 0,
		duplicates: 0,
		callbackErrors: 0,
	};
}

/** Counts the end of a connection or an attempt. */
export function count(stats: Stats, { code }: TBError): void {
	if (code === "TB_REFUSED" || code === "TB_CREDENTIALS") stats.refused += 1;
	else if (code === "TB_TAKEN_OVER") stats.takenOver += 1;
	else if (code === "TB_RENEWED") stats.renewed += 1;
	else if (code !== "TB_CLOCK") stats.lost += 1;
}

/** Counts a message that was given up. */
export function countDrop(stats: Stats, { code }: TBError): void {
	stats.dropped += 1;
	if (code === "TB_OUTBOX_FULL") stats.droppedFull += 1;
	else if (code === "TB_TOO_LARGE") stats.droppedTooLarge += 1;
	else if (code === "TB_QUARANTINED") stats.droppedQuarantined += 1;
}

/** Counts a PUBACK that took `ms`. */
export function countAnswer(stats: Stats, ms: number): void {
	stats.acknowledged += 1;
	stats.roundTrip = stats.acknowledged === 1 ? ms : Math.round((7 * stats.roundTrip + ms) / 8);
	stats.roundTripMax = Math.max(stats.roundTripMax, ms);
}
