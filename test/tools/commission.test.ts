// `npm run commission`: what lands in NVS, what fits, what is refused, and that no secret shows.
import { spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreValue } from "../../hosts/contract.ts";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { Nvs } from "../../hosts/virtual/nvs.ts";
import { Authority } from "../../thingsboard/tls/authority.ts";
import { nvsImage, nvsPartition } from "../../tools/commission/image.ts";
import { namespacesOf } from "../../tools/commission/settings.ts";
import { settings } from "../../tools/esp-idf/used.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal, includes, ok, throws } from "../assert.ts";

/** A chip whose NVS partition was flashed with the image. */
function mounted(image: Buffer): Nvs {
	const flash = new NorFlash();
	const partition = nvsPartition();
	equal(image.length, partition.size);
	flash.write(partition.offset, image);
	return new Nvs(flash, partition);
}

describe("npm run commission", () => {
	let folder = "";
	before(() => {
		folder = mkdtempSync(join(tmpdir(), "commission-"));
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const run = (words: string[], input = "", env: Record<string, string> = {}) =>
		spawnSync(process.execPath, ["--import", "./tools/ts.mjs", "tools/commission.ts", ...words], {
			cwd: root,
			input,
			encoding: "utf8",
			env: { ...process.env, ...env },
		});

	it("writes an image that the chip's NVS reads, and tells no secret", () => {
		const out = join(folder, "nvs.bin");
		const words = ["--ssid", "home", "--password", "-", "--host", "tb.example", "--token", "@TB_TOKEN"];
		const { status, stdout, stderr } = run([...words, "--out", out], "very-secret-1\n", {
			TB_TOKEN: "very-secret-2",
		});
		equal(status, 0, stderr);
		const nvs = mounted(readFileSync(out));
		deepEqual([nvs.get("wifi", "ssid"), nvs.get("wifi", "password")], ["home", "very-secret-1"]);
		const tb = ["version", "host", "port", "token"].map((name) => nvs.get("tb", name));
		deepEqual(tb, [1, "tb.example", undefined, "very-secret-2"]);
		equal(statSync(out).mode & 0o777, 0o600);
		ok(!`${stdout}${stderr}`.includes("very-secret"), stdout);
		includes(stdout, "write_flash 0x9000");
	});

	it("narrows the rights of a file that is there already", () => {
		const out = join(folder, "old.bin");
		writeFileSync(out, "", { mode: 0o644 });
		equal(run(["--ssid", "open", "--out", out]).status, 0);
		equal(statSync(out).mode & 0o777, 0o600);
	});

	it("says what is missing and how to give it, with status 2", () => {
		for (const [words, text] of [
			[["--ssid", "home"], "expected --out FILE or --serial PORT"],
			[["--out", "x"], "got no option"],
			[["--ssid", "home", "--password", "-", "--out", "x"], "expected a line on standard input"],
			[["--token", "@NOT_THERE", "--out", "x"], "expected the environment variable NOT_THERE"],
			[["--ca", join(folder, "none.pem"), "--out", "x"], "ca: expected a readable file"],
			[["--ssid", "home", "--serial", "x"], "esptool: expected it on PATH"],
		] as [string[], string][]) {
			const { status, stderr } = run(words, "", words.includes("--serial") ? { PATH: folder } : {});
			equal(status, 2, stderr);
			includes(stderr, text);
		}
	});

	it("refuses what no device could use", () => {
		for (const [settings, text] of [
			[{ password: "12345678" }, "expected --ssid with it"],
			[{ ssid: "" }, "expected 1 to 32 bytes"],
			[{ ssid: "x".repeat(33) }, "got 33"],
			[{ ssid: "x", password: "short" }, "expected 8 to 63 characters, got 5"],
			[{ port: "70000" }, "port: expected 1 to 65535"],
			[{ token: "t", userName: "u" }, "got both"],
			[{ tls: true, cert: "x" }, "expected certificate and key together"],
			[{ ca: "no certificate" }, "CA: expected a PEM file"],
		] as const)
			throws(() => namespacesOf(settings), text);
	});

	it("keeps X.509 credentials as DER, the key as PKCS#8, and notices a key of another certificate", async () => {
		const authority = await Authority.make();
		const [one, two] = [await authority.issue({ name: "d1" }), await authority.issue({ name: "d2" })];
		const settings = { tls: true, ca: authority.cert, cert: one.cert, key: one.key };
		const { tb, tls } = namespacesOf(settings);
		deepEqual(tb, { version: 1, port: 8883, tls: 1 });
		const der = new X509Certificate(Buffer.from(tls?.cert as ArrayBuffer));
		const key = { key: Buffer.from(tls?.key as ArrayBuffer), format: "der", type: "pkcs8" } as const;
		ok(der.checkPrivateKey(createPrivateKey(key)), "expected the key of the certificate");
		throws(() => namespacesOf({ ...settings, key: two.key }), "expected the key that belongs to it");
	});

	it("never quotes a private key that it cannot read", () => {
		const key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
		const error = throws(() => namespacesOf({ tls: true, cert: "x", key }), "expected a PEM file");
		ok(!`${error.stack}`.includes("c2VjcmV0"));
	});

	it("has room for two copies of RSA credentials beside all else, and for renewing each", () => {
		// RSA 2048, the largest in use: a certificate of a deep name is about 1200 bytes, its PKCS#8 key 1218.
		const certificate = (): StoreValue => new Uint8Array(randomBytes(1300)).buffer;
		const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		const key = new Uint8Array(privateKey.export({ format: "der", type: "pkcs8" })).buffer;
		const wifi = { ssid: "s".repeat(32), password: "p".repeat(63) };
		const tb = { version: 1, host: "h".repeat(253), port: 8883, tls: 1, token: "t".repeat(32) };
		const nvs = mounted(nvsImage({ wifi, tb, tls: { ca: certificate(), cert: certificate(), key } }));
		nvs.set("keys", "cert", certificate());
		nvs.set("keys", "key", key);
		nvs.set("ota", "trial", "x".repeat(400));
		nvs.set("ota", "resume", "x".repeat(400));
		// ESP-IDF's own calibration of the radio, 1904 bytes (esp_phy_init.h), would not fit beside them.
		const calibration = settings().find(({ name }) => name === "ESP_PHY_CALIBRATION_AND_DATA_STORAGE");
		equal(calibration?.value, "n");
		for (let turn = 0; turn < 20; turn++)
			for (const namespace of ["tls", "keys"]) {
				nvs.set(namespace, "cert", certificate());
				nvs.set(namespace, "key", key);
			}
		equal((nvs.get("tls", "key") as ArrayBuffer).byteLength, key.byteLength);
	});
});
