// What an operator does next after a failure, by its code; docs/ota-states.md#failures has causes and what the device does by itself.
import type { OTACode } from "../../modules/ota/errors.ts";
import type { Claim } from "./check.ts";

/** How a device is made to try the very same package again. */
export const again =
	"To try the same package again: take it away (page: Firmware -> Take away; ThingsBoard: no assigned firmware) and publish again, or give the shared attribute ota_retry a new value (Attributes).";

const itself =
	"The device tries again by itself with its next connection, or in 15 minutes, three times. Look at the link between it and the server.";
const repaired = "Publish a repaired one under another version.";
const rebuilt = "Build it again for these devices and publish it under another version.";

/** One sentence or two each. */
export const Cures: Readonly<Record<OTACode, string>> = {
	OTA_ALGORITHM:
		"The device does not know the checksum's algorithm. Upload it under another version with SHA256, as this tool does.",
	OTA_CANCELLED: "The application on the device has cancelled it. Try again when the application allows it.",
	OTA_CHECKSUM:
		"What came, twice, is not what its checksum is of. Look at what lies between server and device, and at the package on the server.",
	OTA_DELIVERY: itself,
	OTA_DOWNGRADE: "The application takes only higher versions. Publish under a higher one.",
	OTA_FIELD: "What the server says of the package is not complete. Publish it under another version.",
	OTA_FLASH:
		"The chip's flash did not do what it was told. Try again; if it stays so on this device alone, its flash is worn.",
	OTA_IDENTITY: `The image says that it is another title, version, target or XS. ${rebuilt}`,
	OTA_IMAGE: `It is no image for this chip. ${rebuilt}`,
	OTA_INSPECTION:
		"The device does not take its signature. Sign it with a key that the running firmware pins (--sign KEY.pem), under another version.",
	OTA_INTERRUPTED:
		"The device restarted ten times while it downloaded. Look at its supply and its log first, then try again.",
	OTA_POLICY: "The application on the device says itself why not. Do what it asks, then try again.",
	OTA_REVERTED: `The new firmware did not prove itself in its trial; the device runs the old one again. ${repaired}`,
	OTA_ROLLBACK:
		"The device's boot loader cannot go back after a bad update. Flash it by USB with one that can (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE).",
	OTA_SIZE: "It does not fit the device's slot. Publish a smaller one under another version.",
	OTA_SOURCE: "The server said that it cannot give the package. Look at its log, then try again.",
	OTA_STORE: `The device's store failed: it is full or worn. ${itself}`,
	OTA_SWITCH:
		"The switch to the new image was lost, or its trials ended without a verdict. Look at the device's supply, then try again.",
	OTA_TIMEOUT: itself,
	OTA_TITLE:
		"The device takes only packages of the title that it runs. Publish it under that title, or accept others in its application (option accept).",
	OTA_URL:
		"The package is only an address, which devices do not follow. Upload the file under another version.",
	OTA_VERSION: `The image is not the version that it was published under. ${rebuilt}`,
	OTA_WITHDRAWN: "The package was taken away during the update. Assign it again.",
};

/** The next step after that `fw_error`, `runs` being what the device has now. */
export function cureOf(error: string, { version }: Claim): string {
	const code = /^OTA_[A-Z]+/.exec(error)?.[0] ?? "";
	const cure = error.startsWith("OTA_REVERTED") ? reverted(error, version) : Cures[code as OTACode];
	return [cure, again].filter(Boolean).join(" ");
}

/** A restart that nobody asked for is a crash; one that somebody did may be nobody's fault. */
function reverted(error: string, version: string): string {
	const [, reset] = /got reset (\w+)/.exec(error) ?? [];
	const isCrash = reset === "PANIC" || reset?.endsWith("WDT") === true;
	const now = `; the device runs ${version || "the old one"} again.`;
	if (isCrash) return `The new firmware crashed in its trial${now} ${repaired}`;
	if (!reset) return `The new firmware did not prove itself in its trial${now} ${repaired}`;
	return `The device was restarted during the trial${now} ${repaired} If it was you who restarted it, try again.`;
}
