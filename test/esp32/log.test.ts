// hosts/esp32/log.ts over ESP-IDF's functions: the partition found by its label, every code told.
import type { Log, SlotError } from "../../hosts/contract.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { deepEqual, equal, throws } from "../assert.ts";
import { chip } from "./fakes/chip.ts";
import { fresh } from "./fresh.ts";

const image = buildImage({
	identity: { title: "t", version: "1", target: "esp32", xs: "17.7" },
	payload: Buffer.alloc(1000),
});
const record = (text: string) => Uint8Array.from(Buffer.from(text)).buffer;
const logNow = () => fresh<Log>("log.ts");

describe("ESP32: host/log", () => {
	beforeEach(() => chip.reset(image));

	it("keeps records in the partition outbox, over restarts", async () => {
		const { offset, size } = chip.table.find("outbox");
		const position = (await logNow()).append(record("one")) ?? 0;
		chip.start();
		const log = await logNow();
		equal(Buffer.from(log.read(position) ?? new ArrayBuffer(0)).toString(), "one");
		log.remove(position);
		equal(log.after(), undefined);
		const found = chip.flash.read(offset, size).indexOf("one");
		equal(found, 24);
	});
	it("tells the chip's code of each function, and looks for the partition when it is first used", async () => {
		for (const [name, at] of [
			["esp_partition_read", "read"],
			["esp_partition_erase_range", "erase"],
			["esp_partition_write", "write"],
		]) {
			const log = await logNow();
			chip.fail(name as string, 0x6001);
			const error = throws(() => log.append(record("a")), `log: ${at}: ESP_ERR_FLASH_OP_FAIL`) as SlotError;
			deepEqual([error.code, error.codeName], [0x6001, "ESP_ERR_FLASH_OP_FAIL"]);
		}
	});
	it("asks for nothing while it is not used, and says which partition it misses", async () => {
		const log = await logNow();
		deepEqual(chip.calls, []);
		chip.missing = "outbox";
		throws(() => log.after(), "log: outbox: ESP_ERR_NOT_FOUND: expected the partition");
		chip.missing = "";
	});
});
