// The simulator's bootloader and its check of archives: pure code that the runner and the simulator share.
import { archiveLength, inspect, XSVersion } from "../../hosts/simulator/archive.ts";
import { blank, boot, type Otadata } from "../../hosts/simulator/otadata.ts";
import { deepEqual, equal, includes, ok, throws } from "../assert.ts";

const every = () => true;
const data = (a: Otadata["ota_0"], b: Otadata["ota_1"]): Otadata => ({ ota_0: a, ota_1: b });

describe("simulator bootloader", () => {
	it("boots ota_0 while no record was written", () => {
		const record = blank();
		equal(boot(record, every), "ota_0");
		deepEqual(record, blank());
	});

	it("starts a new image on trial", () => {
		const record = data({ sequence: 0, state: "UNDEFINED" }, { sequence: 2, state: "NEW" });
		equal(boot(record, every), "ota_1");
		equal(record.ota_1.state, "PENDING_VERIFY");
	});

	it("aborts a trial that was not confirmed and boots the image before it", () => {
		const record = data({ sequence: 3, state: "PENDING_VERIFY" }, { sequence: 2, state: "VALID" });
		equal(boot(record, every), "ota_1");
		deepEqual(record.ota_0, { sequence: 3, state: "ABORTED" });
	});

	it("passes over an invalid image", () => {
		const record = data({ sequence: 3, state: "INVALID" }, { sequence: 2, state: "VALID" });
		equal(boot(record, every), "ota_1");
	});

	it("passes over a slot whose image cannot run, and leaves its record alone", () => {
		const record = data({ sequence: 1, state: "VALID" }, { sequence: 2, state: "NEW" });
		equal(
			boot(record, (label) => label === "ota_0"),
			"ota_0",
		);
		equal(record.ota_1.state, "NEW");
	});

	it("boots nothing when no slot can run", () => {
		equal(
			boot(blank(), () => false),
			undefined,
		);
	});
});

describe("simulator archive", () => {
	const [major = 0, minor = 0] = XSVersion.split(".").map(Number);
	const text = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));
	const atom = (name: string, body: number[]) => [0, 0, 0, body.length + 8, ...text(name), ...body];
	const archive = (version: number[], ...more: number[][]) =>
		atom("XS_A", [...atom("VERS", [...version, 0, 0]), ...more.flat()]);
	const check = (bytes: number[], size = 0x1000) => {
		const flash = new Uint8Array(size).fill(0xff);
		flash.set(bytes);
		return archiveLength((offset, length) => flash.slice(offset, offset + length), size);
	};
	const good = archive([major, minor], atom("NAME", [1, 2, 3]));

	it("tells the length of a whole archive", () => {
		equal(check(good), good.length);
	});

	it("refuses erased flash", () => {
		throws(() => check([]), 'expected "XS_A", got ffffffff');
	});

	it("refuses an archive of another XS", () => {
		throws(() => check(archive([major, minor + 1])), `expected XS ${XSVersion}, got ${major}.${minor + 1}`);
	});

	it("refuses an archive longer than the slot", () => {
		throws(() => check(good, good.length - 1 + 0), "");
		throws(() => check([0, 1, 0, 0, ...good.slice(4)]), "image length");
	});

	it("refuses an archive cut at any byte", () => {
		for (let length = 0; length < good.length - 3; length++)
			throws(() => check(good.slice(0, length)), "image");
	});
});

describe("the archive of a mod", () => {
	const atom = (name: string, ...parts: (string | Uint8Array)[]): Buffer => {
		const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
		const head = Buffer.alloc(8);
		head.writeUInt32BE(8 + body.length);
		head.write(name, 4);
		return Buffer.concat([head, body]);
	};
	const version = Buffer.from([...XSVersion.split(".").map(Number), 0, 0]);
	const entries = (what: string, names: readonly string[]): Buffer[] =>
		names.flatMap((name) => [atom("PATH", `${name}\0`), atom(what, "code")]);
	/** As mcrun makes them. */
	const archive = (
		names: readonly string[],
		resources: readonly string[] = [],
		more: readonly Buffer[] = [],
	): Buffer =>
		atom(
			"XS_A",
			...[atom("VERS", version), atom("SIGN", Buffer.alloc(16)), atom("NAME", "app\0"), atom("SYMB", "ab")],
			...[atom("IDEN", "ab"), atom("MAPS"), atom("MODS", ...entries("CODE", names))],
			...[atom("RSRC", ...entries("DATA", resources)), ...more],
		);
	const inspected = (bytes: Uint8Array, size = bytes.length): string | undefined =>
		inspect((offset, length) => bytes.subarray(offset, offset + length), size);
	const many = (count: number, name: string) => Array.from({ length: count }, (_, index) => name + index);

	it("may hold what replaces app, what mcrun adds, and modules of its own; a signature may follow", () => {
		const good = archive(["check", "app", "app/pumps", "mod/config"], ["main", "a".repeat(300)]);
		equal(inspected(good), undefined);
		equal(inspected(Buffer.concat([good, Buffer.alloc(80, 1)])), undefined);
		equal(inspected(archive(many(256, "app/"), many(256, "picture"))), undefined);
	});

	it("holds no module that the image needs to take a mod away, nor one that hides its name", () => {
		const names = [
			"main",
			"examples/mods",
			"host/mods",
			"host/slots",
			"host/store",
			"ota/mod-slots",
			"mc/config",
		];
		for (const name of [...names, "", "application", "ap", "check2", `app/${"a".repeat(60)}`])
			includes(
				inspected(archive(["app", name])) ?? "taken",
				"mod modules: expected app, app/… and mod/… alone",
				name,
			);
	});

	it("is as XS needs it, to the byte", () => {
		const good = archive(["app"], ["picture"]);
		for (let at = 0; at < good.length; at++)
			ok(inspected(good.subarray(0, at)) !== undefined, `cut at ${at}`);
		for (const name of [
			"VERS",
			"SIGN",
			"NAME",
			"SYMB",
			"IDEN",
			"MAPS",
			"MODS",
			"PATH",
			"CODE",
			"RSRC",
			"DATA",
		])
			for (const change of [
				(bytes: Buffer, at: number) => bytes.write("x", at),
				(bytes: Buffer, at: number) => bytes.fill(0, at - 4, at),
				(bytes: Buffer, at: number) => bytes.fill(0xff, at - 4, at),
			]) {
				const bad = Buffer.from(good);
				change(bad, bad.indexOf(name));
				ok(inspected(bad), name);
			}
		includes(inspected(archive(["app"], [], [atom("MORE")])) ?? "taken", "8 bytes more");
		for (const [names, resources, what] of [
			[many(257, "app/"), [], "CODE"],
			[["app"], many(257, "r"), "DATA"],
		] as const)
			includes(inspected(archive(names, resources)) ?? "taken", `at most 256 of ${what}`);
	});
});
