// ECDSA over P-256 with SHA-256, for the guest.
import { createPublicKey, type KeyObject, verify } from "node:crypto";

const PointSize = 65;
const SignatureSize = 64;

/** A public key from its uncompressed point. @throws Error when it is none on the curve */
function keyOf(point: Buffer): KeyObject {
	const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((bytes) => bytes.toString("base64url"));
	return createPublicKey({ key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" }, format: "jwk" });
}

/** Whether the text is what `updateKeys` takes: 130 hex digits of an uncompressed point on the curve. */
export function isPublicKey(text: string): boolean {
	if (!/^04[0-9a-f]{128}$/i.test(text)) return false;
	try {
		return !!keyOf(Buffer.from(text, "hex"));
	} catch {
		return false;
	}
}

/** Whether the signature (r and s, 32 bytes each) is that of the message. A key that is none has signed nothing. */
export function isSigned(point: Buffer, signature: Buffer, message: Buffer): boolean {
	try {
		return verify("sha256", message, { key: keyOf(point), dsaEncoding: "ieee-p1363" }, signature);
	} catch {
		return false;
	}
}

/** The same for a body of point, signature and message, one after the other. */
export const isSignedBody = (body: Buffer): boolean =>
	isSigned(
		body.subarray(0, PointSize),
		body.subarray(PointSize, PointSize + SignatureSize),
		body.subarray(PointSize + SignatureSize),
	);
