// What must be true of an image before a fleet may have it.
import { XSVersion as ArchiveXS, archiveLength } from "../../hosts/simulator/archive.ts";
import { findIdentity } from "../../hosts/virtual/identity.ts";
import { readMod } from "../../hosts/virtual/mod.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";

/** A reason not to publish; the message says what was expected and what came. */
export class CheckError extends Error {}

/** What the operator says the image is. */
export interface Claim {
	title: string;
	version: string;
}

const Readable = 6; // shortest secret that is looked for: shorter ones are found by chance
/** What a private key looks like: PEM's first line, and DER of PKCS#8 for P-256 and RSA (RFC 5915, RFC 8017). */
const Keys: readonly { what: string; bytes: Buffer }[] = [
	{ what: "a private key in PEM", bytes: Buffer.from("PRIVATE KEY-----") },
	{
		what: "a private key of P-256 in DER",
		bytes: Buffer.from("020100301306072a8648ce3d020106082a8648ce3d030107", "hex"),
	},
	{ what: "an RSA private key in DER", bytes: Buffer.from("020100300d06092a864886f70d0101010500", "hex") },
];

/** Bytes of the application slot, the one as long as the other. */
export const slotSize = (): number => readPartitions().find("ota_0").size;

/** The package, trailer included, fits a slot. @throws CheckError */
export function checkSize(bytes: Uint8Array, size = slotSize(), where = "a slot"): void {
	if (bytes.length > size)
		throw new CheckError(
			`size: expected at most ${size} bytes (${where} of hosts/esp32/partitions.csv), got ${bytes.length}`,
		);
}

/** Bytes of the partition for mods. */
export const modSize = (): number => readPartitions().find("xs").size;

/**
 * It is a mod that an engine of ours takes: the virtual board's, whose record must say what the operator says, or an archive of the SDK, which
 * has no record. Returns the target. @throws CheckError
 */
export function checkMod(mod: Buffer, claim: Claim): string {
	if (mod.toString("latin1", 4, 8) === "XS_A") return checkArchive(mod);
	if (!readMod(mod))
		throw new CheckError(
			`mod: expected an archive for XS ${ArchiveXS} (.xsa) or a mod for the virtual board, got neither`,
		);
	return checkIdentity(mod, claim);
}

function checkArchive(mod: Buffer): string {
	try {
		archiveLength((offset, length) => mod.subarray(offset, offset + length), mod.length);
	} catch (error) {
		throw new CheckError(`mod: ${(error as Error).message}`);
	}
	return `XS ${ArchiveXS}, title and version as you say`;
}

/** The identity record says what the operator says: a device compares them. @throws CheckError */
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

/** Nothing secret is in it: no private key, and none of the texts that must stay secret. @throws CheckError, which does not repeat it */
export function checkSecrets(image: Buffer, secrets: Readonly<Record<string, string>>): void {
	for (const { what, bytes } of Keys)
		if (image.includes(bytes)) throw new CheckError(`secrets: expected none in the image, found ${what}`);
	for (const [what, text] of Object.entries(secrets))
		if (text.length >= Readable && image.includes(text))
			throw new CheckError(`secrets: expected none in the image, found ${what}`);
}
