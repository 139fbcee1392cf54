// Signs packages; the trailer is described in modules/ota/signature.ts and docs/packages.md.
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
	sign,
} from "node:crypto";
import { isSigned as hasSignature } from "../../hosts/virtual/verify.ts";

const Magic = Buffer.from("TBXS-SG\x02", "latin1");
const IdSize = 8;
const HeadSize = 16;
/** Bytes behind the image. */
export const TrailerSize = 80;

/** What is signed beside the bytes, so that nobody can offer an old package under a new version. */
export interface Name {
	type: "FIRMWARE" | "SOFTWARE";
	title: string;
	version: string;
}

/** A key that cannot sign packages; the message says what was expected. Never quotes the key. */
export class KeyError extends Error {}

/** A private key from PEM. @throws KeyError unless it is one on P-256 */
export function readKey(pem: string): KeyObject {
	if (/ENCRYPTED/.test(pem))
		throw new KeyError(
			"signing key: expected one without a passphrase, got an encrypted one: openssl pkey -in KEY -out PLAIN",
		);
	let key: KeyObject;
	try {
		key = createPrivateKey(pem);
	} catch {
		throw new KeyError("signing key: expected a private key in PEM, could not read it as one");
	}
	const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
	if (type !== "ec" || details?.namedCurve !== "prime256v1")
		throw new KeyError(`signing key: expected one on P-256, got ${details?.namedCurve ?? type}`);
	return key;
}

/** A new private key, PEM (PKCS#8). */
export const newKey = (): string =>
	generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
		format: "pem",
		type: "pkcs8",
	}) as string;

/** The 65 bytes of the public key, as a firmware pins them. */
export function publicPoint(key: KeyObject): Buffer {
	const { x = "", y = "" } = createPublicKey(key).export({ format: "jwk" });
	return Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();

/** What a trailer calls the key of that public point. */
export const keyIdOf = (point: Uint8Array): Buffer => sha256(point).subarray(0, IdSize);

const messageOf = (head: Uint8Array, image: Uint8Array, { type, title, version }: Name): Buffer =>
	Buffer.concat([head, Buffer.from(type.toLowerCase()), sha256(image), sha256(title), sha256(version)]);

/** The image and its trailer. @throws KeyError when it has one: a device looks at the last one alone, and takes the other for image */
export function signPackage(image: Uint8Array, key: KeyObject, name: Name): Buffer {
	if (isSigned(image))
		throw new KeyError("image: expected one without a signature, this one is signed already");
	const head = Buffer.concat([Magic, keyIdOf(publicPoint(key))]);
	const message = messageOf(head, image, name);
	const signature = sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
	return Buffer.concat([image, head, signature]);
}

/** Whether the bytes end in a trailer, whoever signed. */
export const isSigned = (bytes: Uint8Array): boolean =>
	bytes.length > TrailerSize &&
	Buffer.from(bytes.subarray(-TrailerSize)).subarray(0, Magic.length).equals(Magic);

/** The id of the key that the trailer names. */
export const signerOf = (pack: Buffer): Buffer =>
	pack.subarray(pack.length - TrailerSize + Magic.length, pack.length - TrailerSize + HeadSize);

/** Whether `other` is the same image under a good signature of the same key and name. */
export function isSignedAlike(pack: Uint8Array, other: Uint8Array, point: Buffer, name: Name): boolean {
	if (pack.length !== other.length || !isSigned(pack) || !isSigned(other)) return false;
	const end = other.length - TrailerSize;
	const [image, trailer] = [other.subarray(0, end), Buffer.from(other.subarray(end))];
	if (!Buffer.from(pack.subarray(0, end)).equals(image)) return false;
	if (!signerOf(Buffer.from(other)).equals(keyIdOf(point))) return false;
	const message = messageOf(trailer.subarray(0, HeadSize), image, name);
	return hasSignature(point, trailer.subarray(HeadSize), message);
}
