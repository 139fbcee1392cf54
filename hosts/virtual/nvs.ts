// ESP-IDF's non-volatile storage in its own format: a log over the pages of a partition, one of which is always kept free.
// Values are int32 (I32), strings (SZ) and blobs (chunks of data and an index whose version bit alternates).
import type { StoreValue } from "../contract.ts";
import { EspError } from "./esperr.ts";
import type { NorFlash } from "./flash.ts";
import { chunksOf, isFull, NvsLog, newestHead } from "./nvslog.ts";
import { EntrySize, type Item, ItemType, NoChunk } from "./nvspage.ts";
import { checkName, type Encoded, encodeValue } from "./nvsvalue.ts";
import type { Partition } from "./partitions.ts";

/** Namespace number of the entries that name the namespaces. */
const Names = 0;
/** `chunkStart` of every other version of a blob, so that old and new data can stand side by side. */
const OtherVersion = 0x80;

/** Values by namespace and name over one flash partition. One instance per boot. Errors: `EspError`; a cut: `PowerCut`. */
export class Nvs {
	readonly #log: NvsLog;
	#trusted = false;

	/** Mounts the partition and finishes what a power cut interrupted; a blank partition is a valid one. */
	constructor(flash: NorFlash, partition: Partition) {
		this.#log = new NvsLog(flash, partition);
		this.#mount();
	}

	/** `nvs_open`: checks a namespace's name. It comes into being with its first value. @throws EspError */
	open(namespace: string): void {
		checkName(namespace, "nvs open");
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

	/** Removes every value of a namespace, one after the other. */
	clear(namespace: string): void {
		for (const key of this.keys(namespace)) this.delete(namespace, key);
	}

	/** Names in a namespace. */
	keys(namespace: string): string[] {
		const number = this.#namespace(namespace);
		const items = this.#log
			.items()
			.filter((item) => item.namespace === number && item.type !== ItemType.BLOB_DATA);
		return number === undefined ? [] : [...new Set(items.map(({ key }) => key))];
	}

	/** Entries of 32 bytes in use, usable besides, and in all; one page is kept free. */
	stats(): { used: number; free: number; total: number } {
		const used = this.#log.items().reduce((sum, { span }) => sum + span, 0);
		const total = this.#log.capacity;
		return { used, free: total - used, total };
	}

	/** Writes the new items, then erases the old ones: whatever is cut, one of the two is complete. */
	#put(namespace: number, key: string, { type, data }: Encoded, where: string): void {
		try {
			if (type === ItemType.BLOB_DATA) this.#putBlob(namespace, key, data, where);
			else this.#log.append({ namespace, type, chunk: NoChunk, key, data }, where);
		} catch (error) {
			if (isFull(error)) this.#log.prune(this.#items(namespace, key));
			throw error;
		}
		this.#log.prune(this.#items(namespace, key));
	}

	/** As much of the data as the page in use has room for is one chunk. */
	#putBlob(namespace: number, key: string, data: Buffer, where: string): void {
		const head = newestHead(this.#items(namespace, key));
		const start = head?.type === ItemType.BLOB_INDEX && head.data[5] === 0 ? OtherVersion : 0;
		let count = 0;
		for (let at = 0; count === 0 || at < data.length; count++) {
			const room = this.#log.pageFor(at < data.length ? 2 : 1, where).room;
			const chunk = data.subarray(at, at + (room - 1) * EntrySize);
			this.#log.append(
				{ namespace, type: ItemType.BLOB_DATA, chunk: start + count, key, data: chunk },
				where,
			);
			at += chunk.length;
		}
		const index = Buffer.alloc(8, 0xff);
		index.writeUInt32LE(data.length, 0);
		index.set([count, start], 4);
		this.#log.append({ namespace, type: ItemType.BLOB_INDEX, chunk: NoChunk, key, data: index }, where);
	}

	#blob(index: Item): ArrayBuffer {
		const bytes = Buffer.concat(
			chunksOf(index, this.#items(index.namespace, index.key)).map(({ data }) => data),
		);
		return new Uint8Array(bytes).buffer;
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
		this.#log.repair();
		const groups = new Map<string, Item[]>();
		for (const item of this.#log.items()) {
			const name = `${item.namespace} ${item.key}`;
			groups.set(name, [...(groups.get(name) ?? []), item]);
		}
		for (const items of groups.values()) this.#log.prune(items);
		this.#trusted = true;
	}

	#addNamespace(namespace: string, where: string): number {
		const taken = new Set(
			this.#log.items().map((item) => (item.namespace === Names ? item.data[0] : item.namespace)),
		);
		let number = 1;
		while (taken.has(number)) number += 1;
		if (number > 254)
			throw new EspError("ESP_ERR_NVS_NOT_ENOUGH_SPACE", `${where}: expected at most 254 namespaces`);
		const data = Buffer.alloc(8, 0xff);
		data[0] = number;
		this.#log.append({ namespace: Names, type: ItemType.U8, chunk: NoChunk, key: namespace, data }, where);
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
		return this.#log.items().filter((item) => item.namespace === namespace && item.key === key);
	}
}
