// The copy of a mod and its record, each by itself.
import { Digest } from "crypt";
import type { Store } from "host/contract";
import { ModCopy } from "ota/mod-copy";
import { Key } from "ota/mod-key";
import { booted, type ModRecord, readMod, removed } from "ota/mod-record";
import type { ModSlots } from "ota/mod-slots";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { FakeMods, modOf } from "../../fakes/mods.ts";
import { FakeStore } from "../../fakes/store.ts";
import { packageOf } from "./rig.ts";

const Sector = 4096;
const Size = 2 * Sector + 100;

function begin() {
	const mod = new Uint8Array(3 * Sector).fill(0xff);
	mod.set(modOf(Size));
	const slots = {
		read: (buffer: ArrayBuffer, offset: number, length: number) =>
			new Uint8Array(buffer).set(mod.subarray(offset, offset + length)),
	} as unknown as ModSlots;
	const { fw_checksum } = packageOf(modOf(Size));
	const firmware = {
		title: "m",
		version: "1",
		size: Size,
		algorithm: "SHA256",
		checksum: String(fw_checksum),
	};
	const mods = new FakeMods();
	mods.bytes.fill(0);
	return { mod, mods, copy: new ModCopy(firmware, slots, mods, Digest) };
}

describe("ModCopy", () => {
	it("writes each byte once, none behind the mod's sectors, and what makes it a mod last", () => {
		const { mod, mods, copy } = begin();
		const writes: [number, number][] = [];
		const write = mods.write.bind(mods);
		mods.write = (buffer, offset, length) => {
			if (writes.length) ok(mods.bytes.subarray(0, Key).every((byte) => byte === 0xff));
			write(buffer, offset, length);
			writes.push([offset, length]);
		};
		while (!copy.step());
		deepEqual(mods.bytes.slice(0, 3 * Sector), mod);
		ok(writes.every(([offset, length]) => offset + length <= 3 * Sector));
		const behind = writes.reduce((sum, [, length]) => sum + length, 0);
		deepEqual([behind, writes.at(-1)], [3 * Sector + Key, [0, Key]]);
		deepEqual(mods.erases.slice(0, 4), [1, 1, 1, 0]);
	});

	it("names the byte that flash does not keep", () => {
		const { mod, mods, copy } = begin();
		const read = mods.read.bind(mods);
		mods.read = (buffer, offset, length) => {
			read(buffer, offset, length);
			if (offset === Sector + 1024) new Uint8Array(buffer)[3] = 0;
		};
		const expected = `copy: expected ${mod[Sector + 1027]} at ${Sector + 1027} of the mods' partition, got 0`;
		throws(() => {
			while (!copy.step());
		}, expected);
	});
});

describe("The record of a mod", () => {
	const record: ModRecord = {
		...{ title: "m", version: "1", size: 9, algorithm: "SHA256", checksum: "00", phase: "staged", boots: 0 },
	};
	const kept = (text: string): ModRecord | undefined => {
		const store = new FakeStore();
		store.values.set("mod", text);
		return readMod(store);
	};

	it("is none when it is torn or lacks a field", () => {
		deepEqual(kept(JSON.stringify(record)), record);
		for (const name of Object.keys(record))
			equal(kept(JSON.stringify({ ...record, [name]: undefined })), undefined, name);
		for (const text of ["", "{", "7", "null"]) equal(kept(text), undefined, text);
	});

	it("is not taken for torn when the store fails", () => {
		const broken = { get: (): never => throwing() } as unknown as Store;
		throws(() => readMod(broken), "no store");
	});

	it("lets a copy take five boots", () => {
		equal(booted({ ...record, boots: 4 }, false, "POWERON").phase, "staged");
		equal(booted({ ...record, boots: 5 }, false, "POWERON").phase, "removed");
	});

	it("of a mod that was removed stays as it is, whatever XS maps", () => {
		const gone = removed(record, "why");
		equal(gone.boots, 0);
		for (const isMapped of [false, true]) ok(booted(gone, isMapped, "PANIC") === gone);
	});

	it("counts crashes of a mod that runs, no other restarts, and removes it at the third", () => {
		const confirmed: ModRecord = { ...record, phase: "confirmed" };
		ok(booted(confirmed, false, "PANIC") === confirmed);
		ok(booted(confirmed, true, "SW") === confirmed);
		equal(booted(confirmed, true, "PANIC").boots, 1);
		equal(booted({ ...confirmed, boots: 1 }, true, "TASK_WDT").phase, "confirmed");
		equal(booted({ ...confirmed, boots: 2 }, true, "PANIC").phase, "removed");
	});
});

function throwing(): never {
	throw new Error("no store");
}
