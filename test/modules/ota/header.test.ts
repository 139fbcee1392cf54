// The first bytes of a package decide before the first erase.
import { CRC32 } from "ota/crc32";
import { findIdentity } from "ota/identity";
import { deepEqual, equal, ok } from "../../assert.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const Offset = 288; // header, segment header, esp_app_desc_t

interface Texts {
	title?: string;
	version?: string;
	target?: string;
	xs?: string;
}

function record({ title = "app", version = "v2", target = "board", xs = "13.3.0" }: Texts): Uint8Array {
	const bytes = new Uint8Array(144);
	const put = (offset: number, text: string) =>
		bytes.set(new Uint8Array(ArrayBuffer.fromString(text)), offset);
	put(0, "TBXS-ID\x01");
	put(12, title);
	put(76, version);
	put(108, target);
	put(124, xs);
	const crc = new CRC32();
	crc.write(bytes.subarray(0, 140));
	bytes.set(new Uint8Array(crc.close()), 140);
	return bytes;
}

/** An image of an ESP32, with a record. */
function withRecord(bytes: Uint8Array, offset = Offset): Uint8Array<ArrayBuffer> {
	const image = imageOf(9_000);
	image.set([0xe9, 3], 0);
	image.set([0, 0], 12);
	image.set(bytes, offset);
	return image;
}

/** What becomes of it on a host that asks for records. */
function outcome(image: Uint8Array<ArrayBuffer>, rules: object = { identity: { target: "board" } }): string {
	const rig = new Rig();
	rig.server.image = image;
	Object.assign(rig.slots, rules);
	const updater = rig.updater();
	updater.connected();
	updater.offer(packageOf(image));
	for (let turn = 0; turn < 3; turn++) rig.serve(updater);
	if (updater.state === "FAILED") {
		deepEqual(rig.slots.log, [], "flash");
		ok(rig.store.values.has("quarantine"));
	}
	return rig.errors[0] ?? updater.state;
}

describe("the identity record", () => {
	it("is found at any multiple of 4, and only when it is intact", () => {
		for (const offset of [32, Offset, 512 - 144])
			equal(findIdentity(withRecord(record({}), offset).subarray(0, 512))?.version, "v2");
		equal(findIdentity(withRecord(record({}), 512 - 140).subarray(0, 512)), undefined);
		equal(findIdentity(withRecord(record({}), Offset + 2).subarray(0, 512)), undefined);
		const damaged = record({});
		damaged[20] = 1;
		equal(findIdentity(withRecord(damaged)), undefined);
	});

	it("gives the texts, also those that fill their room", () => {
		const title = "ö".repeat(31);
		deepEqual(findIdentity(withRecord(record({ title, xs: "123456789012345" }))), {
			...{ title, version: "v2", target: "board", xs: "123456789012345" },
		});
	});
});

describe("the identity record of somebody else's tool", () => {
	it("gives no more of a text than its room, also where no zero ends it", () => {
		const full = record({});
		const texts = {
			title: "t".repeat(64),
			version: "v".repeat(32),
			target: "b".repeat(16),
			xs: "x".repeat(16),
		};
		full.set(new Uint8Array(ArrayBuffer.fromString(Object.values(texts).join(""))), 12);
		const crc = new CRC32();
		crc.write(full.subarray(0, 140) as Uint8Array<ArrayBuffer>);
		full.set(new Uint8Array(crc.close()), 140);
		deepEqual(findIdentity(withRecord(full)), texts);
	});
});

describe("Updater looks at the header first", () => {
	it("takes an image for this host", () => {
		equal(outcome(withRecord(record({}))), "UPDATING");
		const xs = "13.3.0";
		equal(outcome(withRecord(record({ xs })), { identity: { target: "board", xs }, chip: 0 }), "UPDATING");
	});

	const cases: [string, Uint8Array<ArrayBuffer>, string][] = [
		["of another target", withRecord(record({ target: "toy" })), 'target: expected "board", got "toy"'],
		["of another version", withRecord(record({ version: "v3" })), 'version: expected "v2", got "v3"'],
		["of another title", withRecord(record({ title: "x" })), 'title: expected "app", got "x"'],
		["without a record", imageOf(9_000), "record: expected one in the first bytes, got none"],
	];
	for (const [what, image, text] of cases)
		it(`refuses one ${what}, for good, before it erases`, () => {
			equal(outcome(image), `OTA_IDENTITY: identity ${text}`);
		});

	it("refuses one of another XS where the host needs its own", () => {
		equal(
			outcome(withRecord(record({ xs: "17.7" })), { identity: { target: "board", xs: "13.3.0" } }),
			'OTA_IDENTITY: identity xs: expected "13.3.0", got "17.7"',
		);
	});

	it("refuses one for another chip, with too many segments, with none, or cut off in its header", () => {
		const chip = withRecord(record({}));
		chip[13] = 1;
		equal(outcome(chip, { chip: 0 }), "OTA_IMAGE: chip: expected 0, got 256");
		for (const segments of [0, 17]) {
			const image = withRecord(record({}));
			image[1] = segments;
			equal(outcome(image), `OTA_IMAGE: segments: expected 1…16, got ${segments}`);
		}
		equal(outcome(imageOf(23)), "OTA_IMAGE: header: expected 24 bytes, got 23");
	});

	it("takes as few and as many segments as there may be", () => {
		for (const segments of [1, 16]) {
			const image = withRecord(record({}));
			image[1] = segments;
			equal(outcome(image), "UPDATING", `${segments} segments`);
		}
		equal(outcome(imageOf(24).fill(3, 1, 2), {}), "UPDATING", "a header and no more");
	});

	it("refuses a record that is no text", () => {
		const bad = record({});
		bad.set([0xff, 0xfe], 12);
		const crc = new CRC32();
		crc.write(bad.subarray(0, 140) as Uint8Array<ArrayBuffer>);
		bad.set(new Uint8Array(crc.close()), 140);
		const text = outcome(withRecord(bad));
		ok(text.startsWith("OTA_IMAGE: header: ") || text.startsWith("OTA_IDENTITY: identity title"), text);
	});

	it("asks for no more than there is", () => {
		const rig = new Rig(100);
		rig.update();
		deepEqual([rig.server.asked[0]?.size, rig.server.pastEnd, rig.slots.boot], [512, 0, 1]);
	});
});
