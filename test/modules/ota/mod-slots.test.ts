// The slots of mods, call by call: what reaches flash, partition and store.

import { Key } from "ota/mod-key";
import { type ModRecord, readMod } from "ota/mod-record";
import { ModSlots } from "ota/mod-slots";
import { readTrial } from "ota/record";
import { noTally } from "ota/tally";
import { deepEqual, equal, ok } from "../../assert.ts";
import { FakeMods, modOf } from "../../fakes/mods.ts";
import { FakeSlots } from "../../fakes/slots.ts";
import { FakeStore } from "../../fakes/store.ts";

const record: ModRecord = {
	...{ title: "m", version: "1", size: 9, algorithm: "SHA256", checksum: "00", phase: "confirmed", boots: 0 },
};

function begin(changes?: Partial<ModRecord>, resetReason: "SW" | "PANIC" = "SW", hasMod = true) {
	const slots = new FakeSlots(2 * 65_536);
	const mods = new FakeMods();
	const store = new FakeStore();
	if (hasMod) mods.bytes.set(modOf(5_000));
	mods.boot();
	if (changes) store.values.set("mod", JSON.stringify({ ...record, ...changes }));
	let restarts = 0;
	const calls: string[] = [];
	const write = mods.write.bind(mods);
	const erase = mods.erase.bind(mods);
	mods.write = (buffer, offset, length) => {
		calls.push(`write ${offset} ${length} ${new Uint8Array(buffer).join("")}`);
		write(buffer, offset, length);
	};
	mods.erase = (offset) => {
		calls.push(`erase ${offset}`);
		erase(offset);
	};
	const restart = () => {
		restarts++;
	};
	const made = new ModSlots({ slots, mods, store, title: "app", resetReason, restart });
	return { slots, mods, store, made, calls, kept: () => readMod(store), restarts: () => restarts };
}

