/** The first bytes of an image, looked at before anything is erased for it: is it one for this device, and the announced one? */
import type { Slots } from "host/contract";
import { clip, OTAError } from "ota/errors";
import type { Firmware } from "ota/firmware";
import { findIdentity } from "ota/identity";

/**
 * Bytes that are fetched first: `esp_image_header_t` (24), a segment's header (8), `esp_app_desc_t` (256), and our identity record
 * (144), which ESP-IDF's section `.rodata_custom_desc` puts right after them.
 */
export const HeadSize = 512;

/** First byte of an ESP image (`esp_image_header_t.magic`). */
const Magic = 0xe9;
const HeaderSize = 24;
const MaxSegments = 16; // ESP_IMAGE_MAX_SEGMENTS

/** What a host says about its images. */
export type ImageRules = Pick<Slots, "magic" | "chip" | "identity" | "refuse">;

/** Throws OTA_IMAGE, OTA_IDENTITY. `head` is the image's begin, `HeadSize` bytes of it or all. */
export function checkHead(head: Uint8Array<ArrayBuffer>, firmware: Firmware, rules: ImageRules): void {
	const { magic = Magic, identity } = rules;
	expect("first byte", byte(magic), byte(head[0] as number));
	if (magic === Magic) checkHeader(head, rules.chip);
	const reason = rules.refuse?.(head, firmware.size);
	if (reason !== undefined) throw fault(reason);
	if (identity) checkIdentity(head, firmware, identity);
}

function checkHeader(head: Uint8Array<ArrayBuffer>, chip: number | undefined): void {
	if (head.length < HeaderSize) throw fault(`header: expected ${HeaderSize} bytes, got ${head.length}`);
	const segments = head[1] as number;
	if (segments < 1 || segments > MaxSegments)
		throw fault(`segments: expected 1…${MaxSegments}, got ${segments}`);
	const found = (head[12] as number) | ((head[13] as number) << 8); // esp_image_header_t.chip_id
	if (chip !== undefined) expect("chip", String(chip), String(found));
}

/** The record says what the operator typed at the server cannot: for which device the image was built. */
function checkIdentity(
	head: Uint8Array<ArrayBuffer>,
	{ title, version }: Firmware,
	{ target, xs }: NonNullable<ImageRules["identity"]>,
): void {
	const found = findIdentity(head);
	if (!found) throw differs("record", "one in the first bytes", "none");
	const wanted = { title, version, target, xs: xs ?? found.xs };
	for (const name of ["title", "version", "target", "xs"] as const)
		if (found[name] !== wanted[name])
			throw differs(name, `"${clip(wanted[name])}"`, `"${clip(found[name])}"`);
}

function expect(what: string, wanted: string, came: string): void {
	if (wanted !== came) throw fault(`${what}: expected ${wanted}, got ${came}`);
}

const fault = (text: string): OTAError => new OTAError("OTA_IMAGE", text);

const differs = (what: string, expected: string, came: string): OTAError =>
	new OTAError("OTA_IDENTITY", `identity ${what}: expected ${expected}, got ${came}`);

const byte = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, "0")}`;
