/** A virtual ESP32: flash, bootloader, and one machine after another. Whatever ends a machine restarts the board. */
import { randomInt } from "node:crypto";
import { EventEmitter } from "node:events";
import type { ResetReason } from "../contract.ts";
import { boot as bootloader } from "./bootloader.ts";
import { type Cancel, type Clock, RealClock } from "./clock.ts";
import { NorFlash, PowerCut } from "./flash.ts";
import { type Limits, Machine } from "./machine.ts";
import { readMod } from "./mod.ts";
import { type Network, RealNetwork } from "./network.ts";
import { Nvs } from "./nvs.ts";
import { type PartitionTable, readPartitions } from "./partitions.ts";
import { PartitionRegion } from "./region.ts";
import { Reset } from "./reset.ts";
import { VirtualSlots } from "./slots.ts";
import type { Meter } from "./worker.ts";

export interface BoardOptions extends Limits {
	/** Default: 4 MiB in memory, blank. */
	flash?: NorFlash;
	/** Default: hosts/esp32/partitions.csv. */
	partitions?: PartitionTable;
	/** Default: real time. */
	clock?: Clock;
	/** Default: the laptop's sockets. */
	network?: Network;
	/** From reset to the bootloader, ms; default 100. A chip takes about 300. */
	bootDelay?: number;
	/** How long JavaScript stands still per flash command: 1 = as on the chip, 0 (default) = not at all. */
	flashTime?: number;
	/** Whether the network cable is plugged in at power-on; default true. */
	link?: boolean;
	/** Whether the real time is known at every boot; default true (SNTP is quick here). See `setClock`. */
	clockKnown?: boolean;
}

/** What a board tells, each event with one object. */
export interface BoardEvents {
	/** One line of the guest's traces, without its end. */
	trace: [{ text: string }];
	/** The bootloader has started an image. */
	boot: [
		{
			slot: string;
			version: string;
			state: string;
			resetReason: ResetReason;
			bootId: number;
			log: readonly string[];
		},
	];
	/** A machine has ended, or no slot is bootable. */
	reset: [{ reason: ResetReason; text: string }];
	/** The power is off. */
	off: [{ text: string }];
}

const Line = /([^\n]*)\n/g;

export class Board extends EventEmitter<BoardEvents> {
	readonly flash: NorFlash;
	readonly clock: Clock;
	readonly partitions: PartitionTable;
	readonly #options: BoardOptions;
	readonly #network: Network;
	#machine: Machine | undefined;
	#timer: Cancel | undefined;
	#on = false;
	#link: boolean;
	#time = false; // real time known; it outlives resets, not power
	#trace = "";

	constructor(options: BoardOptions = {}) {
		super();
		this.#options = options;
		this.flash = options.flash ?? new NorFlash();
		this.clock = options.clock ?? new RealClock();
		this.partitions = options.partitions ?? readPartitions();
		this.#network = options.network ?? new RealNetwork();
		this.#link = options.link ?? true;
		if (options.flashTime) this.#stallFor(options.flashTime);
	}

	/** Whether the power is on. */
	get powered(): boolean {
		return this.#on;
	}

	/** The machine that runs now; undefined between reset and boot. */
	get machine(): Machine | undefined {
		return this.#machine;
	}

	/** What XS counted in the last delivery. */
	get meter(): Meter | undefined {
		return this.#machine?.meter;
	}

