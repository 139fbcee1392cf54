// ESP-IDF's partition table in CSV form; the rules are those of its gen_esp32part.py.
import { readFileSync } from "node:fs";
import { EspError } from "./esperr.ts";

/** One line of the table. Offsets and sizes in bytes. */
export interface Partition {
	readonly label: string;
	/** 0 app, 1 data, 0x40… application-defined. */
	readonly type: number;
	readonly subtype: number;
	readonly offset: number;
	readonly size: number;
	readonly encrypted: boolean;
}

const AppType = 0;
const DataType = 1;
const FirstOTA = 0x10;
const Types: Record<string, number> = { app: AppType, data: DataType };
const AppSubtypes: Record<string, number> = { factory: 0, test: 0x20 };
const DataSubtypes: Record<string, number> = {
	ota: 0,
	phy: 1,
	nvs: 2,
	coredump: 3,
	nvs_keys: 4,
	efuse: 5,
	undefined: 6,
	esphttpd: 0x80,
	fat: 0x81,
	spiffs: 0x82,
	littlefs: 0x83,
};
/** End of the table's own sector at 0x8000. */
const FirstOffset = 0x9000;

/** A checked table. */
export class PartitionTable {
	readonly all: readonly Partition[];
	/** Application slots `ota_0`, `ota_1`, … in order. */
	readonly slots: readonly Partition[];
	readonly otadata: Partition;

	/** @throws RangeError when partitions overlap, are misaligned or do not fit; EspError without otadata */
	constructor(all: readonly Partition[], flashSize = 0x400000) {
		verify(all, flashSize);
		this.all = all;
		this.slots = all
			.filter(({ type, subtype }) => type === AppType && subtype >= FirstOTA && subtype < FirstOTA + 16)
			.sort((a, b) => a.subtype - b.subtype);
		this.otadata = this.byType(DataType, 0)[0] ?? missing("of type data, subtype ota");
	}

	/** The partition of that name. @throws EspError ESP_ERR_NOT_FOUND */
	find(label: string): Partition {
		return this.all.find((partition) => partition.label === label) ?? missing(label);
	}

	/** All partitions of a type, in table order. */
	byType(type: number, subtype?: number): Partition[] {
		return this.all.filter(
			(partition) => partition.type === type && (subtype === undefined || partition.subtype === subtype),
		);
	}
}

/** Reads the table that the chip is flashed with. */
export function readPartitions(
	file: string | URL = new URL("../esp32/partitions.csv", import.meta.url),
): PartitionTable {
	return parsePartitions(readFileSync(file, "utf8"));
}

/** Parses a table. Empty offsets follow the line before, `K` and `M` multiply by 1024 and 1024², as in ESP-IDF. */
export function parsePartitions(csv: string, flashSize = 0x400000): PartitionTable {
	const all: Partition[] = [];
	let end = FirstOffset;
	for (const [index, raw] of csv.split(/\r?\n/).entries()) {
		const line = raw.trim();
		if (!line || line.startsWith("#")) continue;
		const partition = parseLine(line, index + 1, end);
		all.push(partition);
		end = partition.offset + partition.size;
	}
	return new PartitionTable(all, flashSize);
}

function parseLine(line: string, number: number, end: number): Partition {
	const [label = "", type = "", subtype = "", offset = "", size = "", flags = ""] = line
		.split(",")
		.map((field) => field.trim());
	const where = `partitions line ${number}`;
	if (!label || Buffer.byteLength(label) > 15)
		throw new RangeError(`${where}: expected a name of 1…15 bytes, got "${label}"`);
	if (!["", "encrypted"].includes(flags))
		throw new RangeError(`${where}: expected no flag but encrypted, got "${flags}"`);
	const typeId = Types[type] ?? integer(type, `${where}, type`);
	return {
		label,
		type: typeId,
		subtype: subtypeOf(typeId, subtype, where),
		offset: offset ? integer(offset, `${where}, offset`) : align(end, typeId === AppType ? 0x10000 : 4),
		size: integer(size, `${where}, size`),
		encrypted: flags === "encrypted",
	};
}

function subtypeOf(type: number, text: string, where: string): number {
	const ota = type === AppType ? /^ota_(\d+)$/.exec(text)?.[1] : undefined;
	if (ota !== undefined) return FirstOTA + Number(ota);
	const names = type === AppType ? AppSubtypes : type === DataType ? DataSubtypes : {};
	if (!text && type !== AppType) return DataSubtypes.undefined ?? 6;
	return names[text] ?? integer(text, `${where}, subtype`);
}

function integer(text: string, where: string): number {
	const match = /^(0x[0-9a-f]+|\d+)([km]?)$/i.exec(text);
	if (!match) throw new RangeError(`${where}: expected a number, got "${text}"`);
	const unit = { k: 1024, m: 1024 * 1024 }[(match[2] ?? "").toLowerCase()] ?? 1;
	return Number(match[1]) * unit;
}

function verify(all: readonly Partition[], flashSize: number): void {
	if (new Set(all.map(({ label }) => label)).size !== all.length)
		throw new RangeError("partitions: expected unique names");
	let end = FirstOffset;
	for (const { label, type, subtype, offset, size } of [...all].sort((a, b) => a.offset - b.offset)) {
		const alignment = type === AppType ? 0x10000 : 0x1000;
		if (offset < end)
			throw new RangeError(`partition ${label}: expected an offset from ${hex(end)}, got ${hex(offset)}`);
		if (offset % alignment)
			throw new RangeError(
				`partition ${label}: expected an offset in steps of ${hex(alignment)}, got ${hex(offset)}`,
			);
		if (size <= 0 || size % 0x1000)
			throw new RangeError(`partition ${label}: expected whole sectors of 0x1000 bytes, got ${hex(size)}`);
		if (type === DataType && subtype === 0 && size !== 0x2000)
			throw new RangeError(`partition ${label}: expected 0x2000 bytes for otadata, got ${hex(size)}`);
		end = offset + size;
		if (end > flashSize)
			throw new RangeError(`partition ${label}: expected an end up to ${hex(flashSize)}, got ${hex(end)}`);
	}
}

function missing(what: string): never {
	throw new EspError("ESP_ERR_NOT_FOUND", `partitions: expected a partition ${what}, found none`);
}

const align = (offset: number, to: number): number => Math.ceil(offset / to) * to;
const hex = (value: number): string => `0x${value.toString(16)}`;
