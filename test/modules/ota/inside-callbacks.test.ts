// An application that closes, cancels or proves inside the callbacks that are left: report, inspect, onStage.
import type { Stage } from "ota/states";
import type Trial from "ota/trial";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

const Block = 65_536;

describe("An application that acts inside", () => {
	for (const state of ["DOWNLOADING", "FAILED"])
		it(`report of ${state}: after close it is told nothing`, () => {
			const rig = new Rig();
			const updater = rig.updater({
				report: (values) => {
					rig.reports.push(values);
					if (values.fw_state === state) updater.close();
				},
			});
			updater.connected();
			const more = state === "FAILED" ? { fw_size: 0 } : {};
			updater.offer({ ...packageOf(rig.server.image), ...more });
			clock.advance(60_000);
			deepEqual([rig.states, rig.fwStates, rig.server.asked.length, clock.armed], [[], [state], 0, 0]);
		});

	it("inspect, when what was kept cannot be proved: cancelled there, nothing is asked for", () => {
		const rig = new Rig(2 * Block);
		const before = rig.updater({ chunkSize: 8192 });
		before.connected();
		before.offer(packageOf(rig.server.image));
		for (let chunk = 0; chunk < 12; chunk++) rig.server.answer(before);
		before.close();
		rig.slots.bytes[77] = 0;
		rig.server.asked.length = 0;
		let made = 0;
		const inspect = () => {
			if (made++) updater.cancel();
			return { write: () => {}, close: () => undefined };
		};
		const updater = rig.updater({ inspect });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(60_000);
		deepEqual([made, updater.state, rig.server.asked.length, clock.armed], [2, "FAILED", 0, 0]);
		equal(rig.errors.length, 1);
	});

	it("onStage(WAITING): a connection that was proved already is judged once", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		const trial = rig.trial();
		clock.advance(300_000);
		trial.close();
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		const stages: Stage[] = [];
		const old: Trial = rig.trial({
			onStage: (stage) => {
				stages.push(stage);
				if (stage === "WAITING") old.prove("connected");
			},
		});
		old.prove("connected");
		clock.advance(600_000);
		deepEqual([stages, rig.fwStates.at(-1)], [["WAITING", "FAILED"], "FAILED"]);
	});
});
