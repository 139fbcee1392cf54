/** Everything that TBClient reports; the cure of each code is in docs/errors.md. */
export type TBCode =
	| "TB_CALLBACK"
	| "TB_CHILD"
	| "TB_CLOCK"
	| "TB_CREDENTIALS"
	| "TB_DISCONNECTED"
	| "TB_LOST"
	| "TB_MALFORMED"
	| "TB_NOT_GATEWAY"
	| "TB_OUTBOX_FULL"
	| "TB_PROVISION"
	| "TB_QUARANTINED"
	| "TB_REFUSED"
	| "TB_RENEWED"
	| "TB_RPC"
	| "TB_STORE"
	| "TB_SUBSCRIBE"
	| "TB_TAKEN_OVER"
	| "TB_TIMEOUT"
	| "TB_TLS"
	| "TB_TOO_LARGE"
	| "TB_VALUE";

/** A failure that the world caused: `code` for programs, a message with what was attempted, expected and what came. */
export class TBError extends Error {
	/** Defined, not assigned: XS freezes Error.prototype, and assigning to what is inherited read-only throws. */
	override readonly name = "TBError";
	/** Stable; the table is in docs/errors.md. */
	readonly code: TBCode;

	/** `cause` is what was thrown below, if anything was. */
	constructor(code: TBCode, text: string, cause?: unknown) {
		super(text);
		this.code = code;
		if (cause !== undefined) this.cause = cause;
	}

	/** Code and message. */
	override toString(): string {
		return `${this.code}: ${this.message}`;
	}
}

/** The message of anything that was thrown. Never throws itself. */
export function reasonOf(cause: unknown): string {
	try {
		return cause instanceof Error ? cause.message : String(cause);
	} catch {
		return "a value without text";
	}
}

const refusals: readonly string[] = [
	"",
	"protocol version not accepted; use a server that speaks MQTT 3.1.1",
	"client identifier not accepted; set `token`, or a `clientId` that the server knows",
	"server unavailable; check that the device profile's transport is MQTT",
	"bad user name or password; check `token`, or `userName` and `password`, against the device's credentials",
	"not authorized; check `token`, `userName` and `password`, or the client certificate, against the device's credentials",
];

/**
 * The error for a CONNACK that refuses (MQTT 3.1.1 table 3.1): names the code and its cure, never a credential. ThingsBoard sends 2
 * and 5 for credentials that it does not know, and 3 when it is busy.
 */
export function refusal(code: number): TBError {
	return new TBError(
		code === 2 || code === 4 || code === 5 ? "TB_CREDENTIALS" : "TB_REFUSED",
		`connect: expected CONNACK 0, got ${code} (${refusals[code] ?? "reserved code"})`,
	);
}
