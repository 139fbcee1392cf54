/** Everything that can end an update, as `fw_error` shows it to the operator. */

/** What went wrong; the cure of each is in docs/ota-states.md. */
export type OTACode =
	| "OTA_ALGORITHM"
	| "OTA_CANCELLED"
	| "OTA_CHECKSUM"
	| "OTA_DELIVERY"
	| "OTA_DOWNGRADE"
	| "OTA_FIELD"
	| "OTA_FLASH"
	| "OTA_IDENTITY"
	| "OTA_IMAGE"
	| "OTA_INSPECTION"
	| "OTA_INTERRUPTED"
	| "OTA_POLICY"
	| "OTA_REVERTED"
	| "OTA_ROLLBACK"
	| "OTA_SIZE"
	| "OTA_SOURCE"
	| "OTA_STORE"
	| "OTA_SWITCH"
	| "OTA_TIMEOUT"
	| "OTA_TITLE"
	| "OTA_URL"
	| "OTA_VERSION"
	| "OTA_WITHDRAWN";

/**
 * What the updater does after a failure.
 * `fresh`: one download from byte 0, then quarantine. `never`: quarantine at once. `reconnect`: again with the next connection, a few times.
 * `hold`: nothing until another package, a withdrawal, `retry()` or a restart.
 */
export type Cure = "fresh" | "never" | "reconnect" | "hold";

const cures: { readonly [code: string]: Cure } = Object.freeze({
	OTA_CHECKSUM: "fresh",
	OTA_FLASH: "fresh",
	OTA_IMAGE: "fresh",
	OTA_IDENTITY: "never",
	OTA_INSPECTION: "never",
	OTA_INTERRUPTED: "never",
	OTA_DELIVERY: "reconnect",
	OTA_STORE: "reconnect",
	OTA_TIMEOUT: "reconnect",
});

const Longest = 200; // characters of fw_error; ThingsBoard takes more, an operator does not

/** A failure of an update: `code`, and a text that names what was attempted, what was expected and what came. */
export class OTAError extends Error {
	/** Defined, not assigned: XS freezes Error.prototype, and assigning to what is inherited read-only throws. */
	override readonly name = "OTAError";
	/** One word for programs. */
	readonly code: OTACode;

	constructor(code: OTACode, text: string, cause?: unknown) {
		super(clip(text, Longest));
		this.code = code;
		if (cause !== undefined) this.cause = cause;
	}

	/** The text of the telemetry key `fw_error`. */
	override toString(): string {
		return `${this.code}: ${this.message}`;
	}
}

/** What helps against a failure of this kind. */
export function cureOf(code: OTACode): Cure {
	return cures[code] ?? "hold";
}

/** A failed operation of `Slots`, with the chip's own name for it. */
export function flashError(attempt: string, cause: unknown): OTAError {
	return new OTAError("OTA_FLASH", `${attempt}: ${nameOf(cause)}`, cause);
}

/** A failed operation of `Store`. */
export function storeError(attempt: string, cause: unknown): OTAError {
	return new OTAError("OTA_STORE", `${attempt}: ${nameOf(cause)}`, cause);
}

/** At most `length` characters of something that came from outside. */
export function clip(text: string, length = 60): string {
	return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** `esp_err_t` by name where the host tells it, else the error's own words. */
function nameOf(cause: unknown): string {
	const { codeName, message } = Object(cause) as { codeName?: string; message?: string };
	return clip(codeName ?? message ?? String(cause), 80);
}
