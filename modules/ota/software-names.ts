/** What the updater of an image takes and tells under `fw_*`, under `sw_*`. Only names are ours to change: titles and versions may be called anything. */
import type { JSONObject } from "host/contract";

/** Errors whose sentence begins with the name of an attribute, unless it begins with something that has no `fw_` in front. */
const aboutAttributes: readonly string[] = Object.freeze([
	"OTA_URL",
	"OTA_TITLE",
	"OTA_FIELD",
	"OTA_SIZE",
	"OTA_ALGORITHM",
	"OTA_CHECKSUM",
	"OTA_DOWNGRADE",
]);

const Firmware = "fw_";
const Software = "sw_";

/** It is for software, or for both: `sw_*`, the rules, `ota_retry`. */
export const isOwn = (name: string): boolean => !name.startsWith(Firmware);

/** `sw_title` is `fw_title`. */
export const toFirmware = (name: string): string =>
	name.startsWith(Software) ? Firmware + name.slice(Software.length) : name;

/** `fw_title` is `sw_title`, `current_fw_title` `current_sw_title`; the rules are the same. */
export const toSoftware = (name: string): string => name.replace(Firmware, Software);

/** An error's text, as `fw_error` has it: the attribute that it is about is one of software. */
export function softwareError(text: string): string {
	const [code = ""] = text.split(": ", 1);
	const begin = code.length + 2;
	if (!aboutAttributes.includes(code) || !text.startsWith(Firmware, begin)) return text;
	return text.slice(0, begin) + Software + text.slice(begin + Firmware.length);
}

/** Telemetry of an image's updater, as that of a mod: `sw_state`, `current_sw_title`, `sw_report` for `ota_report`. */
export function softwareTelemetry(values: JSONObject): JSONObject {
	const entries = Object.entries(values).map(([name, value]) => [
		toSoftware(name.startsWith("ota_") ? Software + name.slice(4) : name),
		name === "fw_error" ? softwareError(String(value)) : value,
	]);
	return Object.fromEntries(entries);
}
