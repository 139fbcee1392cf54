/** ECMA-419 DNS resolver: the laptop's own resolver does the work, IPv4 only as on the chip. Options are not needed. */
import { Event, Op } from "../protocol.ts";
import { call, encode, forget, register } from "./bridge.ts";

export interface Request {
	host: string;
	onResolved?(host: string, address: string): void;
	/** No such name, or no link. */
	onError?(): void;
}

const dotted = (address: number): string =>
	[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");

export default class Resolver {
	readonly #pending = new Set<number>();

	resolve({ host, onResolved, onError }: Request): void {
		const handle = register((kind, value) => {
			forget(handle);
			this.#pending.delete(handle);
			if (kind === Event.RESOLVED) onResolved?.(host, dotted(value));
			else onError?.();
		});
		this.#pending.add(handle);
		call(Op.Resolve, handle, encode(host));
	}

	/** Nothing is called afterwards. */
	close(): void {
		for (const handle of this.#pending) {
			call(Op.ResolveCancel, handle);
			forget(handle);
		}
		this.#pending.clear();
	}
}