describe("ModSlots", () => {
	it("hands on what the image's slots and the mods say", () => {
		const { slots, made, mods } = begin();
		equal(made.blockSize, slots.blockSize);
		Object.assign(mods, { identity: { target: "board" } });
		deepEqual(made.identity, { target: "board" });
		made.begin();
		deepEqual(slots.log, ["begin"]);
	});

	it("keeps how far a mod has come", () => {
		const { store, made, kept } = begin();
		const firmware = { title: "m", version: "2", size: 9, algorithm: "SHA256", checksum: "00" };
		store.values.set("trial", JSON.stringify({ ...firmware, slot: "x", trials: 1 }));
		made.activate();
		deepEqual(kept(), { ...firmware, phase: "staged", boots: 0 });
		made.copied();
		deepEqual(kept(), { ...firmware, phase: "copied", boots: 0 });
		equal(made.running.state, "PENDING_VERIFY");
		made.confirm();
		deepEqual([kept(), made.running.state], [{ ...firmware, phase: "confirmed", boots: 0 }, "VALID"]);
		equal(made.next.state, "UNDEFINED");
	});

	it("does not keep a mod that is reverted, and restarts", () => {
		const { made, kept, restarts, store } = begin({ phase: "copied" });
		store.values.set("trial", JSON.stringify({ ...record, slot: "x", trials: 1 }));
		equal(restarts(), 0);
		made.revert();
		deepEqual([kept()?.phase, made.next.state, restarts()], ["removed", "ABORTED", 1]);
	});

	it("forgives the crashes of a confirmed mod, and writes nothing where there are none", () => {
		const { store, made, kept } = begin({ boots: 1 }, "PANIC");
		equal(kept()?.boots, 2);
		made.healthy();
		equal(kept()?.boots, 0);
		const text = store.values.get("mod");
		store.set = () => {
			throw new Error("expected no write");
		};
		made.healthy();
		equal(store.values.get("mod"), text);
		for (const phase of ["copied", "removed"] as const) {
			const other = begin({ phase, boots: 1 }, "PANIC", phase === "copied");
			const before = JSON.stringify(other.kept());
			other.made.healthy();
			equal(JSON.stringify(other.kept()), before, phase);
		}
	});

	it("spoils what makes a mod before it erases one that is not to run, then restarts", () => {
		for (const phase of ["staged", "removed"] as const) {
			const { calls, restarts, mods } = begin({ phase });
			deepEqual([calls, restarts()], [[`write 0 ${Key} ${"0".repeat(Key)}`, "erase 0"], 1]);
			ok(mods.bytes.subarray(0, 4096).every((byte) => byte === 0xff));
		}
		const { calls, restarts } = begin({ phase: "staged" }, "SW", false);
		deepEqual([calls, restarts()], [[], 0]);
	});

	it("tells what became of a mod of no other one, nor of the same one that is installed again", () => {
		const { phase: _, boots: __, ...firmware } = record;
		const trial = (version: string) => JSON.stringify({ ...firmware, version, slot: "x", trials: 1 });
		const { store, made, kept } = begin({ phase: "removed", reset: "PANIC" }, "SW", false);
		for (const [text, expected] of [
			[trial("1"), ["ABORTED", "PANIC"]],
			[trial("2"), ["UNDEFINED", "SW"]],
			["{", ["UNDEFINED", "SW"]],
		] as const) {
			store.values.set("trial", text);
			deepEqual([made.next.state, made.resetReason], expected);
		}
		store.values.set("trial", trial("1"));
		made.begin();
		deepEqual([made.next.state, made.resetReason, kept()?.phase], ["UNDEFINED", "SW", "removed"]);
		const { count } = store;
		made.begin();
		equal(store.count, count, "nothing is written twice");
		const other = begin({ phase: "removed" }, "SW", false);
		other.store.failAt = other.store.count;
		other.made.begin();
		deepEqual(other.slots.log, ["begin"], "a store that fails stops nothing");
	});

	it("does not restart for ever over flash that keeps no zeros, and does over flash that cannot be erased", () => {
		for (const [broken, expected] of [
			["write", 0],
			["erase", 1],
		] as const) {
			const mods = new FakeMods();
			mods.bytes.set(modOf(5_000));
			mods.boot();
			mods[broken] = () => {
				if (broken === "erase") throw new Error("flash");
			};
			const store = new FakeStore();
			store.values.set("mod", JSON.stringify({ ...record, phase: "removed" }));
			let restarts = 0;
			const restart = () => {
				restarts++;
			};
			const slots = new FakeSlots(2 * 65_536);
			new ModSlots({ slots, mods, store, title: "app", resetReason: "SW", restart });
			equal(restarts, expected, broken);
		}
	});

	it("does in this life what the record says, also when the store keeps nothing", () => {
		const store = new FakeStore();
		store.values.set("mod", JSON.stringify({ ...record, phase: "trial" }));
		store.values.set("trial", JSON.stringify({ ...record, slot: "x", trials: 1 }));
		store.failAt = 1;
		const parts = { slots: new FakeSlots(2 * 65_536), mods: new FakeMods(), store, title: "app" };
		const made = new ModSlots({ ...parts, resetReason: "PANIC", restart: () => {} });
		deepEqual([made.next.state, made.resetReason, readMod(store)?.phase], ["ABORTED", "PANIC", "trial"]);
	});

	it("makes a record at the crash of a mod that has none", () => {
		const { kept } = begin(undefined, "PANIC");
		const unknown = { title: "app", version: "unknown", size: 0, algorithm: "", checksum: "" };
		deepEqual(kept(), { ...unknown, phase: "confirmed", boots: 1 });
	});

	it("gives the host any bytes of the stage, and reads them as flash with encryption can", () => {
		const { slots, mods, made } = begin();
		const reads: number[][] = [];
		slots.read = (buffer, offset, length) => {
			reads.push([offset, length, buffer.byteLength]);
			new Uint8Array(buffer).forEach((_, index, bytes) => {
				bytes[index] = offset + index;
			});
		};
		let seen: number[] = [];
		Object.assign(mods, {
			inspect(read: (offset: number, length: number) => Uint8Array, size: number) {
				seen = [...read(17, 3), ...read(32, 16).subarray(0, 1), size];
			},
		});
		equal(made.inspect(99), undefined);
		deepEqual(seen, [17, 18, 19, 32, 99]);
		deepEqual(reads, [
			[65_536 + 16, 16, 16],
			[65_536 + 32, 16, 16],
		]);
	});

	it("leaves a mod alone that it has no record of", () => {
		const { calls, restarts, made, store } = begin();
		deepEqual([calls, restarts(), [...store.values]], [[], 0, []]);
		equal(made.running.state, "VALID");
	});

	it("tells why it has given a mod up, and what that has cost", () => {
		const { store, made, kept } = begin({ phase: "staged" }, "SW", false);
		const { phase: _, boots: __, ...firmware } = record;
		const tally = { ...noTally(), bytes: 9 };
		store.values.set("trial", JSON.stringify({ ...firmware, slot: "x", trials: 1, tally }));
		made.giveUp("copy: no");
		deepEqual([readTrial(store)?.reason, readTrial(store)?.tally], ["copy: no", tally]);
		deepEqual([kept()?.phase, kept()?.reason, made.next.state], ["removed", "copy: no", "ABORTED"]);
	});
});
