// Packages that our tool signs, judged by the device's own inspection and by OpenSSL's rules in Node.
import { createHash, generateKeyPairSync } from "node:crypto";
import { isSigned as hasSignature } from "../../hosts/virtual/verify.ts";
import {
	isSigned,
	KeyError,
	newKey,
	publicPoint,
	readKey,
	signPackage,
	TrailerSize,
} from "../../tools/publish/sign.ts";
import { equal, ok, throws } from "../assert.ts";

describe("tools: signing packages", () => {
	const key = readKey(newKey());
	const image = Buffer.alloc(1000, "firmware");

	it("adds a trailer that its public key verifies", () => {
		const signed = signPackage(image, key);
		equal(signed.length, image.length + TrailerSize);
		ok(isSigned(signed) && !isSigned(image));
		const trailer = signed.subarray(-TrailerSize);
		const digest = createHash("sha256").update(image).digest();
		ok(
			hasSignature(publicPoint(key), trailer.subarray(16), Buffer.concat([trailer.subarray(0, 16), digest])),
		);
	});

	it("has a public key of 65 bytes, uncompressed", () => {
		const point = publicPoint(key);
		equal(point.length, 65);
		equal(point[0], 4);
	});

	it("refuses keys of another kind, and never quotes one", () => {
		const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
		const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
		for (const wrong of [rsa, p384]) {
			const pem = wrong.export({ format: "pem", type: "pkcs8" }) as string;
			ok(throws(() => readKey(pem), "expected one on P-256") instanceof KeyError);
		}
		const error = throws(() => readKey("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"), "expected a private key");
		ok(!`${error.stack}`.includes("c2VjcmV0"));
	});
});
