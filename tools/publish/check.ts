// What must be true of an image before a fleet may have it: it runs, it is who it says, and it fits.
import "../../test/setup.ts"; // what XS has and Node has not: the device's own check is called here

import { findIdentity } from "../../hosts/virtual/identity.ts";
import { readImage } from "../../hosts/virtual/image.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";
import { ChipId, Target, XSVersion } from "../../hosts/virtual/target.ts";
import { checkHead, HeadSize, type ImageRules } from "../../modules/ota/header.ts";
import { CheckError } from "./errors.ts";

/** ESP_IMAGE_HEADER_MAGIC (esp_app_format.h). */
const Magic = 0xe9;

/** What the operator says the image is. */
export interface Claim {
	title: string;
	version: string;
}

/** Bytes of the application slot, the one as long as the other. */
export const slotSize = (): number => readPartitions().find("ota_0").size;

/** Bytes of the partition for mods. */
export const modSize = (): number => readPartitions().find("xs").size;

/** The package, trailer included, fits a slot. @throws CheckError */
export function checkSize(bytes: Uint8Array, size = slotSize(), where = "a slot"): void {
	if (bytes.length > size)
		throw new CheckError(
			`size: expected at most ${size} bytes (${where} of hosts/esp32/partitions.csv), got ${bytes.length}`,
		);
}

/**
 * A bootloader would start the image, and a device would take it by its first bytes. `chip`: `esp_chip_id_t` of the devices; a virtual
 * board's is always an ESP32's. Returns the target. @throws CheckError
 */
export function checkFirmware(image: Buffer, claim: Claim, chip: number): string {
	checkMagic(image);
	const target = checkIdentity(image, claim);
	const isVirtual = target === Target;
	const rules: ImageRules = {
		chip: isVirtual ? ChipId : chip,
		identity: isVirtual ? { target, xs: XSVersion } : { target: "esp32" }, // hosts/esp32/slots.ts
	};
	try {
		const head = new Uint8Array(image.subarray(0, HeadSize));
		checkHead(head, { ...claim, size: image.length, algorithm: "", checksum: "" }, rules);
		readImage(image, rules.chip);
	} catch (error) {
		throw new CheckError(`${error instanceof Error ? error.message : error}${cureOf(error)}`);
	}
	return target;
}

/** Another file by mistake is the likeliest fault of all. @throws CheckError */
function checkMagic(image: Buffer): void {
	if (image[0] === Magic) return;
	const start = image.toString("latin1", 0, 16);
	const text = /^[\x20-\x7e\s]+$/.test(start) ? `, the text ${JSON.stringify(start)}` : "";
	const got = image.length ? `0x${image.toString("hex", 0, 1).toUpperCase()}${text}` : "an empty file";
	throw new CheckError(`--image: expected an ESP32 image (first byte 0xE9), got ${got}`);
}

/** The identity record says what the operator says: a device compares them. Returns the target. @throws CheckError */
export function checkIdentity(image: Buffer, { title, version }: Claim): string {
	const found = findIdentity(image);
	if (!found)
		throw new CheckError("identity: expected the record of title and version in the image, found none");
	const { identity } = found;
	for (const [name, wanted] of Object.entries({ title, version }))
		if (identity[name as "title" | "version"] !== wanted)
			throw new CheckError(
				`identity ${name}: expected "${wanted}" in the image, got "${identity[name as "title" | "version"]}" (npm version sets it)`,
			);
	return identity.target;
}

const cureOf = (error: unknown): string =>
	String(error).includes("chip: ") ? " (--chip says which one the devices have)" : "";
