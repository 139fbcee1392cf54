// Power, time since boot and chance of the chip.
import type { ResetReason, System } from "host/contract";
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

/** `host/system` of the chip. An exception that escapes a callback is `esp_restart` too, so its reset reason is SW. */
const system: System = {
	restart(): void {
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
	resetReason: Reasons[idf.esp_reset_reason()] ?? "UNKNOWN",
	bootId: idf.esp_random(),
	host: "esp32",
};
export default system;
