// Every cell of the table of mods: what a boot makes of a record.
import type { ResetReason } from "host/contract";
import { type ModRecord, readMod } from "ota/mod-record";
import { ModSlots } from "ota/mod-slots";
import { readTrial } from "ota/record";
import { PowerLoss } from "ota/rollback";
import { equal, ok } from "../../assert.ts";
import { FakeMods, modOf } from "../../fakes/mods.ts";
import { FakeSlots } from "../../fakes/slots.ts";
import { FakeStore } from "../../fakes/store.ts";
import { modTable } from "./table.ts";

const none = { title: "app", version: "m1", size: 5_000, algorithm: "SHA256", checksum: "00" };
const records: Readonly<Record<string, ModRecord | undefined>> = {
	none: undefined,
	staged: { ...none, phase: "staged", boots: 0 },
	"staged, 5 boots ago": { ...none, phase: "staged", boots: 5 },
	copied: { ...none, phase: "copied", boots: 0 },
	trial: { ...none, phase: "trial", boots: 0 },
	confirmed: { ...none, phase: "confirmed", boots: 0 },
	"confirmed, 2 crashes": { ...none, phase: "confirmed", boots: 2 },
	removed: { ...none, phase: "removed", boots: 0, reset: "PANIC" },
};

interface Boot {
	reset: ResetReason;
	mapped: boolean;
	store?: "fails";
	flash?: "fails";
}

const boots: Readonly<Record<string, Boot>> = {
	mapped: { reset: "SW", mapped: true },
	"mapped, power loss": { reset: "POWERON", mapped: true },
	"mapped, crash": { reset: "PANIC", mapped: true },
	"not mapped": { reset: "SW", mapped: false },
	"not mapped, power loss": { reset: "POWERON", mapped: false },
	"not mapped, crash": { reset: "PANIC", mapped: false },
	"mapped, store fails": { reset: "SW", mapped: true, store: "fails" },
	"mapped, crash, store fails": { reset: "PANIC", mapped: true, store: "fails" },
	"mapped, flash fails": { reset: "SW", mapped: true, flash: "fails" },
	"mapped, flash and store fail": { reset: "SW", mapped: true, flash: "fails", store: "fails" },
};

/** What this life makes of it, what becomes of the mod that is mapped, and whether `Trial` would give a removed one another trial. */
function boot(record: ModRecord | undefined, { reset, mapped, store: bad, flash }: Boot): string {
	const store = new FakeStore();
	store.values.set("trial", JSON.stringify({ ...none, slot: "stage", trials: 1 }));
	if (record) store.values.set("mod", JSON.stringify(record));
	if (bad)
		store.power = () => {
			throw new Error("store");
		};
	const mods = new FakeMods();
	if (mapped) mods.bytes.set(modOf(5_000));
	mods.boot();
	if (flash) mods.failAt = 1;
	let restarts = 0;
	const restart = () => {
		restarts++;
	};
	const slots = new FakeSlots(2 * 65_536);
	const made = new ModSlots({ slots, mods, store, title: "app", resetReason: reset, restart });
	ok(!made.staged || !mapped, "nothing is copied under running code");
	const isThere = mods.refuse(mods.bytes, mods.size) === undefined;
	const what = restarts ? (isThere ? "restart" : "cleared") : "";
	return [phaseOf(made, store), what].filter(Boolean).join(", ");
}

function phaseOf(made: ModSlots, store: FakeStore): string {
	const isTriedAgain = !readTrial(store)?.reason && PowerLoss.includes(made.resetReason);
	if (made.next.state === "ABORTED") return isTriedAgain ? "removed, tried again" : "removed";
	return readMod(store)?.phase ?? "none";
}

describe("The table of mods", () => {
	for (const [phase, record] of Object.entries(records))
		for (const [event, conditions] of Object.entries(boots))
			it(`${phase}: ${event}`, () => equal(boot(record, conditions), modTable[phase]?.[event]));
});
