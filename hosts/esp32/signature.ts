// ECDSA of the SDK, which its TLS uses too: big numbers in XS, P-256 takes a moment on a chip.
import { Digest } from "crypt";
import Curve from "curve";
import ECDSA from "ecdsa";
import ECPoint from "ecp";
import type { VerifySignature } from "host/contract";

/** `host/signature` of the chip and of the simulator. */
const verify: VerifySignature = (publicKey, message, signature) => {
	const digest = new Digest("SHA256");
	digest.write(message);
	try {
		const point = ECPoint.fromOctetString(new Uint8Array(publicKey));
		return new ECDSA(point, new Curve("secp256r1")).verify(digest.close(), signature, false);
	} catch {
		return false; // numbers that have no inverse, a point that is none
	}
};
export default verify;
