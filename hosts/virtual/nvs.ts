// ESP-IDF's non-volatile storage in its own format: a log over the pages of a partition, one of which is always kept free.
// Values are int32 (I32), strings (SZ) and blobs (chunks of data and an index whose version bit alternates).
import type { StoreValue } from "../contract.ts";
import { EspError } from "./esperr.ts";
import { NorFlash } from "./flash.ts";
import {
	EntriesPerPage,
	EntrySize,
	type Item,
	type ItemData,
	ItemType,
	NoChunk,
	NvsPage,
	PageState,
	spanOf,
} from "./nvspage.ts";
import type { Partition } from "./partitions.ts";

/** Longest string (UTF-8) or blob in bytes: the host contract's limit, so that one value fits half a page on every host. */
export const MaxValueBytes = 1984;
/** Longest name of a namespace or key in bytes: NVS_KEY_NAME_MAX_SIZE without its zero. */
export const MaxNameBytes = 15;

/** Namespace number of the entries that name the namespaces. */
const Names = 0;
/** `chunkStart` of every other version of a blob, so that old and new data can stand side by side. */
const OtherVersion = 0x80;
const NewestVersion = 0xfe;

/** Values by namespace and name over one flash partition. One instance per boot. Errors: `EspError`; a cut: `PowerCut`. */
export class Nvs {
	readonly #pages: readonly NvsPage[];
	#trusted = false;

	/** Mounts the partition and finishes what a power cut interrupted; a blank partition is a valid one. */
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
		this.#mount();
	}

	/** The value, or undefined. @throws EspError for names out of limits and for types that are not ours */
	get(namespace: string, key: string): StoreValue | undefined {
		const item = this.#find(namespace, key);
		if (!item) return undefined;
		if (item.type === ItemType.I32) return item.data.readInt32LE(0);
		if (item.type === ItemType.STRING) return item.data.toString("utf8", 0, item.data.length - 1);
		if (item.type === ItemType.BLOB_INDEX) return this.#blob(item);
		throw new EspError(
			"ESP_ERR_NVS_TYPE_MISMATCH",
			`nvs get ${namespace}.${key}: expected int32, string or blob, got type ${item.type}`,
		);
	}

	/** Stores a value. The old one stays until the new one is complete. @throws EspError */
	set(namespace: string, key: string, value: StoreValue): void {
		const where = `nvs set ${namespace}.${key}`;
		checkName(namespace, where);
		checkName(key, where);
		const encoded = encodeValue(value, where);
		this.#change(() => {
			const number = this.#namespace(namespace) ?? this.#addNamespace(namespace, where);
			this.#put(number, key, encoded, where);
		});
	}

	/** Removes a value; nothing happens when there is none. */
	delete(namespace: string, key: string): void {
		const head = this.#find(namespace, key);
		if (!head) return;
		this.#change(() => {
			for (const item of this.#items(head.namespace, key).reverse()) item.page.remove(item);
		});
	}

	/** Names in a namespace. */
	keys(namespace: string): string[] {
		const number = this.#namespace(namespace);
		const items = this.#all().filter((item) => item.namespace === number && item.type !== ItemType.BLOB_DATA);
		return number === undefined ? [] : [...new Set(items.map(({ key }) => key))];
	}

	/** Entries of 32 bytes in use, usable besides, and in all; one page is kept free. */
	stats(): { used: number; free: number; total: number } {
		const used = this.#all().reduce((sum, { span }) => sum + span, 0);
		const total = (this.#pages.length - 1) * EntriesPerPage;
		return { used, free: total - used, total };
	}

	/** Writes the new items, then erases the old ones: whatever is cut, one of the two is complete. */
	#put(namespace: number, key: string, { type, data }: Encoded, where: string): void {
		try {
			if (type === ItemType.BLOB_DATA) this.#putBlob(namespace, key, data, where);
			else this.#append({ namespace, type, chunk: NoChunk, key, data }, where);
		} catch (error) {
			if (isFull(error)) this.#removeOld(this.#items(namespace, key));
			throw error;
		}
		this.#removeOld(this.#items(namespace, key));
	}

	/** As much of the data as the page in use has room for is one chunk. */
	#putBlob(namespace: number, key: string, data: Buffer, where: string): void {
		const head = newestHead(this.#items(namespace, key));
		const start = head?.type === ItemType.BLOB_INDEX && head.data[5] === 0 ? OtherVersion : 0;
		let count = 0;
		for (let at = 0; count === 0 || at < data.length; count++) {
			const room = this.#pageFor(at < data.length ? 2 : 1, where).room;
			const chunk = data.subarray(at, at + (room - 1) * EntrySize);
			this.#append({ namespace, type: ItemType.BLOB_DATA, chunk: start + count, key, data: chunk }, where);
			at += chunk.length;
		}
		const index = Buffer.alloc(8, 0xff);
		index.writeUInt32LE(data.length, 0);
		index.set([count, start], 4);
		this.#append({ namespace, type: ItemType.BLOB_INDEX, chunk: NoChunk, key, data: index }, where);
	}

	#blob(index: Item): ArrayBuffer {
		const bytes = Buffer.concat(
			chunksOf(index, this.#items(index.namespace, index.key)).map(({ data }) => data),
		);
		return new Uint8Array(bytes).buffer;
	}

	#append(item: ItemData, where: string): void {
		this.#pageFor(spanOf(item), where).append(item);
	}

	/** The page in use, or a new one; frees a page where it must. */
	#pageFor(entries: number, where: string): NvsPage {
		for (let tries = 0; tries <= this.#pages.length; tries++) {
			const page = this.#used().at(-1);
			if (page?.state === PageState.ACTIVE && page.room >= entries) return page;
			if (page?.state === PageState.ACTIVE) page.mark(PageState.FULL);
			if (!this.#newPage()) break;
		}
		const { used, total } = this.stats();
		throw new EspError(
			"ESP_ERR_NVS_NOT_ENOUGH_SPACE",
			`${where}: expected room for ${entries} entries beside the old value, ${used} of ${total} are in use`,
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

	/** Runs a change; if the flash fails in the middle, the next change starts with what a restart would do. */
	#change(action: () => void): void {
		if (!this.#trusted) this.#mount();
		this.#trusted = false;
		try {
			action();
			this.#trusted = true;
		} catch (error) {
			this.#trusted = isFull(error);
			throw error;
		}
	}

	#mount(): void {
		for (const page of this.#used()) {
			if (page.version < NewestVersion)
				throw new EspError(
					"ESP_ERR_NVS_NEW_VERSION_FOUND",
					`nvs: expected version 0xfe, got ${page.version}`,
				);
			page.repair();
		}
		this.#finishFreeing();
		const groups = new Map<string, Item[]>();
		for (const item of this.#all()) {
			const name = `${item.namespace} ${item.key}`;
			groups.set(name, [...(groups.get(name) ?? []), item]);
		}
		for (const items of groups.values()) this.#removeOld(items);
		this.#trusted = true;
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

	/** Of the items of one name, keeps the newest value that is complete. */
	#removeOld(items: readonly Item[]): void {
		const head = newestHead(items);
		const keep = new Set<Item>(head ? [head, ...chunksOf(head, items)] : []);
		for (const item of items) if (!keep.has(item)) item.page.remove(item);
	}

	#addNamespace(namespace: string, where: string): number {
		const taken = new Set(
			this.#all().map((item) => (item.namespace === Names ? item.data[0] : item.namespace)),
		);
		let number = 1;
		while (taken.has(number)) number += 1;
		if (number > 254)
			throw new EspError("ESP_ERR_NVS_NOT_ENOUGH_SPACE", `${where}: expected at most 254 namespaces`);
		const data = Buffer.alloc(8, 0xff);
		data[0] = number;
		this.#append({ namespace: Names, type: ItemType.U8, chunk: NoChunk, key: namespace, data }, where);
		return number;
	}

	#namespace(namespace: string): number | undefined {
		return newestHead(this.#items(Names, namespace))?.data[0];
	}

	#find(namespace: string, key: string): Item | undefined {
		checkName(namespace, `nvs ${namespace}.${key}`);
		checkName(key, `nvs ${namespace}.${key}`);
		const number = this.#namespace(namespace);
		return number === undefined ? undefined : newestHead(this.#items(number, key));
	}

	#items(namespace: number, key: string): Item[] {
		return this.#all().filter((item) => item.namespace === namespace && item.key === key);
	}

	/** Every intact item, oldest first. */
	#all(): Item[] {
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

