// Power, time since boot and chance of the chip.
import type { ResetReason, System } from "host/contract";
import { planRestart, takePlanned } from "host/restart";
import Instrumentation from "instrumentation";
import FFI from "mc/ffi";

/** `esp_reset_reason_t`, by value; later values (SDIO, USB, ...) are told as UNKNOWN. */
const Reasons: readonly ResetReason[] = [
	"UNKNOWN",
	"POWERON",
	"EXT",
	"SW",
	"PANIC",
	"INT_WDT",
	"TASK_WDT",
	"WDT",
	"DEEPSLEEP",
	"BROWNOUT",
];

const idf = new FFI();

/** An exception that escapes a callback ends in `esp_restart` too: what nobody asked for was a panic of the program. */
function reason(): ResetReason {
	const planned = takePlanned();
	const name = Reasons[idf.esp_reset_reason()] ?? "UNKNOWN";
	return name === "SW" && !planned ? "PANIC" : name;
}

/** Release builds have no such counters. */
function used(name: "XS Slot Heap Used" | "XS Chunk Heap Used"): number | undefined {
	const item = Instrumentation.map(name);
	return item === undefined ? undefined : Instrumentation.get(item);
}

/** `host/system` of the chip. */
const system: System = {
	restart(): void {
		planRestart();
		idf.esp_restart();
	},
	random(): number {
		return idf.esp_random(); // true random while the radio is on
	},
	get uptime(): number {
		return Number(idf.esp_timer_get_time() / 1000n); // µs in 64 bits: does not wrap as Time.ticks does
	},
	get freeMemory(): number {
		return idf.esp_get_free_heap_size();
	},
	get heap(): System["heap"] {
		const [slots, chunks] = [used("XS Slot Heap Used"), used("XS Chunk Heap Used")];
		return slots === undefined || chunks === undefined ? undefined : { slots, chunks };
	},
	resetReason: reason(),
	bootId: idf.esp_random(),
	host: "esp32",
};
export default system;
