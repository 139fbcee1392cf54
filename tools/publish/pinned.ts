// Whether devices that pin keys would take a package.
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
			`signature: expected one of the ${keys.length} keys that manifest.json pins (updateKeys), got none: --sign`,
		);
	const signer = signerOf(pack);
	if (keys.some((key) => keyIdOf(Buffer.from(key, "hex")).equals(signer))) return undefined;
	return `signed by key ${signer.toString("hex")}…, which manifest.json does not pin: devices take it only if what they run does`;
}
