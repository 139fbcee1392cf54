// The SDK has no typings for the parts of its TLS that are of use by themselves.
declare module "curve" {
	export default class Curve {
		constructor(name: "secp256r1" | "secp384r1");
	}
}
declare module "ecp" {
	export default class ECPoint {
		constructor(x: bigint, y: bigint);
		/** SEC 1, uncompressed. @throws Error for another form. */
		static fromOctetString(bytes: Uint8Array): ECPoint;
	}
}
declare module "ecdsa" {
	import type Curve from "curve";
	import type ECPoint from "ecp";
	export default class ECDSA {
		constructor(publicKey: ECPoint, curve: Curve);
		/** `signature` is r and s one after the other, or their ASN.1 form. */
		verify(digest: ArrayBuffer, signature: ArrayBuffer, asn1: boolean): boolean;
	}
}
