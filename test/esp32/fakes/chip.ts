// The chip under the SDK's FFI: what ESP-IDF's functions do, on the virtual board's flash. It fails and loses power when told.
import { type Boot, boot } from "../../../hosts/virtual/bootloader.ts";
import { NorFlash } from "../../../hosts/virtual/flash.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { OtaData } from "../../../hosts/virtual/otadata.ts";
import { type Partition, readPartitions } from "../../../hosts/virtual/partitions.ts";
import { VirtualSlots } from "../../../hosts/virtual/slots.ts";

/** Pointers are what C code makes of them: numbers without meaning to us. */
const FirstHandle = 0x3ffb_0000;

/** The chip restarts: the call that led to it never returns. */
export class Restart extends Error {}

class Chip {
	readonly table = readPartitions();
	flash = new NorFlash();
	/** Names of the functions called since `reset`, in order. */
	calls: string[] = [];
	/** A partition that was not flashed. */
	missing = "";
	/** What `esp_random` gives next. */
	random = 1;
	resetReason = 1; // ESP_RST_POWERON
	freeHeap = 100_000;
	micros = 0n;
	/** Namespaces that are open, by handle; 0 is none. */
	readonly opened: (string | undefined)[] = [undefined];
	#boot: Boot | undefined;
	#nvs: Nvs | undefined;
	#failures = new Map<string, number>();

	/** A blank chip with this image in the first slot, started. */
	reset(image: Uint8Array): void {
		this.flash = new NorFlash();
		this.flash.write(this.slot(0).offset, image);
		this.#failures.clear();
		this.start();
	}

	/** Power on, or what `esp_restart` leads to. Returns the version that runs. */
	start(): string {
		if (!this.flash.powered) this.flash.powerOn();
		this.#boot = boot(this.flash, this.table);
		this.#nvs = undefined;
		this.opened.length = 1;
		this.calls = [];
		return this.#boot.image.version;
	}

	/** The next call of that function answers with this code and does nothing. */
	fail(name: string, code: number): void {
		this.#failures.set(name, code);
	}

	/** Notes a call; the code it was told to fail with, if any. */
	called(name: string): number {
		this.calls.push(name);
		const code = this.#failures.get(name) ?? 0;
		this.#failures.delete(name);
		return code;
	}

	get running(): Partition {
		if (!this.#boot) throw new Error("the chip is off");
		return this.#boot.slot;
	}

	/** Mounted when first asked for, as `nvs_flash_init` does at every boot. */
	get nvs(): Nvs {
		this.#nvs ??= new Nvs(this.flash, this.table.find("nvs"));
		return this.#nvs;
	}

	get otadata(): OtaData {
		return new OtaData(this.flash, this.table);
	}

	/** The virtual board's own slots, which stand for ESP-IDF's functions here. */
	get slots(): VirtualSlots {
		if (!this.#boot) throw new Error("the chip is off");
		return new VirtualSlots({
			flash: this.flash,
			table: this.table,
			boot: this.#boot,
			restart: () => {
				throw new Restart("restart");
			},
		});
	}

	slot(index: number): Partition {
		const slot = this.table.slots[index];
		if (!slot) throw new RangeError(`no slot ${index}`);
		return slot;
	}

	handleOf(partition: Partition): number {
		return FirstHandle + 64 * this.table.all.indexOf(partition);
	}

	partitionOf(handle: number): Partition {
		const found = this.table.all[(handle - FirstHandle) / 64];
		if (!found) throw new RangeError(`no partition has handle ${handle}`);
		return found;
	}
}

/** One chip for the specs of a file. */
export const chip = new Chip();
