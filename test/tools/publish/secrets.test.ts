// Private keys in all forms are found, and what only looks like one is not.
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { findPrivateKey } from "../../../tools/publish/private-keys.ts";
import { checkSecrets, credentialsOf, passwordSecret } from "../../../tools/publish/secrets.ts";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";

const around = (bytes: Uint8Array | string): Buffer =>
	Buffer.concat([
		randomBytes(1000),
		Buffer.from([0]),
		Buffer.from(bytes),
		Buffer.from([0]),
		randomBytes(1000),
	]);
const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const der = (key: KeyObject, type: "pkcs8" | "sec1" | "pkcs1"): Buffer =>
	key.export({ format: "der", type } as { format: "der"; type: "pkcs8" });

describe("tools: secrets in an image", () => {
	const [p256, p384] = [ec("P-256"), ec("P-384")];
	for (const [name, bytes, kind] of [
		["P-256 in PKCS#8", der(p256.privateKey, "pkcs8"), "P-256"],
		["P-256 in SEC 1", der(p256.privateKey, "sec1"), "P-256"],
		["P-384 in PKCS#8", der(p384.privateKey, "pkcs8"), "P-384"],
		["P-384 in SEC 1", der(p384.privateKey, "sec1"), "P-384"],
		["RSA in PKCS#8", der(rsa.privateKey, "pkcs8"), "RSA"],
		["RSA in PKCS#1", der(rsa.privateKey, "pkcs1"), "RSA"],
	] as const) {
		it(`are ${name}`, () => {
			equal(findPrivateKey(around(bytes)), `a private key of ${kind} in DER`);
		});
		it(`are ${name} in base64`, () => {
			equal(findPrivateKey(around(bytes.toString("base64"))), `a private key of ${kind} in base64`);
		});
	}

	it("are PEM, also as a script's text", () => {
		for (const type of ["pkcs8", "pkcs1"] as const) {
			const pem = rsa.privateKey.export({ format: "pem", type }) as string;
			for (const text of [pem, JSON.stringify(pem)])
				equal(findPrivateKey(around(text)), "a private key in PEM");
		}
	});

	it("are not public keys, random bytes, or the words by which a TLS library knows keys", () => {
		for (const { publicKey } of [p256, p384, rsa]) {
			const bytes = publicKey.export({ format: "der", type: "spki" });
			for (const text of [bytes, bytes.toString("base64")]) equal(findPrivateKey(around(text)), undefined);
		}
		const words =
			"-----BEGIN RSA PRIVATE KEY-----\0-----END RSA PRIVATE KEY-----\0-----BEGIN PRIVATE KEY-----\0";
		equal(findPrivateKey(around(words + "A".repeat(80))), undefined);
		equal(findPrivateKey(randomBytes(2_000_000)), undefined);
	});

	it("are the texts that devices prove themselves with, but no certificate, hash or title", async () => {
		const credentials: Record<string, object> = {
			token: { credentialsType: "ACCESS_TOKEN", credentialsId: "token-1", credentialsValue: null },
			basic: {
				credentialsType: "MQTT_BASIC",
				credentialsId: "hash",
				credentialsValue: JSON.stringify({ clientId: "my product", userName: null, password: "password-1" }),
			},
			x509: { credentialsType: "X509_CERTIFICATE", credentialsId: "hash", credentialsValue: "MIIB" },
		};
		const rest = {
			ask: async (_: string, path: string) =>
				credentials[path.split("/")[3] ?? ""] as Record<string, unknown>,
		};
		const devices = Object.keys(credentials).map((name) => ({ name, id: { id: name } }));
		const secrets = await credentialsOf(rest, devices, "my product");
		deepEqual(
			secrets.map(({ text }) => text),
			["token-1", "password-1"],
		);
		const error = throws(() => checkSecrets(around("password-1"), secrets), "(basic)");
		ok(!error.message.includes("password-1"));
	});

	it("are the operator's password, unless it is the stand-in's", () => {
		deepEqual(passwordSecret("tenant"), []);
		const error = throws(() => checkSecrets(around("sesame-open"), passwordSecret("sesame-open")));
		includes(error.message, "the REST password");
	});
});
