import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeIdentity, findIdentity } from "../../../hosts/virtual/identity.ts";
import { buildImage, ImageError, readImage } from "../../../hosts/virtual/image.ts";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";

const identity = { title: "thermometer ☃", version: "1.2.3", target: "virtual", xs: "13.3" };
const build = (length: number) => buildImage({ identity, payload: Buffer.alloc(length, "x") });

/** Lengths around words, checksum padding and the 64 KiB page. */
const Lengths = [
	0,
	1,
	3,
	4,
	11,
	13,
	16,
	1000,
	65_536 - 432 - 36,
	65_536 - 432,
	65_536 - 400,
	65_600,
	131_072,
];

describe("virtual ESP32: image", () => {
	it("comes back as it was built, whatever the length of the script", () => {
		for (const length of Lengths) {
			const image = readImage(build(length));
			equal(image.payload.length, length);
			deepEqual(image.identity, identity);
			equal(image.version, "1.2.3");
			equal(image.project, "xs_esp32");
		}
	});

	it("is the same for the same input", () => {
		ok(build(500).equals(build(500)));
	});

	it("ignores what lies behind it in the slot", () => {
		const image = build(500);
		equal(readImage(Buffer.concat([image, Buffer.alloc(5000, 0xff)])).length, image.length);
	});

	it("takes a version of 31 bytes and no more", () => {
		const version = "v".repeat(31);
		const payload = Buffer.from("1");
		equal(readImage(buildImage({ identity: { ...identity, version }, payload })).version, version);
		throws(
			() => buildImage({ identity: { ...identity, version: `${version}w` }, payload }),
			"version: expected at most 31 bytes, got 32",
		);
	});

	it("is refused with the reason when it is damaged", () => {
		const cases: [string, (image: Buffer) => Buffer][] = [
			["magic: expected 0xe9, got 0x7f", (image) => put(image, 0, 0x7f)],
			["segments: expected 1…16, got 17", (image) => put(image, 1, 17)],
			["chip: expected 0 (ESP32), got 9", (image) => put(image, 12, 9)],
			["expected a length in words", (image) => put(image, 28, 1)],
			["modulo 64 KiB", (image) => put(image, 24, 0x40)],
			["checksum: expected", (image) => put(image, 900, 0)],
			["SHA-256: expected", (image) => put(image, image.length - 1, (image.at(-1) ?? 0) ^ 1)],
			["truncated: expected", (image) => image.subarray(0, image.length - 1)],
			["truncated: expected a header of 24 bytes, got 10", (image) => image.subarray(0, 10)],
			["truncated: expected a header of 24 bytes, got 0", () => Buffer.alloc(0)],
		];
		for (const [text, damage] of cases) {
			const error = throws(() => readImage(damage(build(1000))), text) as ImageError;
			equal(error.codeName, "ESP_ERR_IMAGE_INVALID");
		}
	});

	it("is refused after any single flipped bit and at any truncation", () => {
		const image = build(700);
		for (let i = 0; i < image.length; i++) {
			const flipped = put(Buffer.from(image), i, (image[i] ?? 0) ^ (1 << (i % 8)));
			ok(throws(() => readImage(flipped)) instanceof ImageError, `byte ${i}`);
			ok(throws(() => readImage(image.subarray(0, i))) instanceof ImageError, `${i} bytes`);
		}
	});

	it("without our identity has no script and no identity", () => {
		const image = build(100);
		const magic = image.indexOf("TBXS-ID");
		const length = image.readUInt32LE(28);
		put(put(image, magic, 0), 32 + length, 0);
		image[23] = 0; // no digest, so that only the checksum has to be right
		const end = (32 + length) | 15;
		image[end] = image.subarray(32, 32 + length).reduce((sum, byte) => sum ^ byte, 0xef);
		equal(readImage(image).identity, undefined);
		equal(readImage(image).payload.length, 0);
	});

	it("is accepted by Espressif's esptool (needs esptool)", function () {
		this.timeout(60_000);
		const esptool = esptoolVersion();
		if (!esptool) {
			console.log("      esptool is not installed (pip install esptool)");
			this.skip();
		}
		const folder = mkdtempSync(join(tmpdir(), "image-"));
		try {
			for (const length of [0, 13, 65_536 - 432]) {
				writeFileSync(join(folder, "image.bin"), build(length));
				const report = imageInfo(esptool, join(folder, "image.bin"));
				equal(report.match(/\(valid\)/g)?.length, 2, report);
				includes(report, "1.2.3");
			}
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});

describe("virtual ESP32: identity record", () => {
	it("is found between other bytes, behind a magic whose record is damaged", () => {
		const record = encodeIdentity(identity, 77);
		const decoy = put(Buffer.from(record), 20, 0);
		const found = findIdentity(Buffer.concat([Buffer.alloc(13), decoy, record, Buffer.alloc(9)]));
		deepEqual(found?.identity, identity);
		equal(found?.scriptLength, 77);
		equal(found?.offset, 13 + 144);
	});

	it("is not found where it is cut off", () => {
		equal(findIdentity(encodeIdentity(identity).subarray(0, 143)), undefined);
	});

	it("refuses texts that are empty or too long", () => {
		throws(() => encodeIdentity({ ...identity, title: "" }), "title: expected 1…63 bytes, got 0");
		throws(
			() => encodeIdentity({ ...identity, target: "t".repeat(16) }),
			"target: expected 1…15 bytes, got 16",
		);
	});
});

function put(image: Buffer, offset: number, value: number): Buffer {
	image[offset] = value;
	return image;
}

/** Major version of an installed esptool, or 0. */
function esptoolVersion(): number {
	try {
		const script = "import esptool; print(esptool.__version__)";
		return Number.parseInt(execFileSync("python3", ["-c", script], { encoding: "utf8", stdio: "pipe" }), 10);
	} catch {
		return 0;
	}
}

/** esptool's report; it leaves the exit status at 0 for a wrong checksum or digest, so the text has to be read. */
function imageInfo(esptool: number, file: string): string {
	const command = esptool < 5 ? ["image_info", "--version", "2"] : ["image-info"];
	return execFileSync("python3", ["-m", "esptool", ...command, file], { encoding: "latin1", stdio: "pipe" });
}
