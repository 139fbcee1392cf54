/** MQTT 5 reason codes [MQTT5 2.4] as the server uses them. MQTT 3.1.1 hears none of them. */
export const reason = {
	success: 0x00,
	noSubscription: 0x11,
	unspecified: 0x80,
	malformed: 0x81,
	implementation: 0x83,
	serverBusy: 0x8b,
	takenOver: 0x8e,
	topicFilterInvalid: 0x8f,
	topicNameInvalid: 0x90,
	quotaExceeded: 0x97,
	administrative: 0x98,
	payloadFormatInvalid: 0x99,
	maximumConnectTime: 0xa0,
} as const;

/** CONNACK codes of 3.1.1 and the reason codes that MQTT 5 gets instead (ReturnCodeResolver). */
export const connackCode = {
	accepted: { v3: 0, v5: 0x00 },
	/** No user name, no password, a client id that matches nothing. */
	identifierRejected: { v3: 2, v5: 0x85 },
	/** The profile belongs to another transport, or the back end failed. */
	unavailable: { v3: 3, v5: 0x88 },
	/** Wrong user name, or a password without one. 4 is never sent. */
	badUserName: { v3: 5, v5: 0x86 },
	/** Nothing to identify by, or a certificate that does not do. */
	notAuthorized: { v3: 5, v5: 0x87 },
	/** The message that opens a session met a rate limit. */
	rateExceeded: { v3: 3, v5: 0x9f },
} as const;

/** One row of `connackCode`. */
export type ConnackCode = { v3: number; v5: number };
