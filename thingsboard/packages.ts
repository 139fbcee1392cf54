import { randomUUID } from "node:crypto";
import type { Algorithm } from "./checksums.ts";
import type { Clock } from "./clock.ts";

/** An OTA package: information first, bytes (or a URL instead of them) later. */
export interface OtaPackage {
	readonly id: string;
	readonly createdTime: number;
	title: string;
	version: string;
	type: "FIRMWARE" | "SOFTWARE";
	deviceProfileId: string | null;
	tag: string | null;
	url: string | null;
	fileName?: string;
	contentType?: string;
	checksumAlgorithm?: Algorithm;
	checksum?: string;
	/** Bytes, as the operator of a URL package says; an uploaded one has `data`. */
	dataSize?: number;
	data?: Uint8Array;
}

/** Cache of package bytes: 60 minutes after write, 10 packages (YML `cache.specs.otaPackagesData`). */
const cacheTime = 3_600_000;
const cacheSize = 10;

/** The tenant's packages and the transport's cache of their bytes. */
export class Packages {
	#clock: Clock;
	#byId = new Map<string, OtaPackage>();
	#cache = new Map<string, { data: Uint8Array; until: number }>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	create(info: Omit<OtaPackage, "id" | "createdTime">): OtaPackage {
		const made = { ...info, id: randomUUID(), createdTime: this.#clock.now() };
		this.#byId.set(made.id, made);
		return made;
	}

	/** Takes over a package of an earlier run. */
	restore(saved: OtaPackage): void {
		this.#byId.set(saved.id, saved);
	}

	byId(id: string): OtaPackage | undefined {
		return this.#byId.get(id);
	}

	all(): OtaPackage[] {
		return [...this.#byId.values()];
	}

	delete(id: string): void {
		this.#byId.delete(id);
	}

	/** Loads the bytes into the cache, as the first request of a requestId does. */
	load({ id, data }: OtaPackage): void {
		if (!data || this.#fresh(id)) return;
		for (const oldest of this.#cache.keys()) {
			if (this.#cache.size < cacheSize) break;
			this.#cache.delete(oldest);
		}
		this.#cache.set(id, { data, until: this.#clock.now() + cacheTime });
	}

	/**
	 * Chunk `index` of `size` bytes; size 0 means the whole file. Past the end, and after eviction, it is empty;
	 * `undefined` when the whole file was asked for and is evicted: then the server sends nothing.
	 */
	chunk(id: string, size: number, index: number): Uint8Array | undefined {
		const data = this.#fresh(id);
		if (!data) return size ? new Uint8Array() : undefined;
		return size ? data.subarray(size * index, size * (index + 1)) : data;
	}

	/** Empties the cache, as 60 minutes or ten other packages would. */
	evict(): void {
		this.#cache.clear();
	}

	#fresh(id: string): Uint8Array | undefined {
		const entry = this.#cache.get(id);
		if (entry && entry.until > this.#clock.now()) return entry.data;
		this.#cache.delete(id);
		return undefined;
	}
}
