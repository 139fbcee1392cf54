// Signs packages; the trailer is described in modules/ota/signature.ts and docs/packages.md.
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
	sign,
} from "node:crypto";

const Magic = Buffer.from("TBXS-SG\x01", "latin1");
const IdSize = 8;
/** Bytes behind the image. */
export const TrailerSize = 80;

/** A key that cannot sign packages; the message says what was expected. Never quotes the key. */
export class KeyError extends Error {}

/** A private key from PEM. @throws KeyError unless it is one on P-256 */
export function readKey(pem: string): KeyObject {
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

/** The image and its trailer. */
export function signPackage(image: Uint8Array, key: KeyObject): Buffer {
	const id = createHash("sha256").update(publicPoint(key)).digest().subarray(0, IdSize);
	const head = Buffer.concat([Magic, id]);
	const message = Buffer.concat([head, createHash("sha256").update(image).digest()]);
	const signature = sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
	return Buffer.concat([image, head, signature]);
}

/** Whether the bytes end in a trailer, whoever signed. */
export const isSigned = (bytes: Uint8Array): boolean =>
	bytes.length > TrailerSize &&
	Buffer.from(bytes.subarray(-TrailerSize)).subarray(0, Magic.length).equals(Magic);
