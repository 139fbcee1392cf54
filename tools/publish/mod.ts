// What must be true of a mod: XS ends the machine when it finds a fault in an archive, so it is found here.
import { XSVersion as ArchiveXS, archiveLength } from "../../hosts/simulator/archive.ts";
import { readMod } from "../../hosts/virtual/mod.ts";
import { type Claim, checkIdentity } from "./check.ts";
import { CheckError } from "./errors.ts";

interface Atom {
	name: string;
	/** Of its content, from the archive's begin. */
	at: number;
	end: number;
}

/** In this order; sizes where XS compares them (`fxMapArchive` in xsAPI.c of SDK 8.2.3). */
const Atoms: readonly { name: string; size?: number }[] = [
	{ name: "VERS", size: 12 },
	{ name: "SIGN", size: 24 },
	...["NAME", "SYMB", "IDEN", "MAPS", "MODS", "RSRC"].map((name) => ({ name })),
];
const Head = 8; // length and name

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
	let length: number;
	try {
		length = archiveLength((offset, count) => mod.subarray(offset, offset + count), mod.length);
	} catch (error) {
		throw new CheckError(`mod: ${(error as Error).message}`);
	}
	const atoms = atomsOf(mod, Head, length);
	for (const [index, { name, size }] of Atoms.entries()) {
		const found = atoms[index];
		const length = found && found.end - found.at + Head;
		if (found?.name !== name || (size !== undefined && length !== size))
			throw new CheckError(
				`mod: expected ${name}${size ? ` of ${size} bytes` : ""} as part ${index + 1} of the archive, got ${found ? `${found.name} of ${length}` : "its end"}`,
			);
	}
	checkPairs(mod, atoms[6] as Atom, "CODE", 1);
	checkPairs(mod, atoms[7] as Atom, "DATA", 0);
	return `XS ${ArchiveXS}, title and version as you say`;
}

/** Modules and resources: a path before each. A mod without a module replaces nothing. */
function checkPairs(mod: Buffer, { name, at, end }: Atom, second: string, least: number): void {
	const names = atomsOf(mod, at, end).map((atom) => atom.name);
	const isPaired =
		names.length % 2 === 0 && names.every((found, index) => found === (index % 2 ? second : "PATH"));
	if (!isPaired || names.length < 2 * least)
		throw new CheckError(
			`mod: expected PATH and ${second} by turns in ${name}, got ${names.join(" ") || "nothing"}`,
		);
}

/** Atoms that fill the range, as far as they do. */
function atomsOf(mod: Buffer, from: number, end: number): Atom[] {
	const atoms: Atom[] = [];
	for (let at = from; at < end; ) {
		const size = at + Head <= end ? mod.readUInt32BE(at) : 0;
		if (size < Head || at + size > end)
			throw new CheckError(`mod: expected ${Head} to ${end - at} bytes of a part at ${at}, got ${size}`);
		atoms.push({ name: mod.toString("latin1", at + 4, at + Head), at: at + Head, end: at + size });
		at += size;
	}
	return atoms;
}
