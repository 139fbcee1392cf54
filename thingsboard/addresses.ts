import type { Clock } from "./clock.ts";

/** `transport.rate_limits`: failed attempts that block an address, and for how long, milliseconds. */
const maxFailures = 10;
const blockTime = 60_000;
/** Addresses that are remembered. */
const capacity = 10_000;

interface Record {
	failures: number;
	/** Epoch milliseconds of the last attempt. */
	at: number;
}

/** Blocks addresses that keep failing to authenticate (DefaultTransportRateLimitService.checkAddress). */
export class Addresses {
	#clock: Clock;
	#failed = new Map<string, Record>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Whether a connection from there is to be closed as soon as it is accepted. */
	blocked(address: string): boolean {
		const record = this.#failed.get(address);
		return record !== undefined && record.failures >= maxFailures && !this.#over(record);
	}

	/** Somebody there was refused. */
	failed(address: string): void {
		const record = this.#failed.get(address);
		const failures = record && !this.#over(record) ? record.failures : 0;
		this.#failed.delete(address); // to the end: the longest quiet one is forgotten first
		this.#failed.set(address, { failures: failures + 1, at: this.#clock.now() });
		const [oldest] = this.#failed.keys();
		if (this.#failed.size > capacity && oldest !== undefined) this.#failed.delete(oldest);
	}

	/** Somebody there was accepted. */
	succeeded(address: string): void {
		this.#failed.delete(address);
	}

	#over({ at }: Record): boolean {
		return this.#clock.now() - at >= blockTime;
	}
}
