// The slot is believed when all of it is what was announced, however many slices that takes.
import { Digest } from "crypt";
import { algorithms, createChecksum } from "ota/checksum";
import type { Firmware } from "ota/firmware";
import { SlotCheck } from "ota/slot-check";
import { equal, throws } from "../../assert.ts";
import { FakeSlots } from "../../fakes/slots.ts";
import { imageOf, lastDigitWrong, packageOf } from "./rig.ts";

const Size = 2 * 65_536 + 21;

function begin(): { slots: FakeSlots; check: SlotCheck } {
	const slots = new FakeSlots();
	const image = imageOf(Size);
	slots.bytes.set(image);
	const { fw_checksum: checksum } = packageOf(image);
	const firmware = { size: Size, algorithm: "SHA256", checksum } as Firmware;
	return { slots, check: new SlotCheck(firmware, slots, Digest) };
}

describe("SlotCheck", () => {
	it("goes on until the last byte is hashed", () => {
		const { check } = begin();
		equal(check.step(65_536), false);
		equal(check.step(65_536), false);
		equal(check.step(65_536), true);
	});

	it("finds what is wrong in the last slice", () => {
		const { slots, check } = begin();
		slots.bytes[Size - 1] = (slots.bytes[Size - 1] as number) ^ 1;
		equal(check.step(2 * 65_536), false);
		throws(() => check.step(65_536), "slot: expected");
	});

	it("takes a whole slot at once", () => equal(begin().check.step(Size), true));

	for (const algorithm of algorithms)
		it(`compares the last digit of ${algorithm}, too`, () => {
			const { slots } = begin();
			const sum = createChecksum(algorithm, Digest);
			sum.write(imageOf(Size));
			const checksum = sum.digest();
			const check = (checksum: string) =>
				new SlotCheck({ size: Size, algorithm, checksum } as Firmware, slots, Digest).step(Size);
			equal(check(checksum), true);
			throws(() => check(lastDigitWrong(checksum)), "OTA_CHECKSUM: slot: expected");
		});
});
