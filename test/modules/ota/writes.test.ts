// What an update costs the store: docs/ota.md tells the number.
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { Block, cutOff } from "./cut-off.ts";
import { Rig } from "./rig.ts";

/** Every change of the store from now on. */
function written({ store }: Rig): string[] {
	const names: string[] = [];
	const { set, delete: drop } = store;
	store.set = (name, value) => {
		names.push(`set ${name}`);
		set.call(store, name, value);
	};
	store.delete = (name) => {
		names.push(`delete ${name}`);
		drop.call(store, name);
	};
	return names;
}

/** The rest of the download, the restart, and the trial, until all is told. */
function finish(rig: Rig): void {
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	const trial = rig.trial();
	clock.advance(0);
	for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
	equal(trial.stage, "UPDATED");
}

describe("The life of an update", () => {
	it("writes to the store once per 64 KiB and six times more in all, and once more for a restart in the middle", () => {
		const rig = new Rig(3 * Block - 1000);
		const whole = written(rig);
		finish(rig);
		const blocks = ["set kept", "set kept", "set kept"];
		const rest = ["set trial", "delete kept", "set trial", "set trial", "delete trial"];
		deepEqual(whole, ["set kept", ...blocks, ...rest]);
		const again = cutOff();
		const second = written(again);
		finish(again);
		deepEqual(second, ["set kept", "set kept", ...rest]); // two blocks before the restart
	});
});