	/** Power on; the image runs after `bootDelay`. Nothing when it is on. */
	powerOn(reason: ResetReason = "POWERON"): void {
		if (this.#on) return;
		this.#on = true;
		this.#time = this.#options.clockKnown ?? true;
		this.flash.powerOn();
		this.#bootSoon(reason);
	}

	/** Power off, at once. `powerOn` boots again. Idempotent. */
	powerCut(): void {
		this.#off("power cut");
	}

	/** Power off for good: also closes the flash file. */
	close(): void {
		this.#off("closed");
		this.flash.close();
	}

	/** Pulls the network cable or plugs it in. */
	setLink(up: boolean): void {
		this.#link = up;
		this.#machine?.setLink(up);
	}

	/** The real time becomes known. */
	setClock(): void {
		this.#time = true;
		this.#machine?.setClock();
	}

	#off(text: string): void {
		this.#timer?.();
		this.#machine?.close();
		this.#machine = undefined;
		if (!this.#on) return;
		this.#on = false;
		this.#flushTrace();
		this.emit("off", { text });
	}

	#bootSoon(reason: ResetReason): void {
		this.#timer = this.clock.at(this.#options.bootDelay ?? 100, () => this.#boot(reason));
	}

	#boot(resetReason: ResetReason): void {
		try {
			this.#start(resetReason);
		} catch (error) {
			if (error instanceof PowerCut) this.#off(error.message);
			else if (error instanceof Error && "codeName" in error) this.#unbootable(error.message);
			else throw error;
		}
	}

	/** A chip without a bootable image resets for ever; so does the board, at the pace of `bootDelay`. */
	#unbootable(text: string): void {
		this.emit("reset", { reason: "SW", text });
		this.#bootSoon("SW");
	}

	#start(resetReason: ResetReason): void {
		const { flash, partitions: table } = this;
		const boot = bootloader(flash, table);
		const bootId = randomInt(2 ** 32);
		const restart = (): never => {
			throw new Reset("SW", "revert");
		};
		const machine = new Machine({
			...this.#options,
			script: boot.image.payload.toString(),
			clock: this.clock,
			network: this.#network,
			slots: new VirtualSlots({ flash, table, boot, restart }),
			storage: this.#storage(),
			region: new PartitionRegion(flash, table.find("outbox")),
			mods: new PartitionRegion(flash, table.find("xs")),
			mod: this.#mod(),
			boot: {
				resetReason,
				bootId,
				address: "127.0.0.1",
				RSSI: -50,
				time: this.#time ? this.clock.now() : 0,
			},
			linkUp: this.#link,
			onTrace: (text) => this.#onTrace(text),
			onReset: (reset) => this.#onReset(reset),
		});
		this.#machine = machine;
		this.emit("boot", {
			slot: boot.slot.label,
			version: boot.image.version,
			state: boot.state,
			resetReason,
			bootId,
			log: boot.log,
		});
		machine.run();
	}

	/** What XS takes at boot. */
	#mod(): string | undefined {
		const { offset, size } = this.partitions.find("xs");
		return readMod(this.flash.read(offset, size))?.script;
	}

	#storage(): Nvs {
		return new Nvs(this.flash, this.partitions.find("nvs"));
	}

	#onReset({ reason, message }: Reset): void {
		this.#machine = undefined;
		this.#flushTrace();
		if (!this.flash.powered) {
			this.#off(message);
			return;
		}
		this.emit("reset", { reason, text: message });
		if (this.#on) this.#bootSoon(reason);
	}

	/** Traces come in pieces; a line ends with "\n", and a long one without is broken up. */
	#onTrace(text: string): void {
		const all = this.#trace + text;
		let end = 0;
		for (const match of all.matchAll(Line)) {
			this.emit("trace", { text: match[1] ?? "" });
			end = match.index + match[0].length;
		}
		this.#trace = all.slice(end);
		if (this.#trace.length > 4096) this.#flushTrace();
	}

	#flushTrace(): void {
		const text = this.#trace;
		this.#trace = "";
		if (text) this.emit("trace", { text });
	}

	/** On a chip, code in flash cannot run while flash is written: everything waits. */
	#stallFor(factor: number): void {
		const cell = new Int32Array(new SharedArrayBuffer(4));
		let debt = 0; // ms: waits shorter than one are saved up
		this.flash.onBusy = (ms) => {
			debt += ms * factor;
			if (debt < 1 || this.clock.virtual) return;
			Atomics.wait(cell, 0, 0, debt);
			debt = 0;
		};
	}
}
