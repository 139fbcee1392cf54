// Whether devices that pin keys would take a package, and whether they still would ask for a signature after it.
import { CheckError } from "./errors.ts";
import { isSigned, keyIdOf, signerOf } from "./sign.ts";

/**
 * `keys`: what manifest.json pins, which is what the firmware in this folder will ask of the next package, and most likely what the running
 * one asks of this one. Returns a warning, if any. @throws CheckError for a package without a signature where keys are pinned
 */
export function checkSigner(pack: Buffer, keys: readonly string[]): string | undefined {
	if (!keys.length) return undefined;
	if (!isSigned(pack))
		throw new CheckError(
			`signature: expected one, got none; manifest.json pins ${keys.length} key${keys.length === 1 ? "" : "s"}: sign with --sign KEY.pem`,
		);
	const signer = signerOf(pack);
	if (keys.some((key) => keyIdOf(Buffer.from(key, "hex")).equals(signer))) return undefined;
	return `signed by key ${signer.toString("hex")}, which manifest.json does not pin: devices take it only if what they run does`;
}

/** A warning for a firmware that pins nothing although manifest.json does: it would be the last one that had to be signed. */
export function checkPins(image: Buffer, keys: readonly string[]): string | undefined {
	if (!keys.length || keys.some((key) => image.includes(key))) return undefined;
	return "the image holds none of the keys that manifest.json pins (updateKeys): whoever runs it takes unsigned packages from then on; build it again with this manifest.json";
}
