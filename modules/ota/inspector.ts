/** A second opinion about a package, beside its checksum: the place for signatures. */
import type { Firmware } from "ota/firmware";

/** One per download. Throwing fails the update as a failure of flash does. */
export interface Inspector {
	/** Every byte of the package once, in order, those kept over a restart included. The view is valid during the call only. */
	write(bytes: Uint8Array<ArrayBuffer>): void;
	/** After the last byte, when the checksum is right: why the package must not be activated, or undefined. */
	close(): string | undefined;
}

/** Makes one for a package. Throwing refuses the package. */
export type Inspect = (firmware: Firmware) => Inspector;
