/** Erases for one image in bounded steps: whole blocks while they are quick, sectors once a block was slow. */
import { naming } from "ota/attempt";
import { flashError } from "ota/errors";
import type { Target } from "ota/target";
import Time from "time";

/** Bytes; the least that NOR flash erases, and what `Slots.erase` takes at any place. */
export const Sector = 4096;
const Few = 3; // sectors at the image's end that are erased in less time than a block
const Slow = 2_500; // milliseconds: half of ESP-IDF's usual task watchdog, a quarter of ours (CONFIG_ESP_TASK_WDT_TIMEOUT_S)

export class Eraser {
	/** Everything from the image's begin up to here is erased. */
	end: number;
	readonly #target: Target;
	readonly #size: number;
	#step: number;

	/** For an image of `size` bytes. What lies below `start`, a multiple of a sector, is kept. */
	constructor(target: Target, size: number, start: number) {
		this.#target = target;
		this.#size = size;
		this.#step = target.blockSize;
		this.end = start;
	}

	/** One step. Throws OTA_FLASH. */
	step(): void {
		const { blockSize } = this.#target;
		const isBlock = this.end % blockSize === 0 && this.#size - this.end > Few * Sector;
		const room = naming("look at the slot", flashError, () => this.#target.next.size) - this.end;
		const length = Math.min(isBlock ? this.#step : Sector, room);
		const started = Time.ticks;
		naming(`erase ${length} bytes at ${this.end}`, flashError, () => this.#target.erase(this.end, length));
		if (Time.delta(started) > Slow) this.#step = Sector;
		this.end += length;
	}
}
