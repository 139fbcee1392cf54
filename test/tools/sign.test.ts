// Packages that our tool signs, judged by the device's own inspection and by OpenSSL's rules in Node.
import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSigned as hasSignature } from "../../hosts/virtual/verify.ts";
import {
	isSigned,
	isSignedAlike,
	KeyError,
	newKey,
	publicPoint,
	readKey,
	signPackage,
	TrailerSize,
} from "../../tools/publish/sign.ts";
import { root } from "../../tools/test/run.ts";
import { equal, includes, ok, throws } from "../assert.ts";

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

	it("refuses an image that is signed already, and says of an encrypted key what it is", () => {
		ok(throws(() => signPackage(signPackage(image, key), key), "signed already") instanceof KeyError);
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		for (const type of ["pkcs8", "sec1"] as const) {
			const cipher = { cipher: "aes-256-cbc", passphrase: "sesame" };
			const pem = privateKey.export({ format: "pem", type, ...cipher } as { format: "pem"; type: "pkcs8" });
			throws(() => readKey(String(pem)), "an encrypted one");
		}
	});

	it("knows the same image under the same key again", () => {
		const [one, two] = [signPackage(image, key), signPackage(image, key)];
		const point = publicPoint(key);
		ok(!one.equals(two) && isSignedAlike(one, two, point));
		ok(!isSignedAlike(one, signPackage(image, readKey(newKey())), point));
		ok(!isSignedAlike(one, signPackage(Buffer.alloc(1000, "other"), key), point));
		two[two.length - 1] = (two.at(-1) ?? 0) ^ 1;
		ok(!isSignedAlike(one, two, point));
		ok(!isSignedAlike(one, image, point) && !isSignedAlike(image, image, point));
	});

	describe("by tools/sign.ts", () => {
		const folder = mkdtempSync(join(tmpdir(), "sign-"));
		after(() => rmSync(folder, { recursive: true, force: true }));
		const at = (name: string) => join(folder, name);
		const run = (...words: string[]) =>
			spawnSync(process.execPath, ["--import", "./tools/ts.mjs", "tools/sign.ts", ...words], {
				cwd: root,
				encoding: "utf8",
			});
		function refused(text: string, ...words: string[]): void {
			const { status, stderr } = run(...words);
			equal(status, 2, stderr);
			includes(stderr, text);
		}

		it("makes a key and signs", () => {
			writeFileSync(at("image.bin"), image);
			const { status, stdout } = run(
				"--new-key",
				at("a.pem"),
				"--image",
				at("image.bin"),
				"--out",
				at("out.bin"),
			);
			equal(status, 0);
			equal(stdout.trim(), publicPoint(readKey(readFileSync(at("a.pem"), "utf8"))).toString("hex"));
			ok(isSigned(readFileSync(at("out.bin"))));
		});

		it("takes one key, not two", () => {
			writeFileSync(at("b.pem"), newKey());
			refused("expected either", "--new-key", at("c.pem"), "--key", at("b.pem"));
			ok(!existsSync(at("c.pem")));
		});

		it("writes no package over a key, by whatever name, and makes none before all is checked", () => {
			const pem = readFileSync(at("b.pem"), "utf8");
			symlinkSync(at("b.pem"), at("link.pem"));
			const words = ["--image", at("image.bin"), "--out"];
			refused("--out", "--key", at("b.pem"), ...words, at("b.pem"));
			refused("--out", "--key", at("link.pem"), ...words, at("b.pem"));
			refused("--out", "--new-key", at("d.pem"), ...words, at("d.pem"));
			equal(readFileSync(at("b.pem"), "utf8"), pem);
			refused("signed already", "--new-key", at("d.pem"), "--image", at("out.bin"), "--out", at("twice.bin"));
			ok(!existsSync(at("d.pem")));
		});
	});
});