interface Encoded {
	type: number;
	data: Buffer;
}

function encodeValue(value: StoreValue, where: string): Encoded {
	if (typeof value === "number") return { type: ItemType.I32, data: encodeNumber(value, where) };
	const text = typeof value === "string";
	if (!text && !(value instanceof ArrayBuffer))
		throw new EspError(
			"ESP_ERR_INVALID_ARG",
			`${where}: expected an int32, a string or an ArrayBuffer, got ${typeof value}`,
		);
	const bytes = text ? Buffer.from(value) : Buffer.from(value);
	if (bytes.length > MaxValueBytes)
		throw new EspError(
			"ESP_ERR_NVS_VALUE_TOO_LONG",
			`${where}: expected at most ${MaxValueBytes} bytes, got ${bytes.length}`,
		);
	if (!text) return { type: ItemType.BLOB_DATA, data: bytes };
	if (bytes.includes(0)) throw new EspError("ESP_ERR_INVALID_ARG", `${where}: expected a string without NUL`);
	return { type: ItemType.STRING, data: Buffer.concat([bytes, Buffer.alloc(1)]) };
}

function encodeNumber(value: number, where: string): Buffer {
	if (value !== (value | 0) || Object.is(value, -0))
		throw new EspError(
			"ESP_ERR_INVALID_ARG",
			`${where}: expected an integer of 32 bits with sign, got ${Object.is(value, -0) ? "-0" : value}`,
		);
	const data = Buffer.alloc(8, 0xff);
	data.writeInt32LE(value);
	return data;
}

function checkName(name: string, where: string): void {
	const length = Buffer.byteLength(name);
	if (length < 1 || length > MaxNameBytes || name.includes("\0"))
		throw new EspError(
			length > MaxNameBytes ? "ESP_ERR_NVS_KEY_TOO_LONG" : "ESP_ERR_NVS_INVALID_NAME",
			`${where}: expected a name of 1…${MaxNameBytes} bytes, got ${length}: "${name}"`,
		);
}

/** The newest complete value among the items of one name; blob data alone is none. */
function newestHead(items: readonly Item[]): Item | undefined {
	const complete = (item: Item): boolean =>
		item.type === ItemType.BLOB_INDEX
			? chunksOf(item, items).length === (item.data[4] ?? 0)
			: item.type !== ItemType.BLOB_DATA;
	return items.filter(complete).at(-1);
}

/** The newest data of each chunk that a blob's index names; none for other types. */
function chunksOf(head: Item, items: readonly Item[]): Item[] {
	if (head.type !== ItemType.BLOB_INDEX) return [];
	const [count = 0, start = 0] = head.data.subarray(4);
	const chunks: Item[] = [];
	for (let chunk = start; chunk < start + count; chunk++) {
		const data = items.filter((item) => item.type === ItemType.BLOB_DATA && item.chunk === chunk).at(-1);
		if (data) chunks.push(data);
	}
	return chunks;
}

function isFull(error: unknown): boolean {
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
