// Packages that cannot be used: each ends in one text that names what was expected and what came; what runs is untouched.
import { deepEqual, equal, ok } from "../../assert.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const offer = packageOf(imageOf(100));
const zeros = "0".repeat(64);

describe("Updater refuses, once, and touches no flash", () => {
	const refusals: [string, object, string][] = [
		["a link", { fw_url: "https://x" }, 'OTA_URL: fw_url: expected an uploaded package, got "https://x"'],
		[
			"a package larger than the slot",
			{ fw_size: 196_609 },
			"OTA_SIZE: fw_size: expected at most 196608 bytes, got 196609",
		],
		["a negative size", { fw_size: -1 }, "OTA_SIZE: fw_size: expected a positive integer, got -1"],
		["a broken size", { fw_size: 10.5 }, "OTA_SIZE: fw_size: expected a positive integer, got 10.5"],
		["a size in text", { fw_size: "10" }, 'OTA_SIZE: fw_size: expected a positive integer, got "10"'],
		["another title", { fw_title: "other" }, 'OTA_TITLE: fw_title: expected "app", got "other"'],
		["a title that is no text", { fw_title: 1 }, "OTA_FIELD: fw_title: expected a string of one line, got 1"],
		[
			"a version that is no text",
			{ fw_version: 2 },
			"OTA_FIELD: fw_version: expected a string of one line, got 2",
		],
		[
			"an unknown algorithm",
			{ fw_checksum_algorithm: "SHA3" },
			"OTA_ALGORITHM: fw_checksum_algorithm: expected one of MD5, SHA256, SHA384, SHA512, CRC32, MURMUR3_32, MURMUR3_128, " +
				'got "SHA3"',
		],
		[
			"an algorithm that is a name every object has",
			{ fw_checksum_algorithm: "constructor" },
			"OTA_ALGORITHM: fw_checksum_algorithm: expected one of MD5, SHA256, SHA384, SHA512, CRC32, MURMUR3_32, MURMUR3_128, " +
				'got "constructor"',
		],
		[
			"a short checksum",
			{ fw_checksum: "ab" },
			'OTA_CHECKSUM: fw_checksum: expected 64 hex digits for SHA256, got "ab"',
		],
		[
			"a checksum that is no text",
			{ fw_checksum: 17 },
			"OTA_CHECKSUM: fw_checksum: expected 64 hex digits for SHA256, got 17",
		],
		[
			"a checksum that is not hex",
			{ fw_checksum: "g".repeat(64) },
			`OTA_CHECKSUM: fw_checksum: expected 64 hex digits for SHA256, got "${"g".repeat(58)}…`,
		],
	];
	for (const [what, change, text] of refusals)
		it(what, () => {
			const rig = new Rig();
			const updater = rig.updater();
			updater.connected();
			updater.offer({ ...offer, ...change });
			updater.offer({ ...offer, ...change });
			equal(updater.state, "FAILED");
			deepEqual(rig.errors, [text]);
			deepEqual([rig.slots.log, rig.server.asked], [[], []]);
			deepEqual(rig.reports.at(-1), {
				current_fw_title: "app",
				current_fw_version: "v1",
				fw_state: "FAILED",
				fw_error: text,
			});
		});

	it("takes a package of exactly the slot's size", () => {
		const rig = new Rig(65_536, 65_536);
		rig.update();
		equal(rig.slots.boot, 1);
	});
});

describe("Updater gives up after one more download, and what runs stays", () => {
	/** Offers it until the updater has given up; returns the texts. */
	function giveUp(rig: Rig, values = packageOf(rig.server.image)): string[] {
		const updater = rig.updater();
		updater.connected();
		updater.offer(values);
		for (let turn = 0; turn < 3; turn++) rig.serve(updater);
		equal(updater.state, "FAILED");
		deepEqual([rig.slots.boot, rig.ready, rig.slots.running.state], [0, 0, "VALID"]);
		deepEqual([rig.store.values.has("quarantine"), rig.store.values.has("trial")], [true, false]);
		equal(rig.reports.at(-1)?.fw_error, rig.errors[0]);
		return rig.errors;
	}

	it("a checksum that does not match", () => {
		const rig = new Rig(5_000);
		const values = packageOf(rig.server.image);
		const texts = giveUp(rig, { ...values, fw_checksum: zeros });
		deepEqual(texts, [`OTA_CHECKSUM: image: expected ${zeros}, got ${values.fw_checksum}`]);
		equal(rig.server.asked.length, 6);
		ok(!rig.slots.log.includes("activate"));
	});

	it("a long checksum that does not match: both are named, shortened", () => {
		const rig = new Rig(5_000);
		const values = packageOf(rig.server.image, "v2", "SHA512");
		const texts = giveUp(rig, { ...values, fw_checksum: "0".repeat(128) });
		const start = String(values.fw_checksum).slice(0, 63);
		deepEqual(texts, [`OTA_CHECKSUM: image: expected ${"0".repeat(63)}…, got ${start}…`]);
	});

	it("a truncated image whose size and checksum are right", () => {
		const rig = new Rig(9_000);
		const whole = rig.server.image;
		rig.slots.isImage = (bytes) => whole.every((byte, index) => bytes[index] === byte);
		rig.server.image = whole.slice(0, 6_000);
		deepEqual(giveUp(rig), ["OTA_FLASH: activate the slot: ESP_ERR_OTA_VALIDATE_FAILED"]);
		equal(rig.slots.next.state, "UNDEFINED");
	});

	it("something that does not begin like an image: nothing is erased", () => {
		const rig = new Rig(5_000);
		rig.server.image[0] = 0x7f;
		deepEqual(giveUp(rig), ["OTA_IMAGE: first byte: expected 0xE9, got 0x7F"]);
		deepEqual(rig.slots.log, []);
	});

	it("something that does not begin like this host's images", () => {
		const rig = new Rig(5_000);
		Object.assign(rig.slots, { magic: 0 });
		deepEqual(giveUp(rig), ["OTA_IMAGE: first byte: expected 0x00, got 0xE9"]);
	});
});
