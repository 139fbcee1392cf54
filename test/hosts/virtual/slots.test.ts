import { boot } from "../../../hosts/virtual/bootloader.ts";
import { ESP, type EspError } from "../../../hosts/virtual/esperr.ts";
import { NorFlash } from "../../../hosts/virtual/flash.ts";
import { buildImage } from "../../../hosts/virtual/image.ts";
import { OtaData, OtaState } from "../../../hosts/virtual/otadata.ts";
import { type Partition, readPartitions } from "../../../hosts/virtual/partitions.ts";
import { VirtualSlots } from "../../../hosts/virtual/slots.ts";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";

const table = readPartitions();
const [ota0, ota1] = table.slots as [Partition, Partition];
const image = (version: string, length = 20_000): Buffer =>
	buildImage({
		identity: { title: "t", version, target: "virtual", xs: "13.3" },
		payload: Buffer.alloc(length, version),
	});

describe("virtual ESP32: slots and bootloader", () => {
	let flash: NorFlash;
	let restarts: number;

	beforeEach(() => {
		flash = new NorFlash();
		restarts = 0;
		flash.write(ota0.offset, image("1.0.0"));
	});

	const start = (): { version: string; slots: VirtualSlots; log: string } => {
		const started = boot(flash, table);
		const restart = () => {
			restarts += 1;
		};
		const slots = new VirtualSlots({ flash, table, boot: started, restart });
		return { version: started.image.version, slots, log: started.log.join("\n") };
	};
	const install = (slots: VirtualSlots, bytes: Buffer): void => {
		slots.begin();
		slots.erase(0, slots.blockSize);
		slots.write(padded(bytes), 0, (bytes.length + 15) & ~15);
		slots.activate();
	};
	const fails = (action: () => unknown, name: keyof typeof ESP, text = ""): void => {
		const error = throws(action, text) as EspError;
		equal(error.codeName, name);
		equal(error.code, ESP[name]);
	};

	it("boots a freshly flashed chip from ota_0 and leaves a VALID record, once", () => {
		const { version, slots, log } = start();
		equal(version, "1.0.0");
		deepEqual([slots.running.label, slots.running.state], ["ota_0", "VALID"]);
		deepEqual([slots.next.label, slots.next.state, slots.next.size], ["ota_1", "UNDEFINED", 0x1d0000]);
		includes(log, "otadata[0]: was blank");
		const before = flash.operations;
		start();
		equal(flash.operations, before);
	});

	it("gives a new image one trial, and the old one back when it is not confirmed", () => {
		install(start().slots, image("2.0.0"));
		const trial = start();
		equal(trial.version, "2.0.0");
		equal(trial.slots.running.state, "PENDING_VERIFY");
		const after = start();
		equal(after.version, "1.0.0");
		deepEqual([after.slots.running.state, after.slots.next.state], ["VALID", "ABORTED"]);
	});

	it("keeps a confirmed image", () => {
		install(start().slots, image("2.0.0"));
		start().slots.confirm();
		const { version, slots } = start();
		deepEqual([version, slots.running.label, slots.running.state], ["2.0.0", "ota_1", "VALID"]);
		const before = flash.operations;
		slots.confirm();
		equal(flash.operations, before, "confirming again writes nothing");
	});

	it("goes back and forth between the slots for many updates", () => {
		for (let update = 2; update < 8; update++) {
			install(start().slots, image(`${update}.0.0`));
			const { version, slots } = start();
			equal(version, `${update}.0.0`);
			slots.confirm();
		}
		equal(start().slots.running.label, "ota_0");
	});

	it("reverts to the old image at the new one's wish", () => {
		install(start().slots, image("2.0.0"));
		start().slots.revert();
		equal(restarts, 1);
		const { version, slots } = start();
		deepEqual([version, slots.next.state], ["1.0.0", "INVALID"]);
	});

	it("does not revert when there is nothing to return to", () => {
		const { slots } = start();
		fails(() => slots.revert(), "ESP_ERR_OTA_ROLLBACK_FAILED", "beside ota_0");
		install(slots, image("2.0.0"));
		const trial = start();
		flash.erase(ota0.offset, NorFlash.BLOCK);
		fails(() => trial.slots.revert(), "ESP_ERR_OTA_ROLLBACK_FAILED");
		equal(restarts, 0);
		equal(trial.slots.running.state, "PENDING_VERIFY");
	});

	it("begins no update while the running image is on trial", () => {
		install(start().slots, image("2.0.0"));
		fails(() => start().slots.begin(), "ESP_ERR_OTA_ROLLBACK_INVALID_STATE", "begin update");
	});

	it("forgets the other slot's record when an update begins", () => {
		const { slots } = start();
		install(slots, image("2.0.0"));
		equal(slots.next.state, "NEW");
		slots.begin();
		equal(slots.next.state, "UNDEFINED");
		equal(start().version, "1.0.0");
	});

	it("activates only an image that validates, and says what is wrong with it", () => {
		const { slots } = start();
		fails(() => slots.activate(), "ESP_ERR_OTA_VALIDATE_FAILED", "magic: expected 0xe9, got 0xff");
		const damaged = image("2.0.0");
		damaged[5000] = 0;
		fails(() => install(slots, damaged), "ESP_ERR_OTA_VALIDATE_FAILED", "checksum: expected");
		equal(start().version, "1.0.0");
	});

	it("boots the other slot when the chosen image is damaged after the switch", () => {
		install(start().slots, image("2.0.0"));
		flash.write(ota1.offset + 700, Buffer.alloc(16));
		const { version, log } = start();
		equal(version, "1.0.0");
		includes(log, "ota_1: not bootable: image: checksum");
	});

	it("boots ota_1 when both records are lost and ota_0 is damaged", () => {
		install(start().slots, image("2.0.0"));
		start().slots.confirm();
		flash.erase(table.otadata.offset, table.otadata.size);
		flash.write(ota0.offset + 700, Buffer.alloc(16));
		const { version, slots } = start();
		deepEqual([version, slots.running.state], ["2.0.0", "VALID"]);
	});

	it("tries all slots when no record can be trusted", () => {
		const label = new Uint8Array(20);
		for (const sector of [0, 1] as const)
			new OtaData(flash, table).write(sector, { seq: 5, label, state: OtaState.VALID, crc: 1 });
		equal(start().version, "1.0.0");
	});

	it("says so when nothing can be booted", () => {
		fails(() => boot(new NorFlash(), table), "ESP_ERR_NOT_FOUND", "ota_0: not bootable");
	});

	it("reads back what was written", () => {
		const { slots } = start();
		slots.erase(0, slots.blockSize);
		slots.write(Uint8Array.from({ length: 32 }, (_, i) => i).buffer, 4096, 32);
		const bytes = new Uint8Array(16);
		slots.read(bytes.buffer, 4112, 16);
		deepEqual(bytes, [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
	});

	it("refuses to leave the slot or its alignment, with ESP-IDF's codes", () => {
		const { slots } = start();
		const { size } = slots.next;
		const buffer = new ArrayBuffer(64);
		fails(() => slots.write(buffer, size, 16), "ESP_ERR_INVALID_SIZE");
		fails(() => slots.write(buffer, -16, 16), "ESP_ERR_INVALID_ARG");
		fails(() => slots.write(buffer, 8, 16), "ESP_ERR_INVALID_SIZE", "steps of 16");
		fails(() => slots.write(buffer, 0, 80), "ESP_ERR_INVALID_ARG", "a buffer of 80 bytes, got 64");
		fails(() => slots.read(buffer, size - 16, 32), "ESP_ERR_INVALID_SIZE", "at most 16 bytes");
		fails(() => slots.erase(2048, 4096), "ESP_ERR_INVALID_ARG", "steps of 4096");
		fails(() => slots.erase(0, 6000), "ESP_ERR_INVALID_SIZE", "sectors of 4096");
		fails(() => slots.erase(0, size + slots.blockSize), "ESP_ERR_INVALID_SIZE");
		slots.erase(0, size);
		ok(start().version, "the running slot was never touched");
	});

	it("hands on the flash's own error", () => {
		const { slots } = start();
		flash.failAt(1, "ESP_ERR_FLASH_OP_TIMEOUT");
		fails(() => slots.erase(0, slots.blockSize), "ESP_ERR_FLASH_OP_TIMEOUT");
	});
});

/** The image in a buffer of its own, padded to 16 bytes with the flash's 0xFF. */
function padded(bytes: Buffer): ArrayBuffer {
	const all = new Uint8Array((bytes.length + 15) & ~15).fill(0xff);
	all.set(bytes);
	return all.buffer;
}
