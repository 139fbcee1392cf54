// Credentials in a store, in two copies: new ones stand beside the old until the server has accepted one of them.
import type { Store } from "host/contract";
import type { Credentials } from "tbclient/credentials";
import { parseObject } from "tbclient/payload";

/** How far credentials have come: we asked for them, the server granted them, a connection was accepted with them. */
export const Trust = Object.freeze({ asked: 0, granted: 1, accepted: 2 });

/** One copy. */
export interface Copy {
	credentials: Credentials;
	/** One of `Trust`. */
	trust: number;
	/** Grows; the newer copy is tried first. 0: not kept yet. */
	serial: number;
}

const Names = ["credentials0", "credentials1"] as const;

/** At most two copies, each written by one `set` of the store, so that a power cut leaves the old value or the new one. */
export class Keyring {
	#store: Store;

	/** `store`: a namespace of its own; the names are `credentials0` and `credentials1`. */
	constructor(store: Store) {
		this.#store = store;
	}

	/** The copies, newest first. What cannot be read counts as absent. */
	list(): Copy[] {
		const copies = Names.map((name) => this.#read(name));
		return copies.filter((copy) => copy !== undefined).sort((a, b) => b.serial - a.serial);
	}

	/** Keeps a copy as it is now: in its place, or (serial 0 = never kept) beside the most trusted one, which is not overwritten. */
	put(copy: Copy): void {
		const copies = this.list();
		const [best] = [...copies].sort((a, b) => b.trust - a.trust);
		const place = this.#nameOf(copy) ?? (best ? other(this.#nameOf(best)) : Names[0]);
		copy.serial ||= (copies[0]?.serial ?? 0) + 1;
		this.#store.set(place, JSON.stringify({ ...copy.credentials, trust: copy.trust, serial: copy.serial }));
	}

	/** Forgets every copy but this one. */
	keepOnly(copy: Copy): void {
		const name = other(this.#nameOf(copy));
		if (this.#store.get(name) !== undefined) this.#store.delete(name);
	}

	#nameOf({ serial }: Copy): string | undefined {
		return Names.find((name) => this.#read(name)?.serial === serial);
	}

	#read(name: string): Copy | undefined {
		const text = this.#store.get(name);
		if (typeof text !== "string") return undefined;
		try {
			const { trust, serial, ...credentials } = parseObject(text);
			return typeof trust === "number" && typeof serial === "number"
				? { credentials: credentials as Credentials, trust, serial }
				: undefined;
		} catch {
			return undefined;
		}
	}
}

const other = (name: string | undefined): string => (name === Names[0] ? Names[1] : Names[0]);
