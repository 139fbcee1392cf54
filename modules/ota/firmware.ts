/** What ThingsBoard's `fw_*` attributes ask for, and whether this device can do it. Pure: decides, touches nothing. */
import type { JSONObject, JSONValue } from "host/contract";
import { algorithms, digestLength } from "ota/checksum";
import { clip, flashError, OTAError } from "ota/errors";
import { type Accept, refusal } from "ota/version";

/** A complete and acceptable package. */
export interface Firmware {
	readonly title: string;
	readonly version: string;
	/** Bytes. */
	readonly size: number;
	readonly algorithm: string;
	/** Lower-case hex. */
	readonly checksum: string;
}

/** What runs now. */
export interface Current {
	readonly title: string;
	readonly version: string;
}

/**
 * `nothing`: no package is assigned, or its attributes are still incomplete. `same`: it is what runs already.
 * `refused`: it cannot be used, and why. `wanted`: download it.
 */
export type Decision =
	| { kind: "nothing" | "same" }
	| { kind: "refused"; error: OTAError }
	| { kind: "wanted"; firmware: Firmware };

/** Shared attributes that announce a package. */
export const firmwareNames: readonly string[] = Object.freeze([
	"fw_title",
	"fw_version",
	"fw_size",
	"fw_checksum_algorithm",
	"fw_checksum",
	"fw_url",
]);

/**
 * Adds the `fw_*` of `values` to what is known. Another title or version starts afresh: the server deletes the attributes
 * that no longer apply in a message of its own, before or after this one (ThingsBoard 8.1).
 */
export function merge(known: JSONObject, values: JSONObject): JSONObject {
	const changed = ["fw_title", "fw_version"].some((key) => key in values && values[key] !== known[key]);
	const merged: JSONObject = changed ? {} : { ...known };
	for (const key of firmwareNames)
		if (values[key] !== undefined && values[key] !== null) merged[key] = values[key];
	return merged;
}

/** Decides about the attributes; `room` tells the size of the slot in bytes, and may throw. */
export function decide(offer: JSONObject, current: Current, room: () => number, accept?: Accept): Decision {
	const { fw_title: title, fw_version: version } = offer;
	if (title === undefined || version === undefined) return { kind: "nothing" };
	if (title === current.title && version === current.version) return { kind: "same" };
	if (offer.fw_url)
		return refuse("OTA_URL", `fw_url: expected an uploaded package, got ${show(offer.fw_url)}`);
	if (firmwareNames.some((key) => key !== "fw_url" && offer[key] === undefined)) return { kind: "nothing" };
	const error = fault(offer, current, room, accept);
	return error ? { kind: "refused", error } : { kind: "wanted", firmware: firmwareOf(offer) };
}

/** Tells packages apart: hold and quarantine are kept by it. */
export function keyOf({
	title,
	version,
	checksum,
}: Pick<Firmware, "title" | "version" | "checksum">): string {
	return JSON.stringify([title, version, checksum]);
}

function fault(
	offer: JSONObject,
	current: Current,
	room: () => number,
	accept: Accept | undefined,
): OTAError | undefined {
	const { fw_title: title, fw_version: version, fw_size: size } = offer;
	if (!isName(version))
		return new OTAError("OTA_FIELD", `fw_version: expected a string of one line, got ${show(version)}`);
	if (!isName(title))
		return new OTAError("OTA_FIELD", `fw_title: expected a string of one line, got ${show(title)}`);
	const refused = refusal({ title, version }, current, accept);
	if (refused) return refused;
	if (typeof size !== "number" || !Number.isInteger(size) || size <= 0)
		return new OTAError("OTA_SIZE", `fw_size: expected a positive integer, got ${show(size)}`);
	return roomFault(size, room) ?? checksumFault(offer.fw_checksum_algorithm, offer.fw_checksum);
}

function roomFault(size: number, room: () => number): OTAError | undefined {
	try {
		const most = room();
		if (size <= most) return undefined;
		return new OTAError("OTA_SIZE", `fw_size: expected at most ${most} bytes, got ${size}`);
	} catch (error) {
		return flashError("look at the slot", error);
	}
}

function checksumFault(
	algorithm: JSONValue | undefined,
	checksum: JSONValue | undefined,
): OTAError | undefined {
	const length = digestLength(algorithm);
	if (!length)
		return new OTAError(
			"OTA_ALGORITHM",
			`fw_checksum_algorithm: expected one of ${algorithms.join(", ")}, got ${show(algorithm)}`,
		);
	if (typeof checksum === "string" && checksum.length === length * 2 && isHex(checksum)) return undefined;
	return new OTAError(
		"OTA_CHECKSUM",
		`fw_checksum: expected ${length * 2} hex digits for ${algorithm}, got ${show(checksum)}`,
	);
}

function firmwareOf(offer: JSONObject): Firmware {
	return {
		title: offer.fw_title as string,
		version: offer.fw_version as string,
		size: offer.fw_size as number,
		algorithm: offer.fw_checksum_algorithm as string,
		checksum: (offer.fw_checksum as string).toLowerCase(),
	};
}

/** Control characters are six bytes each in the store's records, which take 1984. */
const isName = (value: JSONValue | undefined): value is string =>
	typeof value === "string" && !Array.from(value).some((char) => char < " ");

function isHex(text: string): boolean {
	for (const digit of text.toLowerCase()) if (!"0123456789abcdef".includes(digit)) return false;
	return true;
}

function refuse(code: "OTA_URL", text: string): Decision {
	return { kind: "refused", error: new OTAError(code, text) };
}

const show = (value: JSONValue | undefined): string => clip(String(JSON.stringify(value)));
