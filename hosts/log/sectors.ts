// The log over a region of NOR flash. Sectors are written in turn, so all of them wear alike: one erase for 4 KiB of records.
import type { Log, Region } from "host/contract";
import { type Entry, RecordHead, Sector, SectorHead, SectorSize, sizeOf } from "log/sector";

/** One sector in use. */
interface Used {
	/** Its place in the region. */
	index: number;
	sector: Sector;
	/** Grows from sector to sector. */
	sequence: number;
	/** Records that are kept. */
	kept: number;
	/** Where free bytes begin. */
	end: number;
}

/** Keeps records in order over any loss of power. Reads the heads of all records once, at the first use. */
export class SectorLog implements Log {
	readonly maxRecord = SectorSize - SectorHead - RecordHead;
	readonly #region: Region;
	readonly #count: number;
	#used: Used[] | undefined; // the oldest first
	#next = 0; // index of the sector behind the newest

	/** @param region two sectors or more: while one is full, another must be free. */
	constructor(region: Region) {
		this.#region = region;
		this.#count = Math.floor(region.size / SectorSize);
	}

	append(record: ArrayBuffer): number | undefined {
		const size = sizeOf(record.byteLength);
		if (record.byteLength > this.maxRecord) return undefined;
		const newest = this.#roomFor(size);
		if (!newest) return undefined;
		const offset = newest.end;
		try {
			newest.sector.write(offset, record);
		} catch (error) {
			abandon(newest);
			throw error;
		}
		newest.end += size;
		newest.kept += 1;
		return newest.sequence * SectorSize + offset;
	}

	after(position = 0): number | undefined {
		const sequence = Math.floor(position / SectorSize);
		for (const used of this.#mounted()) {
			if (used.sequence < sequence || !used.kept) continue;
			let entry = this.#at(used, position);
			entry = used.sector.next(entry?.end ?? SectorHead);
			while (entry && !entry.kept) entry = used.sector.next(entry.end);
			if (entry) return used.sequence * SectorSize + entry.offset;
		}
		return undefined;
	}

	read(position: number): ArrayBuffer | undefined {
		const used = this.#find(position);
		const entry = used && this.#at(used, position);
		return entry?.kept ? used?.sector.read(entry) : undefined;
	}

	remove(position: number): void {
		const used = this.#find(position);
		const entry = used && this.#at(used, position);
		if (!used || !entry?.kept) return;
		used.sector.remove(entry.offset);
		used.kept -= 1;
	}

	#find(position: number): Used | undefined {
		const sequence = Math.floor(position / SectorSize);
		return this.#mounted().find((used) => used.sequence === sequence);
	}

	/** The entry that a position names in its sector. */
	#at({ sector, sequence }: Used, position: number): Entry | undefined {
		if (Math.floor(position / SectorSize) !== sequence) return undefined;
		return sector.next(position % SectorSize);
	}

	/** The newest sector, another one when it is full; undefined when the one after it is still needed. */
	#roomFor(size: number): Used | undefined {
		const used = this.#mounted();
		const newest = used.at(-1);
		if (newest && newest.end + size <= SectorSize) return newest;
		if (used.some(({ index, kept }) => index === this.#next && kept)) return undefined;
		return this.#begin(newest ? newest.sequence + 1 : 1);
	}

	#begin(sequence: number): Used {
		const index = this.#next;
		const sector = new Sector(this.#region, index);
		this.#used = this.#mounted().filter((used) => used.index !== index);
		sector.begin(sequence);
		this.#next = (index + 1) % this.#count;
		const newest = { index, sector, sequence, kept: 0, end: SectorHead };
		this.#used.push(newest);
		return newest;
	}

	#mounted(): Used[] {
		this.#used ??= this.#mount();
		return this.#used;
	}

	/** What a loss of power has torn is the end of the newest sector; it is made void. */
	#mount(): Used[] {
		const all: Used[] = [];
		for (let index = 0; index < this.#count; index++) {
			const sector = new Sector(this.#region, index);
			const { sequence } = sector;
			if (sequence) all.push({ index, sector, sequence, ...survey(sector) });
		}
		all.sort((a, b) => a.sequence - b.sequence);
		const newest = all.at(-1);
		if (newest) newest.end = newest.sector.clear(newest.end);
		this.#next = newest ? (newest.index + 1) % this.#count : 0;
		return all;
	}
}

/** After a write that failed: nobody knows what it has left, so it is made void. Where that fails too, the next start looks again. */
function abandon(newest: Used): void {
	const { end } = newest;
	newest.end = SectorSize;
	try {
		newest.end = newest.sector.clear(end);
	} catch {
		newest.kept += 1;
	}
}

/** How many records a sector keeps, and where they end. */
function survey(sector: Sector): { kept: number; end: number } {
	let [kept, end] = [0, SectorHead];
	for (let entry = sector.next(end); entry; entry = sector.next(end)) {
		if (entry.kept) kept += 1;
		end = entry.end;
	}
	return { kept, end };
}
