// hosts/esp32/slots.ts over ESP-IDF's functions: same flash as the virtual board leaves, every code told, cut anywhere.
import { readFileSync } from "node:fs";
import type { SlotError, Slots } from "../../hosts/contract.ts";
import { type CutMode, PowerCut } from "../../hosts/virtual/flash.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";
import { chip, Restart } from "./fakes/chip.ts";
import { fresh } from "./fresh.ts";

const image = (version: string, length = 20_000): Buffer =>
	buildImage({
		identity: { title: "t", version, target: "esp32", xs: "17.7" },
		payload: Buffer.alloc(length, version),
	});
const first = image("1.0.0");
const second = image("2.0.0");
const slotsNow = () => fresh<Slots>("slots.ts");

function padded(bytes: Buffer): ArrayBuffer {
	const buffer = new ArrayBuffer((bytes.length + 15) & ~15);
	new Uint8Array(buffer).fill(0xff);
	new Uint8Array(buffer).set(bytes);
	return buffer;
}

function write(slots: Slots, bytes: Buffer): void {
	const buffer = padded(bytes);
	slots.begin();
	slots.erase(0, slots.blockSize);
	slots.write(buffer, 0, buffer.byteLength);
}

function install(slots: Slots, bytes: Buffer): void {
	write(slots, bytes);
	slots.activate();
}

interface Facts {
	errors: Record<string, number>;
}

const noSlot = "expected a second slot (hosts/esp32/partitions.csv), the chip's table has none";
const buffer = new ArrayBuffer(16);
/** Each function of ESP-IDF that answers with a code, and what leads to its call on a confirmed image. */
const calls: Record<string, (slots: Slots) => unknown> = {
	esp_ota_invalidate_inactive_ota_data_slot: (slots) => slots.begin(),
	esp_partition_erase_range: (slots) => slots.erase(0, slots.blockSize),
	esp_partition_write: (slots) => slots.write(buffer, 0, 16),
	esp_partition_read: (slots) => slots.read(buffer, 0, 16),
	esp_ota_set_boot_partition: (slots) => slots.activate(),
	esp_ota_mark_app_valid_cancel_rollback: (slots) => slots.confirm(),
};

function failure(action: () => unknown): SlotError {
	return throws(action) as SlotError;
}

/** Plays a life with the power cut at the n-th flash command; false when the life has fewer. */
async function cutAt(at: number, mode: CutMode): Promise<boolean> {
	chip.reset(first);
	chip.flash.cutAt(at, mode);
	try {
		await life();
		return false;
	} catch (error) {
		if (!(error instanceof PowerCut)) throw error;
	}
	const version = chip.start();
	ok(version === "1.0.0" || version === "2.0.0", `cut ${at}: boots ${version}`);
	ok((await slotsNow()).running.label, `cut ${at}`);
	return true;
}

/** An update that is confirmed, and one back that is rolled back. */
async function life(): Promise<void> {
	install(await slotsNow(), second);
	chip.start();
	(await slotsNow()).confirm();
	install(await slotsNow(), first);
	chip.start();
	const trial = await slotsNow();
	try {
		trial.revert();
	} catch (error) {
		if (!(error instanceof Restart)) throw error;
	}
	chip.start();
}

