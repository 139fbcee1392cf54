import type { FaultName } from "./table.ts";

/** The faults that wait for their occasion, or go on until they are cleared, of one device. */
export class Armed {
	#values = new Map<FaultName, number>();

	/** Whether there is any: nearly always not. */
	get any(): boolean {
		return this.#values.size > 0;
	}

	get(name: FaultName): number | undefined {
		return this.#values.get(name);
	}

	set(name: FaultName, value: number): void {
		this.#values.set(name, value);
	}

	clear(name: FaultName): void {
		this.#values.delete(name);
	}

	/** The value, which is used up by it. */
	take(name: FaultName): number | undefined {
		const value = this.#values.get(name);
		this.#values.delete(name);
		return value;
	}

	/** Whether one of n occasions is left; uses it up. */
	countDown(name: FaultName): boolean {
		const left = this.#values.get(name) ?? 0;
		if (left > 1) this.#values.set(name, left - 1);
		else this.#values.delete(name);
		return left > 0;
	}

	/** Name and value of each; `true` stands for 1 in the answer of REST. */
	all(): Partial<Record<FaultName, number>> {
		return Object.fromEntries(this.#values) as Partial<Record<FaultName, number>>;
	}
}
