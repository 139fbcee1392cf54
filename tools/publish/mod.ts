// What must be true of a mod: XS ends the machine when it finds a fault in an archive, so it is found here.
import { XSVersion as ArchiveXS, inspect } from "../../hosts/simulator/archive.ts";
import { readMod } from "../../hosts/virtual/mod.ts";
import { type Claim, checkIdentity } from "./check.ts";
import { CheckError } from "./errors.ts";

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

/** By the device's own rule. */
function checkArchive(mod: Buffer): string {
	const fault = inspect((offset, count) => mod.subarray(offset, offset + count), mod.length);
	if (fault !== undefined) throw new CheckError(fault);
	return `XS ${ArchiveXS}, title and version as you say`;
}
