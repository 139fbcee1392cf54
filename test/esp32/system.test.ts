// hosts/esp32/system.ts: why the chip started, and what it says of itself.
import type { System } from "../../hosts/contract.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { deepEqual, equal, throws } from "../assert.ts";
import { chip } from "./fakes/chip.ts";
import { build } from "./fakes/instrumentation.ts";
import { fresh } from "./fresh.ts";

const identity = { title: "t", version: "1.0.0", target: "esp32", xs: "17.7" };
const image = buildImage({ identity, payload: Buffer.alloc(100) });
const SW = 3; // esp_reset_reason_t
const systemNow = () => fresh<System>("system.ts");

describe("ESP32 system over a fake of ESP-IDF's functions", () => {
	beforeEach(() => {
		chip.reset(image);
		chip.resetReason = 1;
	});

	it("tells a restart that was asked for from an exception that escaped", async () => {
		const first = await systemNow();
		equal(first.resetReason, "POWERON");
		throws(() => first.restart(), "restart");
		chip.start();
		chip.resetReason = SW;
		equal((await systemNow()).resetReason, "SW");
		chip.start();
		equal((await systemNow()).resetReason, "PANIC", "the mark counts once");
	});

	it("starts and restarts with a store that fails", async () => {
		chip.fail("nvs_open", 0x110d);
		chip.resetReason = SW;
		const system = await systemNow();
		equal(system.resetReason, "PANIC");
		chip.fail("nvs_open", 0x110d);
		throws(() => system.restart(), "restart");
	});

	it("names every reason of the chip, the rare ones UNKNOWN", async () => {
		const names: string[] = [];
		for (chip.resetReason = 0; chip.resetReason < 16; chip.resetReason++)
			names.push((await systemNow()).resetReason);
		deepEqual(names.slice(0, 3).concat(names.slice(4, 11)), [
			...["UNKNOWN", "POWERON", "EXT", "PANIC", "INT_WDT", "TASK_WDT", "WDT", "DEEPSLEEP", "BROWNOUT"],
			"UNKNOWN",
		]);
	});

	it("counts milliseconds beyond 32 bits, and free memory in bytes", async () => {
		const system = await systemNow();
		chip.micros = 2n ** 40n * 1000n;
		equal(system.uptime, 2 ** 40);
		equal(system.freeMemory, 100_000);
		equal(system.host, "esp32");
	});

	it("tells the heaps where the build counts them", async () => {
		const system = await systemNow();
		build.counters = {};
		equal(system.heap, undefined);
		build.counters = { "XS Slot Heap Used": 1600, "XS Chunk Heap Used": 800 };
		deepEqual(system.heap, { slots: 1600, chunks: 800 });
	});
});
