import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import { FaultError, type FaultRow } from "./row.ts";
import { type FaultName, faultRow, faultTable } from "./table.ts";

/** Sets and clears faults of a running server. */
export class Faults {
	readonly rows: readonly FaultRow[] = faultTable;
	#core: Core;

	constructor(core: Core) {
		this.#core = core;
	}

	/**
	 * Lets a fault strike: at once, or armed at the device. `value`: a whole number within the row's range, or `true` for a switch.
	 * `false` and `null` clear an armed one. Throws `FaultError`.
	 */
	set(name: string, value: unknown, device?: Device): void {
		const row = faultRow(name);
		if (!row) throw new FaultError(`fault: expected one of ${this.names()}, got ${name}`);
		if (row.on === "device" && !device) throw new FaultError(`fault ${name}: expected a device`);
		if (value === false || value === null) device?.faults.clear(row.name as FaultName);
		else this.#strike(row, numberOf(row, value), row.on === "device" ? device : undefined);
	}

	/** Clears what is armed at the device. What has happened stays. */
	clear(device: Device): void {
		for (const name of Object.keys(device.faults.all())) device.faults.clear(name as FaultName);
	}

	names(): string {
		return this.rows.map(({ name }) => name).join(", ");
	}

	#strike(row: FaultRow, value: number, device: Device | undefined): void {
		if (row.lasts === "now") row.act(this.#core, device, value);
		else {
			device?.faults.set(row.name as FaultName, value);
			device?.session?.strike();
		}
	}
}

function numberOf({ name, value: range }: FaultRow, value: unknown): number {
	if (!range) {
		if (value === true) return 1;
		throw new FaultError(`${name}: expected true or false, got ${JSON.stringify(value)}`);
	}
	if (typeof value === "number" && Number.isInteger(value) && value >= range.min && value <= range.max)
		return value;
	throw new FaultError(
		`${name}: expected a whole number from ${range.min} to ${range.max} (${range.unit}), got ${JSON.stringify(value)}`,
	);
}
