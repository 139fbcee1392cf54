// Calls of slots, store and report, counted by kind; one of them fails without effect.
import type { Slots, Store } from "host/contract";
import type { Report } from "ota/telling";
import { EspError } from "../../../hosts/virtual/esperr.ts";

const actions = ["begin", "erase", "write", "read", "activate", "confirm", "revert"] as const;
const looks = ["running", "next"] as const;
const stores = ["get", "set", "delete"] as const;

/** `report`: it throws. `drop`: the message is lost, and this is told. `hush`: no acknowledgement ever comes. */
const reports = ["report", "drop", "hush"] as const;

export const kinds = [...actions, ...looks, ...stores, ...reports] as const;
export type Kind = (typeof kinds)[number];

export class Faults {
	/** Calls of each kind so far. */
	readonly counts: Record<string, number> = {};
	readonly #kind: Kind | undefined;
	readonly #at: number;

	/** The call of that kind and number, from 1, fails. */
	constructor(kind?: Kind, at = 0) {
		this.#kind = kind;
		this.#at = at;
	}

	#isHit(kind: Kind): boolean {
		const count = (this.counts[kind] ?? 0) + 1;
		this.counts[kind] = count;
		return kind === this.#kind && count === this.#at;
	}

	#call(kind: Kind): void {
		if (this.#isHit(kind)) throw new EspError("ESP_ERR_FLASH_OP_FAIL", `injected failure of ${kind}`);
	}

	slots(slots: Slots): Slots {
		return this.#wrap(slots, [...actions, ...looks]);
	}

	store(store: Store): Store {
		return this.#wrap(store, stores);
	}

	report(report: Report): Report {
		return (values, callback) => {
			this.#call("report");
			if (this.#isHit("drop")) callback?.(new Error("dropped"));
			else report(values, this.#isHit("hush") ? undefined : callback);
		};
	}

	#wrap<T extends object>(target: T, names: readonly Kind[]): T {
		return new Proxy(target, {
			get: (_, name) => {
				const value: unknown = Reflect.get(target, name);
				const kind = names.find((one) => one === name);
				if (typeof value !== "function") {
					if (kind) this.#call(kind);
					return value;
				}
				return (...args: unknown[]) => {
					if (kind) this.#call(kind);
					return Reflect.apply(value, target, args) as unknown;
				};
			},
		});
	}
}
