// Packages that our tool signs, judged by the device's own inspection and by OpenSSL's rules in Node.
import "../../setup.ts";
import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Digest } from "crypt";
import verify from "host/signature";
import { signedBy } from "ota/signature";
import {
	isSigned,
	isSignedAlike,
	KeyError,
	keyIdOf,
	type Name,
	newKey,
	publicPoint,
	readKey,
	signPackage,
	TrailerSize,
} from "../../../tools/publish/sign.ts";
import { root } from "../../../tools/test/run.ts";
import { equal, includes, ok, throws } from "../../assert.ts";

/** What a device that pins the key says of a package. */
function inspect(pack: Buffer, point: Buffer, { type, title, version }: Name): string | undefined {
	const kind = type === "SOFTWARE" ? "software" : "firmware";
	const inspected = signedBy({ kind, keys: [point.toString("hex")], digest: Digest, verify });
	const inspector = inspected({ title, version, size: pack.length, algorithm: "SHA256", checksum: "" });
	inspector.write(Uint8Array.from(pack));
	return inspector.close();
}

describe("tools: signing packages", () => {
	const key = readKey(newKey());
	const image = Buffer.alloc(1000, "firmware");
	const name = { type: "FIRMWARE", title: "Größen", version: "1.4.0" } as const;

	it("adds a trailer that the device's inspection takes, for this kind, title and version only", () => {
		const signed = signPackage(image, key, name);
		equal(signed.length, image.length + TrailerSize);
		ok(isSigned(signed) && !isSigned(image));
		equal(inspect(signed, publicPoint(key), name), undefined);
		for (const other of [{ type: "SOFTWARE" }, { title: "Größe" }, { version: "1.4.1" }] as const)
			includes(inspect(signed, publicPoint(key), { ...name, ...other }) ?? "accepted", "does not fit");
	});

	it("makes what docs/packages.md makes with OpenSSL alone (needs openssl and xxd)", function () {
		const has = (tool: string) => !spawnSync(tool, ["-v"]).error;
		if (!has("openssl") || !has("xxd")) return this.skip();
		const folder = mkdtempSync(join(tmpdir(), "sign-"));
		try {
			const text = readFileSync(join(root, "docs/packages.md"), "utf8");
			const script = text.split("### The trailer")[1]?.split("```sh\n")[1]?.split("```")[0] ?? "";
			writeFileSync(join(folder, "key.pem"), newKey());
			writeFileSync(join(folder, "image.bin"), image);
			execFileSync("sh", ["-ec", script], { cwd: folder, stdio: "pipe" });
			const made = { type: "FIRMWARE", title: "My product", version: "1.4.0" } as const;
			const [signed, point] = ["signed.bin", "public.bin"].map((file) => readFileSync(join(folder, file)));
			equal(inspect(signed as Buffer, point as Buffer, made), undefined);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
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
		ok(
			throws(() => signPackage(signPackage(image, key, name), key, name), "signed already") instanceof
				KeyError,
		);
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		for (const type of ["pkcs8", "sec1"] as const) {
			const cipher = { cipher: "aes-256-cbc", passphrase: "sesame" };
			const pem = privateKey.export({ format: "pem", type, ...cipher } as { format: "pem"; type: "pkcs8" });
			throws(() => readKey(String(pem)), "an encrypted one");
		}
	});

	it("knows the same image under the same key again", () => {
		const [one, two] = [signPackage(image, key, name), signPackage(image, key, name)];
		const point = publicPoint(key);
		ok(!one.equals(two) && isSignedAlike(one, two, point, name));
		ok(!isSignedAlike(one, signPackage(image, readKey(newKey()), name), point, name));
		ok(!isSignedAlike(one, signPackage(Buffer.alloc(1000, "other"), key, name), point, name));
		const renamed = { ...name, version: "1.4.1" };
		ok(!isSignedAlike(one, signPackage(image, key, renamed), point, name));
		two[two.length - 1] = (two.at(-1) ?? 0) ^ 1;
		ok(!isSignedAlike(one, two, point, name));
		ok(!isSignedAlike(one, image, point, name) && !isSignedAlike(image, image, point, name));
	});

	describe("by tools/sign.ts", () => {
		const folder = mkdtempSync(join(tmpdir(), "sign-"));
		after(() => rmSync(folder, { recursive: true, force: true }));
		const at = (name: string) => join(folder, name);
		const named = ["--type", "software", "--title", "mod", "--version", "2"];
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
				...named,
			);
			equal(status, 0);
			equal(stdout.trim(), publicPoint(readKey(readFileSync(at("a.pem"), "utf8"))).toString("hex"));
			const mod = { type: "SOFTWARE", title: "mod", version: "2" } as const;
			equal(inspect(readFileSync(at("out.bin")), Buffer.from(stdout.trim(), "hex"), mod), undefined);
		});

		it("prints the id by which packages name the key, and writes no key over a file", () => {
			const { stdout, stderr } = run("--key", at("a.pem"));
			equal(stderr.trim(), `key id ${keyIdOf(Buffer.from(stdout.trim(), "hex")).toString("hex")}`);
			refused(`got ${at("a.pem")}, which exists: give the new key another name`, "--new-key", at("a.pem"));
		});

		it("asks for the name of what it signs", () => {
			const words = ["--new-key", at("n.pem"), "--image", at("image.bin"), "--out", at("n.bin")];
			refused("expected --title and --version", ...words, "--title", "mod");
			refused("--type: expected firmware or software, got toaster", ...words, ...named, "--type", "toaster");
			ok(!existsSync(at("n.pem")) && !existsSync(at("n.bin")));
		});

		it("takes one key, not two", () => {
			writeFileSync(at("b.pem"), newKey());
			refused("expected either", "--new-key", at("c.pem"), "--key", at("b.pem"));
			ok(!existsSync(at("c.pem")));
		});

		it("writes no package over a key, by whatever name, and makes none before all is checked", () => {
			const pem = readFileSync(at("b.pem"), "utf8");
			symlinkSync(at("b.pem"), at("link.pem"));
			const words = [...named, "--image", at("image.bin"), "--out"];
			refused("--out", "--key", at("b.pem"), ...words, at("b.pem"));
			refused("--out", "--key", at("link.pem"), ...words, at("b.pem"));
			refused("--out", "--new-key", at("d.pem"), ...words, at("d.pem"));
			equal(readFileSync(at("b.pem"), "utf8"), pem);
			refused(
				"signed already",
				"--new-key",
				at("d.pem"),
				...named,
				"--image",
				at("out.bin"),
				"--out",
				at("twice.bin"),
			);
			ok(!existsSync(at("d.pem")));
		});
	});
});
