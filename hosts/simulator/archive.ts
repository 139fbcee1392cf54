// What can be checked of a mod archive before it is run. XS itself checks no more, and ends the machine when it finds a fault.

/** Reads `length` bytes at `offset` of whatever holds the archive; bytes past its end are 0xFF. */
export type Read = (offset: number, length: number) => Uint8Array;

/** XS of SDK 8.2.3: an archive's byte code fits this major and minor version only. `npm run test:sdk` compares it with the SDK. */
export const XSVersion = "17.7";

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
