import type { Core } from "../core.ts";

/** How long the transport remembers that the tenant may have no device of a name, milliseconds. */
const memory = 300_000;

/** Whether the tenant may have one more device (`settings.maxDevices`). */
export class DeviceLimit {
	#core: Core;
	#refused = new Map<string, number>();

	constructor(core: Core) {
		this.#core = core;
	}

	/** The verdict for a new device of that name. A refusal stands for 5 minutes, whatever happens meanwhile. */
	reached(name: string): boolean {
		const { clock, devices, settings } = this.#core;
		for (const [old, until] of this.#refused) if (until <= clock.now()) this.#refused.delete(old);
		if (this.#refused.has(name)) return true;
		const full = settings.maxDevices > 0 && devices.all().length >= settings.maxDevices;
		if (full) this.#refused.set(name, clock.now() + memory);
		return full;
	}
}
