// NOR flash of a few sectors: bits only fall, an erase sets them. Loses power at the n-th operation, with torn bits drawn by a seed.
import type { Region } from "host/contract";

export class FakeRegion implements Region {
	static readonly SECTOR = 4096;
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Erases of each sector. */
	readonly erases: number[];
	/** Writes and erases so far. */
	operations = 0;
	/** The operation of this number (from 1) is cut in its middle, and nothing is possible after it; 0 never. */
	cutAt = 0;
	/** The operations from this number on fail without effect, `failures` times; 0 never. */
	failAt = 0;
	failures = 1;
	/** Operations that fail leave something. */
	spoils = false;
	#off = false;
	#state: number;

	constructor(sectors = 4, seed = 1) {
		this.bytes = new Uint8Array(sectors * FakeRegion.SECTOR).fill(0xff);
		this.erases = Array(sectors).fill(0);
		this.#state = seed;
	}

	get size(): number {
		return this.bytes.length;
	}

	/** Power is back. */
	powerOn(): void {
		this.#off = false;
		this.cutAt = 0;
	}

	erase(offset: number): void {
		if (offset % FakeRegion.SECTOR) throw new Error(`region: erase at ${offset}`);
		const sector = this.bytes.subarray(offset, offset + FakeRegion.SECTOR);
		if (this.#operate()) this.#tear(sector, () => this.#random());
		this.erases[offset / FakeRegion.SECTOR] = (this.erases[offset / FakeRegion.SECTOR] ?? 0) + 1;
		sector.fill(0xff);
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		if (offset < 0 || offset + length > this.size) throw new Error(`region: write at ${offset}`);
		const source = new Uint8Array(buffer, 0, length);
		const target = this.bytes.subarray(offset, offset + length);
		const and = (index: number, mask: number) =>
			(target[index] as number) & ((source[index] as number) | mask);
		if (this.#operate()) this.#tear(target, (index) => and(index, this.#random() & this.#random()));
		for (let index = 0; index < length; index++) target[index] = and(index, 0);
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		if (this.#off) throw new Error("region: the power is off");
		new Uint8Array(buffer, 0, length).set(this.bytes.subarray(offset, offset + length));
	}

	/** True when this operation is to be torn. */
	#operate(): boolean {
		if (this.#off) throw new Error("region: the power is off");
		this.operations += 1;
		const failing = this.operations - this.failAt;
		if (this.failAt && failing >= 0 && failing < this.failures) {
			if (this.spoils) return true;
			throw new Error("region: ESP_ERR_FLASH_OP_FAIL");
		}
		return this.operations === this.cutAt;
	}

	#tear(target: Uint8Array, value: (index: number) => number): never {
		const done = this.#random() * 16;
		for (let index = 0; index < target.length && index < done * 16; index++) target[index] = value(index);
		if (this.operations !== this.cutAt) throw new Error("region: ESP_ERR_FLASH_OP_FAIL");
		this.#off = true;
		throw new Error("region: power cut");
	}

	/** A byte. */
	#random(): number {
		this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
		return this.#state >>> 24;
	}
}
