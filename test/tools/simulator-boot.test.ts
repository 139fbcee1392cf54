// The simulator's bootloader and its check of archives: pure code that the runner and the simulator share.
import { archiveLength, XSVersion } from "../../hosts/simulator/archive.ts";
import { blank, boot, type Otadata } from "../../hosts/simulator/otadata.ts";
import { deepEqual, equal, throws } from "../assert.ts";

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