describe("ESP32 slots over a fake of ESP-IDF's functions", () => {
	beforeEach(() => chip.reset(first));

	it("knows which slot runs, its size and its state", async () => {
		const { running, next } = await slotsNow();
		deepEqual([running.label, running.size, running.state], ["ota_0", 0x1d0000, "VALID"]);
		deepEqual([next.label, next.size, next.state], ["ota_1", 0x1d0000, "UNDEFINED"]);
	});

	it("tells what images must say here: the running one's chip, read once it can be, and our target", async () => {
		const slots = await slotsNow();
		deepEqual(slots.identity, { target: "esp32" });
		chip.fail("esp_partition_read", 0x6001);
		equal(slots.chip, undefined);
		equal(slots.chip, 0);
		equal(slots.chip, 0);
		equal(chip.calls.filter((name) => name === "esp_partition_read").length, 2);
	});

	it("loads and runs on where the table has no second slot, and says so when one is needed", async () => {
		const { slots: both } = chip.table as unknown as { slots: unknown[] };
		const [second] = both.splice(1, 1);
		try {
			const slots = await slotsNow();
			deepEqual([slots.running.label, slots.running.state], ["ota_0", "VALID"]);
			for (const use of [
				() => slots.next.size,
				() => slots.next.label,
				() => slots.next.state,
				() => slots.erase(0, 4096),
				() => slots.activate(),
			])
				equal(failure(use).message, `slots: partition: ESP_ERR_NOT_FOUND: ${noSlot}`);
			ok(chip.flash.read(chip.slot(0).offset, first.length).equals(first), "the running image has changed");
		} finally {
			both.push(second);
		}
	});

	it("runs from a factory partition and updates into the first slot", async () => {
		chip.fail("esp_ota_get_state_partition", 0x106);
		const find = chip.table.byType;
		chip.table.byType = () => [];
		try {
			const slots = await slotsNow();
			deepEqual([slots.running.label, slots.running.state], ["factory", "UNDEFINED"]);
		} finally {
			chip.table.byType = find;
		}
	});

	it("confirms an image whose state a power cut has made unknown", async () => {
		install(await slotsNow(), second);
		chip.start();
		const { otadata } = chip;
		const [, entry] = otadata.entries();
		otadata.write(1, { ...entry, state: 0x05ff_0102 });
		equal(chip.start(), "2.0.0");
		const slots = await slotsNow();
		equal(slots.running.state, "UNDEFINED");
		slots.confirm();
		equal(slots.running.state, "VALID");
	});

	for (const sectors of [[0], [1], [0, 1]])
		it(`boots and can be updated when sector ${sectors.join(" and ")} of otadata is garbage`, async () => {
			install(await slotsNow(), second);
			chip.start();
			(await slotsNow()).confirm();
			for (const sector of sectors) {
				const at = chip.table.otadata.offset + sector * 4096;
				chip.flash.erase(at, 4096);
				chip.flash.write(at, Buffer.alloc(32, 0x5a));
			}
			const runs = chip.start();
			const [next, version] = runs === "1.0.0" ? [second, "2.0.0"] : [first, "1.0.0"];
			install(await slotsNow(), next);
			equal(chip.start(), version);
			(await slotsNow()).confirm();
			equal(chip.start(), version);
		});

	it("gives a new image one trial and keeps it once confirmed", async () => {
		install(await slotsNow(), second);
		equal(chip.start(), "2.0.0");
		const slots = await slotsNow();
		deepEqual(
			[slots.running.label, slots.running.state, slots.next.state],
			["ota_1", "PENDING_VERIFY", "VALID"],
		);
		slots.confirm();
		equal(chip.start(), "2.0.0");
		equal((await slotsNow()).running.state, "VALID");
	});

	it("leaves the same flash as the virtual board does, byte by byte", async () => {
		const steps = [write, (slots: Slots) => slots.activate()];
		for (const step of steps) step(await slotsNow(), second);
		chip.start();
		(await slotsNow()).confirm();
		const real = chip.flash.read(0, chip.flash.size);
		chip.reset(first);
		for (const step of steps) step(chip.slots, second);
		chip.start();
		chip.slots.confirm();
		ok(real.equals(chip.flash.read(0, chip.flash.size)), "the two hosts wrote different bytes");
	});

	it("reverts to a recorded image, and ends the trial where there is no record", async () => {
		install(await slotsNow(), second);
		chip.start();
		const slots = await slotsNow();
		throws(() => slots.revert(), "restart");
		equal(chip.start(), "1.0.0");
		equal((await slotsNow()).next.state, "INVALID");
	});

	it("ends the trial of the first update after flashing by USB, which ESP-IDF would not roll back", async () => {
		install(await slotsNow(), second);
		chip.start();
		chip.fail("esp_ota_mark_app_invalid_rollback_and_reboot", 0x1505);
		const slots = await slotsNow();
		throws(() => slots.revert(), "restart");
		deepEqual(chip.calls.slice(-1), ["esp_restart"]);
		equal(chip.start(), "1.0.0");
	});

	it("refuses to begin while the running image is on trial, and touches nothing", async () => {
		install(await slotsNow(), second);
		chip.start();
		const before = chip.flash.operations;
		const slots = await slotsNow();
		equal(failure(() => slots.begin()).codeName, "ESP_ERR_OTA_ROLLBACK_INVALID_STATE");
		equal(chip.flash.operations, before);
	});

	it("can be updated after the bootloader has passed a broken image over", async () => {
		install(await slotsNow(), second);
		chip.start();
		(await slotsNow()).confirm();
		chip.flash.write(chip.slot(1).offset + 4096, Buffer.alloc(16)); // flash that went bad
		equal(chip.start(), "1.0.0");
		install(await slotsNow(), second);
		equal(chip.start(), "2.0.0");
	});

	for (const updates of [1, 2])
		describe(`when the bootloader has passed over what ${updates} updates have left`, () => {
			/** The image of the active slot rots: the other one runs, while the active record still names the slot that is written next. */
			async function passedOver(): Promise<string> {
				for (let update = 1; update <= updates; update++) {
					install(await slotsNow(), image(`2.0.${update}`));
					chip.start();
					(await slotsNow()).confirm();
				}
				const { running } = chip;
				chip.flash.erase(running.offset + 4096, 4096);
				const version = chip.start();
				ok(chip.running !== running);
				return version;
			}

			it("an image that was written and never activated does not boot", async () => {
				const before = await passedOver();
				write(await slotsNow(), image("6.6.6"));
				equal(chip.start(), before);
				equal((await slotsNow()).next.state, "UNDEFINED");
			});

			it("a new image is on trial, and rolled back when it crashes", async () => {
				const before = await passedOver();
				install(await slotsNow(), image("3.0.0"));
				equal(chip.start(), "3.0.0");
				equal((await slotsNow()).running.state, "PENDING_VERIFY");
				equal(chip.start(), before);
			});

			it("an error of the boot record's flash ends the update before it begins", async () => {
				await passedOver();
				chip.fail("esp_partition_erase_range", 0x6001);
				const slots = await slotsNow();
				equal(failure(() => slots.begin()).codeName, "ESP_ERR_FLASH_OP_FAIL");
			});
		});

	for (const [what, crashed] of [
		["was rolled back", true],
		["was never activated", false],
	] as const)
		it(`keeps running from ota_1, whose image ${what}, while ota_0 is written`, async () => {
			const slots = await slotsNow();
			write(slots, second);
			if (crashed) {
				slots.activate();
				equal(chip.start(), "2.0.0");
				equal(chip.start(), "1.0.0");
			}
			chip.flash.erase(chip.slot(0).offset + 4096, 4096); // flash that went bad
			equal(chip.start(), "2.0.0");
			write(await slotsNow(), image("6.6.6"));
			equal(chip.start(), "2.0.0");
			equal((await slotsNow()).running.state, "VALID");
		});

	it("refuses to activate what is no image, and keeps the old one bootable", async () => {
		const slots = await slotsNow();
		write(slots, Buffer.from(second).fill(0, 100, 200));
		equal(failure(() => slots.activate()).codeName, "ESP_ERR_OTA_VALIDATE_FAILED");
		equal(chip.start(), "1.0.0");
	});

	it("says what it expected of offsets and lengths before ESP-IDF is asked", async () => {
		const slots = await slotsNow();
		const buffer = new ArrayBuffer(64);
		const { size } = slots.next;
		for (const [name, action] of [
			["ESP_ERR_INVALID_ARG", () => slots.erase(2048, 4096)],
			["ESP_ERR_INVALID_SIZE", () => slots.erase(0, 6000)],
			["ESP_ERR_INVALID_SIZE", () => slots.erase(0, size + 65536)],
			["ESP_ERR_INVALID_ARG", () => slots.write(buffer, 8, 16)],
			["ESP_ERR_INVALID_SIZE", () => slots.write(buffer, 0, 24)],
			["ESP_ERR_INVALID_SIZE", () => slots.write(buffer, 0, 80)],
			["ESP_ERR_INVALID_SIZE", () => slots.read(buffer, size - 16, 32)],
			["ESP_ERR_INVALID_SIZE", () => slots.read(buffer, 0, 65)],
		] as const)
			equal(failure(action).codeName, name, String(action));
		deepEqual(
			chip.calls.filter((name) => name.startsWith("esp_partition")),
			[],
		);
	});

	const codes = Object.entries(
		(JSON.parse(readFileSync(new URL("../../hosts/esp32/esp-idf.json", import.meta.url), "utf8")) as Facts)
			.errors,
	).filter(([, code]) => code !== 0);
	for (const [call, action] of Object.entries(calls))
		it(`tells every error code of ${call}, by number and where known by name`, async () => {
			install(await slotsNow(), second);
			chip.start();
			(await slotsNow()).confirm();
			const slots = await slotsNow();
			for (const [name, code] of codes) {
				if (call === "esp_ota_invalidate_inactive_ota_data_slot" && name === "ESP_FAIL") continue; // nothing to do
				chip.fail(call, code);
				const error = failure(() => action(slots));
				equal(error.code, code, call);
				ok(error.codeName === name || error.codeName === `0x${(code >>> 0).toString(16)}`, error.codeName);
			}
			ok(chip.start(), "boots");
		});

	for (const mode of ["before", "torn"] as const)
		it(`boots one of the two images wherever the power is cut (${mode}): update, trial, confirmation, rollback`, async () => {
			let cuts = 0;
			for (let at = 1; await cutAt(at, mode); at++) cuts += 1;
			ok(cuts >= 10, `expected a cut at each flash command, got ${cuts}`);
		});
});
