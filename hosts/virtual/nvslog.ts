// The log over the pages of an NVS partition (ESP-IDF nvs_pagemanager.cpp): one page takes new items, one is kept free.
import { EspError } from "./esperr.ts";
import { NorFlash } from "./flash.ts";
import { EntriesPerPage, type Item, type ItemData, ItemType, NvsPage, PageState, spanOf } from "./nvspage.ts";
import type { Partition } from "./partitions.ts";

const NewestVersion = 0xfe;

/** Items in the order they were written, whatever page they lie in. Nothing is cached. */
export class NvsLog {
	/** Entries that can be used: one page is kept free. */
	readonly capacity: number;
	readonly #pages: readonly NvsPage[];

	constructor(flash: NorFlash, partition: Partition) {
		const count = partition.size / NorFlash.SECTOR;
		if (count < 3)
			throw new EspError(
				"ESP_ERR_INVALID_SIZE",
				`nvs: expected at least 3 pages of 4096 bytes, got ${count}`,
			);
		this.#pages = Array.from(
			{ length: count },
			(_, index) => new NvsPage(flash, partition.offset + index * NorFlash.SECTOR),
		);
		this.capacity = (count - 1) * EntriesPerPage;
	}

	/** Appends an item. @throws EspError ESP_ERR_NVS_NOT_ENOUGH_SPACE */
	append(item: ItemData, where: string): void {
		this.pageFor(spanOf(item), where).append(item);
	}

	/** Marks as erased what a power cut left half written, and finishes a page that was being freed. */
	repair(): void {
		for (const page of this.#used()) {
			if (page.version < NewestVersion)
				throw new EspError(
					"ESP_ERR_NVS_NEW_VERSION_FOUND",
					`nvs: expected version 0xfe, got ${page.version}`,
				);
			page.repair();
		}
		this.#finishFreeing();
	}

	/** Of the items of one name, keeps the newest value that is complete. */
	prune(items: readonly Item[]): void {
		const head = newestHead(items);
		const keep = new Set<Item>(head ? [head, ...chunksOf(head, items)] : []);
		for (const item of items) if (!keep.has(item)) item.page.remove(item);
	}

	/** The page in use, or a new one; frees a page where it must. */
	pageFor(entries: number, where: string): NvsPage {
		for (let tries = 0; tries <= this.#pages.length; tries++) {
			const page = this.#used().at(-1);
			if (page?.state === PageState.ACTIVE && page.room >= entries) return page;
			if (page?.state === PageState.ACTIVE) page.mark(PageState.FULL);
			if (!this.#newPage()) break;
		}
		const used = this.items().reduce((sum, { span }) => sum + span, 0);
		throw new EspError(
			"ESP_ERR_NVS_NOT_ENOUGH_SPACE",
			`${where}: expected room for ${entries} entries beside the old value, ${used} of ${this.capacity} are in use`,
		);
	}

	/** `PageManager::requestNewPage`: takes a page into use; if it is the last free one, frees the least used of the others. */
	#newPage(): boolean {
		const used = this.#used();
		const free = this.#pages.filter((page) => !used.includes(page));
		const source = free.length > 1 ? undefined : leastUsed(used);
		if (!free[0] || (free.length === 1 && !source)) return false;
		source?.mark(PageState.FREEING);
		free[0].activate(this.#nextSequence());
		if (source) this.#moveItems(source, free[0]);
		return true;
	}

	/** Copies what `target` does not hold yet, then erases `source`. */
	#moveItems(source: NvsPage, target: NvsPage): void {
		const present = new Set(target.items().map(place));
		for (const item of source.items()) if (!present.has(place(item))) target.append(item);
		source.erase();
	}

	/** A page that was being freed: its copy is completed, or started again where damaged entries took the room. */
	#finishFreeing(): void {
		const source = this.#used().find((page) => page.state === PageState.FREEING);
		if (!source) return;
		let target = this.#used().at(-1);
		if (target?.state === PageState.ACTIVE) {
			const present = new Set(target.items().map(place));
			const missing = source.items().filter((item) => !present.has(place(item)));
			if (missing.reduce((sum, { span }) => sum + span, 0) > target.room) target.erase();
		}
		if (target?.state !== PageState.ACTIVE) {
			const used = this.#used();
			target = this.#pages.find((page) => !used.includes(page));
			target?.activate(this.#nextSequence());
		}
		if (!target) throw new EspError("ESP_ERR_NVS_NO_FREE_PAGES", "nvs: expected a free page, found none");
		this.#moveItems(source, target);
	}

	/** Every intact item, oldest first. */
	items(): Item[] {
		return this.#used().flatMap((page) => page.items());
	}

	/** Pages in use, oldest first. */
	#used(): NvsPage[] {
		return this.#pages
			.filter((page) => page.state !== PageState.EMPTY)
			.sort((a, b) => a.sequence - b.sequence);
	}

	#nextSequence(): number {
		return Math.max(-1, ...this.#used().map((page) => page.sequence)) + 1;
	}
}

/** The newest complete value among the items of one name; blob data alone is none. */
export function newestHead(items: readonly Item[]): Item | undefined {
	const complete = (item: Item): boolean =>
		item.type === ItemType.BLOB_INDEX
			? chunksOf(item, items).length === (item.data[4] ?? 0)
			: item.type !== ItemType.BLOB_DATA;
	return items.filter(complete).at(-1);
}

/** The newest data of each chunk that a blob's index names; none for other types. */
export function chunksOf(head: Item, items: readonly Item[]): Item[] {
	if (head.type !== ItemType.BLOB_INDEX) return [];
	const [count = 0, start = 0] = head.data.subarray(4);
	const chunks: Item[] = [];
	for (let chunk = start; chunk < start + count; chunk++) {
		const data = items.filter((item) => item.type === ItemType.BLOB_DATA && item.chunk === chunk).at(-1);
		if (data) chunks.push(data);
	}
	return chunks;
}

/** There was no room. */
export function isFull(error: unknown): boolean {
	return error instanceof EspError && error.codeName === "ESP_ERR_NVS_NOT_ENOUGH_SPACE";
}

/** The page with the fewest entries in use; none when all pages are full of values. */
function leastUsed(pages: readonly NvsPage[]): NvsPage | undefined {
	const entries = (page: NvsPage): number => page.items().reduce((sum, { span }) => sum + span, 0);
	const page = [...pages].sort((a, b) => entries(a) - entries(b))[0];
	return page && entries(page) < EntriesPerPage ? page : undefined;
}

/** What makes an item unique while its page is being copied. */
const place = (item: ItemData): string =>
	`${item.namespace} ${item.type} ${item.chunk} ${item.key} ${item.data.toString("hex")}`;
