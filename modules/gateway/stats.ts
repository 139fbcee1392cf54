/** Counters of a gateway since its construction; they only grow. */
export interface GatewayStats {
	/** Messages written on gateway topics, and the values in them. */
	messages: number;
	values: number;
	/** Entries of children in those messages: together with `messages` it says how well they were packed. */
	entries: number;
	/** Messages that came back with a lost connection, or whose acknowledgement a close cast doubt on. */
	returned: number;
	/** Times that sending had to wait for the limits of the gateway's children. */
	delayed: number;
	/** Quiet children whose sessions were refreshed. */
	refreshed: number;
	/** What was given up: the next three say why, the rest went with its child. */
	dropped: number;
	/** For want of room (TB_OUTBOX_FULL). */
	droppedFull: number;
	/** Above a limit of size or of data points (TB_TOO_LARGE). */
	droppedTooLarge: number;
	/** Since connections ended over them (TB_QUARANTINED). */
	droppedQuarantined: number;
	/** Messages of the server that are not what their topic promises (TB_MALFORMED). */
	malformed: number;
	/** Messages of the server for children that the table does not know. */
	unknown: number;
	/** Calls that were delivered again. */
	duplicates: number;
	/** Callbacks of the application that threw. */
	callbackErrors: number;
}

/** All counters at 0. */
export function makeStats(): GatewayStats {
	return {
		messages: 0,
		values: 0,
		entries: 0,
		returned: 0,
		delayed: 0,
		refreshed: 0,
		dropped: 0,
		droppedFull: 0,
		droppedTooLarge: 0,
		droppedQuarantined: 0,
		malformed: 0,
		unknown: 0,
		duplicates: 0,
		callbackErrors: 0,
	};
}
