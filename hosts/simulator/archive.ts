// What can be checked of a mod archive before it is run. XS itself checks no more, and ends the machine when it finds a fault.

/** Reads `length` bytes at `offset` of whatever holds the archive; bytes past its end are 0xFF. */
export type Read = (offset: number, length: number) => Uint8Array;

/** XS of SDK 8.2.3: an archive's byte code fits this major and minor version only. `npm run test:sdk` compares it with the SDK. */
export const XSVersion = "17.7";

/** Atoms of a mod, in the order in which XS expects them. */
const Atoms: readonly string[] = Object.freeze([
	"VERS",
	"SIGN",
	"NAME",
	"SYMB",
	"IDEN",
	"MAPS",
	"MODS",
	"RSRC",
]);
/** Bytes of those atoms whose size XS compares (`fxMapArchive` in xsAPI.c). */
const Sizes: Readonly<Record<string, number>> = Object.freeze({ VERS: 12, SIGN: 24 });
/** `check` and `mod/config` are mcrun's own. */
const Names: readonly string[] = Object.freeze(["app", "check"]);
const Folders: readonly string[] = Object.freeze(["app/", "mod/"]);
const LongestName = 64; // bytes, the zero at the end included
const MostEntries = 256; // modules, and resources: each costs a few reads of flash in one turn

const HeaderBytes = 20; // XS_A: length and name; VERS: length, name and four numbers

const uint32 = (bytes: Uint8Array, at: number): number =>
	new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
const name = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

/**
 * Length of the archive in bytes.
 * @throws Error that names what was expected and what came: not an archive, made for another XS, or longer than `size`.
 */
export function archiveLength(read: Read, size: number): number {
	const length = headLength(read, size);
	whole(read, length);
	return length;
}

/** Why XS would not take an archive of at most `size` bytes that begins like this, or undefined. */
export function refuse(head: Uint8Array, size: number): string | undefined {
	try {
		headLength((offset, length) => head.subarray(offset, offset + length), size);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

/**
 * Why a device must not take this mod, or undefined: it is not as XS needs it, or it has a module that is not a mod's to replace. XS asks the
 * archive first for every module that is not preloaded: with `main` or `host/store` in it, what takes a bad mod away would never run.
 */
export function inspect(read: Read, size: number): string | undefined {
	try {
		let at = 8;
		const length = headLength(read, size);
		for (const wanted of Atoms) {
			const end = atomEnd(read, at, length, wanted);
			const size = Sizes[wanted] ?? end - at;
			if (end - at !== size) throw new Error(`mod atom ${wanted}: expected ${size} bytes, got ${end - at}`);
			if (wanted === "MODS" && !entries(read, at + 8, end, "CODE", allow))
				throw new Error("mod modules: expected one at least, got none");
			if (wanted === "RSRC") entries(read, at + 8, end, "DATA", anything);
			at = end;
		}
		if (at !== length) throw new Error(`mod: expected an end at ${at}, got ${length - at} bytes more`);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

/** Pairs of a name and what it is the name of; returns how many. */
function entries(
	read: Read,
	begin: number,
	end: number,
	what: string,
	look: (read: Read, from: number, to: number) => void,
): number {
	let count = 0;
	for (let at = begin; at < end; ) {
		if (++count > MostEntries) throw new Error(`mod: expected at most ${MostEntries} of ${what}, got more`);
		const middle = atomEnd(read, at, end, "PATH");
		look(read, at + 8, middle);
		at = atomEnd(read, middle, end, what);
	}
	return count;
}

/** Where the atom at `at` ends, which is of that name and within `most`. */
function atomEnd(read: Read, at: number, most: number, wanted: string): number {
	const atom = read(at, Math.min(8, most - at));
	const [size, found] = atom.length < 8 ? [0, ""] : [uint32(atom, 0), name(atom, 4)];
	if (found !== wanted || size < 8 || at + size > most)
		throw new Error(
			`mod atom at ${at}: expected ${wanted} of 8 to ${most - at} bytes, got ${found} of ${size}`,
		);
	return at + size;
}

/** What resources are called concerns the mod alone. */
const anything = (): void => {};

/** XS compares names up to a zero. */
function allow(read: Read, from: number, to: number): void {
	const bytes = read(from, Math.min(to - from, LongestName));
	const end = bytes.indexOf(0);
	const module = String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
	if (end >= 0 && (Names.includes(module) || Folders.some((folder) => module.startsWith(folder)))) return;
	throw new Error(`mod modules: expected app, ${Folders.join("… and ")}… alone, got "${module}"`);
}

function headLength(read: Read, size: number): number {
	const header = read(0, HeaderBytes);
	if (header.length < HeaderBytes)
		throw new Error(`image: expected a header of ${HeaderBytes} bytes, got ${header.length}`);
	const magic = name(header, 4);
	if (magic !== "XS_A")
		throw new Error(`image magic: expected "XS_A", got ${uint32(header, 4).toString(16)}`);
	const length = uint32(header, 0);
	if (length < HeaderBytes || length > size)
		throw new Error(`image length: expected ${HeaderBytes} to ${size} bytes, got ${length}`);
	const version = `${header[16]}.${header[17]}`;
	if (name(header, 12) !== "VERS" || version !== XSVersion)
		throw new Error(`image engine: expected XS ${XSVersion}, got ${version}`);
	return length;
}

/** The atoms fill the archive exactly: a cut image leaves erased bytes where the last atoms should be. */
function whole(read: Read, length: number): void {
	let at = 8;
	while (at < length) {
		const atom = read(at, 8);
		const step = uint32(atom, 0);
		if (step < 8 || at + step > length || !/^[A-Z]{4}$/.test(name(atom, 4)))
			throw new Error(`image atom at ${at}: expected a name and 8 to ${length - at} bytes, got ${step}`);
		at += step;
	}
}
