// A mod of the virtual board: a script that takes the place of the module `app`, in the partition `xs`. Little-endian:
//    0  "TBXS-MD" and 1, the layout's version
//    8  length u32 of everything, 12  CRC-32 (zlib's) of everything from 16 on
//   16  identity record (identity.ts), 144 bytes, with the script's length
//  160  the script, UTF-8
// Unlike an archive of the SDK it is checked as a whole before it is taken.
import type { Identity } from "../contract.ts";
import { crc32 } from "./crc32.ts";
import { encodeIdentity, findIdentity, IdentitySize } from "./identity.ts";
import { XSVersion } from "./target.ts";

/** What `readMod` finds. */
export interface Mod {
	readonly identity: Identity;
	readonly script: string;
	/** Bytes of the whole. */
	readonly length: number;
}

const Magic = Buffer.from("TBXS-MD\x01", "latin1");
const Head = 16;

/** Wraps a script. @throws RangeError naming the text of the identity that is empty or too long */
export function packMod(identity: Identity, script: Uint8Array): Buffer {
	const body = Buffer.concat([encodeIdentity(identity, script.length), script]);
	const head = Buffer.alloc(Head);
	Magic.copy(head);
	head.writeUInt32LE(Head + body.length, 8);
	head.writeUInt32LE(crc32(body, 0), 12);
	return Buffer.concat([head, body]);
}

/** The mod at the begin of `bytes`; undefined when there is none, a damaged one, or one for another XS. */
export function readMod(bytes: Buffer): Mod | undefined {
	if (bytes.length < Head || !bytes.subarray(0, Magic.length).equals(Magic)) return undefined;
	const length = bytes.readUInt32LE(8);
	if (length < Head + IdentitySize || length > bytes.length) return undefined;
	const body = bytes.subarray(Head, length);
	if (crc32(body, 0) !== bytes.readUInt32LE(12)) return undefined;
	const found = findIdentity(body);
	if (!found || found.offset > 0 || found.identity.xs !== XSVersion) return undefined;
	return { identity: found.identity, script: body.toString("utf8", IdentitySize), length };
}
