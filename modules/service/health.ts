// How the device is, as telemetry at an interval that a shared attribute sets.
import type { JSONObject, Link, System } from "host/contract";
import type { Log } from "service/log";
import Timer from "timer";

/** Where the figures come from, and where they go. */
export interface HealthOptions {
	system: System;
	/** Asked at each report: the link is made after the client. */
	link(): Link | undefined;
	log: Log;
	/** More values, e.g. counters of the client. */
	more?(): JSONObject;
	report(values: JSONObject): void;
	/** Seconds; default 300, 0 for none. */
	interval?: number;
}

const Shortest = 10; // seconds
const Longest = 86_400;
const Default = 300;

/** Reports at the interval, and whenever `tell` is called: once connected, say. Nothing that fails here reaches the caller. */
export class Health {
	readonly #options: HealthOptions;
	#interval: number;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(options: HealthOptions) {
		this.#options = options;
		this.#interval = options.interval ?? Default;
		this.#arm();
	}

	/** Seconds between two reports, 0 for none. */
	get interval(): number {
		return this.#interval;
	}

	/** Takes `healthInterval` among shared attributes: 0, or 10…86 400 seconds; anything else is not looked at. */
	configure({ healthInterval: seconds }: JSONObject): void {
		if (typeof seconds !== "number" || seconds === this.#interval) return;
		if (seconds !== 0 && !(seconds >= Shortest && seconds <= Longest)) return;
		this.#interval = seconds;
		this.#arm();
	}

	/** One report now. */
	tell(): void {
		const { log, report } = this.#options;
		try {
			report(this.values());
		} catch (error) {
			log.error(`health: ${error}`);
		}
	}

	/** The figures; those that this host has not are left out. `uptime` in seconds, memory in bytes, `RSSI` in dBm. */
	values(): JSONObject {
		const { system, link, log, more } = this.#options;
		const { uptime, freeMemory, heap, resetReason, bootId } = system;
		return {
			uptime: Math.floor(uptime / 1000),
			resetReason,
			bootId,
			errors: log.errors,
			...given("freeMemory", freeMemory),
			...given("slotHeap", heap?.slots),
			...given("chunkHeap", heap?.chunks),
			...given("RSSI", link()?.RSSI),
			...given("lastError", log.lastError),
			...more?.(),
		};
	}

	/** No report after it. */
	close(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#arm(): void {
		this.close();
		if (this.#interval > 0) this.#timer = Timer.repeat(() => this.tell(), this.#interval * 1000);
	}
}

const given = (name: string, value: number | string | undefined): JSONObject =>
	value === undefined ? {} : { [name]: value };
