// Images and mods that no device takes are found before they are uploaded.

import { createHash } from "node:crypto";
import { encodeIdentity } from "../../../hosts/virtual/identity.ts";
import { buildImage } from "../../../hosts/virtual/image.ts";
import { Target, XSVersion } from "../../../hosts/virtual/target.ts";
import { checkFirmware } from "../../../tools/publish/check.ts";
import { CheckError } from "../../../tools/publish/errors.ts";
import { checkMod } from "../../../tools/publish/mod.ts";
import { checkPins, checkSigner } from "../../../tools/publish/pinned.ts";
import { newKey, publicPoint, readKey, signPackage } from "../../../tools/publish/sign.ts";
import { equal, includes, ok, throws } from "../../assert.ts";

const claim = { title: "app", version: "1.2.3" };
const identity = { ...claim, target: Target, xs: XSVersion };
const image = (target = Target): Buffer =>
	buildImage({ identity: { ...identity, target }, payload: Buffer.alloc(2000, "x") });
const refused = (action: () => unknown, text: string): void => {
	ok(throws(action, text) instanceof CheckError);
};

/** The image for another chip, with a digest that is right again. */
function chipped(bytes: Buffer, chip: number): Buffer {
	bytes.writeUInt16LE(chip, 12);
	const body = bytes.subarray(0, -32);
	return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

describe("tools: what may be published", () => {
	it("is an image that a bootloader starts, whatever follows it", () => {
		equal(checkFirmware(image(), claim, 0), "virtual");
		equal(checkFirmware(Buffer.concat([image(), Buffer.alloc(80)]), claim, 0), "virtual");
		equal(checkFirmware(image("esp32"), claim, 0), "esp32");
	});

	it("is no other file by mistake, and that is said first", () => {
		const first = "expected an ESP32 image (first byte 0xE9), got";
		refused(() => checkFirmware(Buffer.from('import { x } from "y";'), claim, 0), `${first} 0x69, the text`);
		refused(() => checkFirmware(Buffer.from([0x8f, 1]), claim, 0), `${first} 0x8F`);
		refused(() => checkFirmware(Buffer.alloc(0), claim, 0), `${first} an empty file`);
	});

	it("is no image that is cut or damaged anywhere", () => {
		const whole = image();
		for (const length of [500, 1000, whole.length - 1])
			refused(() => checkFirmware(whole.subarray(0, length), claim, 0), "truncated");
		whole[1500] = 0;
		refused(() => checkFirmware(whole, claim, 0), "image: ");
	});

	it("is nothing around a record, and no record that devices do not look for", () => {
		const record = encodeIdentity(identity);
		refused(() => checkFirmware(Buffer.concat([Buffer.alloc(19), record]), claim, 0), "first byte");
		const late = image();
		late.copyWithin(1000, 288, 288 + record.length);
		late.fill(0, 288, 288 + record.length);
		refused(() => checkFirmware(late, claim, 0), "identity record: expected one in the first bytes");
	});

	it("is for the devices' chip, and for no host that is not known", () => {
		refused(() => checkFirmware(chipped(image("esp32"), 9), claim, 0), "--chip");
		equal(checkFirmware(chipped(image("esp32"), 9), claim, 9), "esp32");
		refused(() => checkFirmware(image("esp32"), claim, 9), "chip: expected 9, got 0");
		refused(() => checkFirmware(chipped(image(), 9), claim, 9), "chip: expected 0");
		refused(() => checkFirmware(image("toaster"), claim, 0), 'identity target: expected "esp32"');
	});

	it("is an archive with the parts that XS demands, and a module", () => {
		const atom = (name: string, ...body: Buffer[]): Buffer => {
			const head = Buffer.from(`\0\0\0\0${name}`, "latin1");
			head.writeUInt32BE(8 + Buffer.concat(body).length);
			return Buffer.concat([head, ...body]);
		};
		const parts: [string, Buffer][] = [
			["VERS", Buffer.from([17, 7, 0, 0])],
			["SIGN", Buffer.alloc(16)],
			["NAME", Buffer.from("mod\0")],
			["SYMB", Buffer.alloc(2)],
			["IDEN", Buffer.alloc(0)],
			["MAPS", Buffer.alloc(2)],
			["MODS", Buffer.concat([atom("PATH", Buffer.from("app\0")), atom("CODE", Buffer.alloc(9))])],
			["RSRC", Buffer.alloc(0)],
		];
		const archive = (list: [string, Buffer][]) =>
			atom("XS_A", ...list.map(([name, body]) => atom(name, body)));
		includes(checkMod(archive(parts), claim), "XS 17.7");
		for (let at = 1; at < parts.length; at++) {
			const name = parts[at]?.[0];
			refused(() => checkMod(archive(parts.slice(0, at)), claim), `expected ${name}`);
			refused(() => checkMod(archive(parts.filter((_, index) => index !== at)), claim), `expected ${name}`);
		}
		const changed = (which: string, to: Buffer) =>
			archive(parts.map(([name, body]): [string, Buffer] => [name, name === which ? to : body]));
		refused(() => checkMod(changed("MODS", Buffer.alloc(0)), claim), "expected one at least, got none");
		refused(() => checkMod(changed("SIGN", Buffer.alloc(15)), claim), "SIGN: expected 24 bytes, got 23");
		const host = Buffer.concat([atom("PATH", Buffer.from("host/store\0")), atom("CODE", Buffer.alloc(9))]);
		refused(() => checkMod(changed("MODS", host), claim), 'got "host/store"');
	});

	it("is signed where keys are pinned, by one of them or with a warning", () => {
		const [key, other] = [readKey(newKey()), readKey(newKey())];
		const name = { ...claim, type: "FIRMWARE" } as const;
		const keys = [publicPoint(key).toString("hex")];
		equal(checkSigner(image(), []), undefined);
		equal(checkSigner(signPackage(image(), key, name), keys), undefined);
		refused(() => checkSigner(image(), keys), "manifest.json pins 1 key: sign with --sign KEY.pem");
		refused(() => checkSigner(image(), [...keys, ...keys]), "pins 2 keys");
		equal(checkPins(image(), []), undefined);
		equal(checkPins(Buffer.from(`{"updateKeys":["${keys[0]}"]}`), keys), undefined);
		includes(String(checkPins(image(), keys)), "takes unsigned packages");
		includes(
			String(checkSigner(signPackage(image(), other, name), keys)),
			"which manifest.json does not pin",
		);
	});
});
