// An image on trial, to the millisecond: when it is confirmed, given up, and what is left of it.
import type { TrialOptions } from "ota/trial";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { Rig } from "./rig.ts";

const proofs = ["connected", "acknowledged", "application"] as const;

/** v2 runs for the first time. */
function onTrial(options: Partial<TrialOptions> = {}, size?: number) {
	const rig = new Rig(size);
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	rig.reports.length = 0;
	const trial = rig.trial(options);
	return { rig, trial };
}

/** v1 runs again after v2 was given up. */
function old(rig: Rig, options: Partial<TrialOptions> = {}) {
	clock.reset();
	rig.slots.restart();
	rig.current = { title: "app", version: "v1" };
	rig.errors.length = 0;
	const trial = rig.trial(options);
	clock.advance(0);
	return trial;
}

describe("An image on trial", () => {
	it("is confirmed with the last proof, and nothing is armed then", () => {
		const { rig, trial } = onTrial();
		clock.advance(0);
		for (const proof of proofs) {
			equal(rig.slots.running.state, "PENDING_VERIFY");
			trial.prove(proof);
		}
		deepEqual([rig.slots.running.state, clock.armed], ["VALID", 0]);
	});

	it("is confirmed 5 s after flash refused, by one call more, however often a proof is told meanwhile", () => {
		const { rig, trial } = onTrial();
		clock.advance(0);
		const confirms = () => rig.slots.log.filter((entry) => entry === "confirm").length;
		rig.slots.failAt = rig.slots.count;
		for (const proof of [...proofs, ...proofs]) trial.prove(proof);
		clock.advance(4_999);
		equal(confirms(), 1);
		clock.advance(1);
		deepEqual([confirms(), trial.stage, clock.armed], [2, "UPDATED", 0]);
	});

	it("is not confirmed after close, also when that comes while a confirmation is to be repeated", () => {
		for (const early of [true, false]) {
			const { rig, trial } = onTrial();
			clock.advance(0);
			if (early) trial.close();
			else rig.slots.failAt = rig.slots.count;
			for (const proof of proofs) trial.prove(proof);
			trial.close();
			trial.fail("too late");
			equal(clock.armed, 0);
			clock.advance(600_000);
			deepEqual([rig.slots.running.state, trial.stage], ["PENDING_VERIFY", "TRIAL"]);
		}
	});

	it("is looked at again 5 s after the store could not be read", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		rig.store.failAt = rig.store.count;
		const trial = rig.trial();
		clock.advance(4_999);
		equal(trial.stage, "STARTED");
		clock.advance(1);
		equal(trial.stage, "TRIAL");
	});

	it("has 5 minutes for a store that cannot be read", () => {
		const { rig, trial } = onTrial();
		rig.store.get = () => {
			throw new Error("ESP_ERR_NVS_NO_FREE_PAGES");
		};
		clock.advance(299_999);
		equal(trial.stage, "STARTED");
		clock.advance(1);
		equal(trial.stage, "REVERTED");
		equal(rig.errors.at(-1), "store: expected the trial's record, got Error: ESP_ERR_NVS_NO_FREE_PAGES");
		deepEqual([rig.slots.states[1], clock.armed], ["INVALID", 0]);
	});

	it("has as long as it likes for that when it is not on trial", () => {
		const rig = new Rig();
		rig.store.get = () => {
			throw new Error("worn");
		};
		const trial = rig.trial();
		clock.advance(3_600_000);
		deepEqual([trial.stage, rig.slots.log], ["STARTED", []]);
		trial.close();
		equal(clock.armed, 0);
	});

	it("tells at most 100 characters of the application's reason", () => {
		const { rig, trial } = onTrial();
		clock.advance(0);
		trial.fail("x".repeat(200));
		equal(rig.errors.at(-1), `application check: ${"x".repeat(99)}…`);
	});

	for (const [what, act] of [
		["its check fails before the trial has begun", (rig: Rig) => rig.trial().fail("no sensor")],
		[
			"it is another version than announced",
			(rig: Rig) => {
				rig.current = { title: "app", version: "v7" };
				rig.trial();
			},
		],
	] as const)
		it(`is at fault when ${what}: the old one gives it up without waiting whether it can connect itself`, () => {
			const rig = new Rig();
			rig.update();
			rig.slots.restart();
			rig.current = { title: "app", version: "v2" };
			act(rig);
			clock.advance(0);
			equal(rig.slots.states[1], "INVALID");
			equal(old(rig).stage, "FAILED");
		});

	it("that nobody guards says so at its first boot, once", () => {
		const { rig } = onTrial();
		rig.slots.states[1] = "NEW";
		clock.advance(0);
		deepEqual(
			rig.reports.filter(({ ota_rollback }) => ota_rollback !== undefined),
			[{ ota_rollback: false }],
		);
		rig.reports.length = 0;
		clock.reset();
		rig.trial();
		clock.advance(0);
		ok(!rig.reports.some(({ ota_rollback }) => ota_rollback !== undefined));
	});

	it("says UPDATED no more once it is closed", () => {
		const { rig, trial } = onTrial();
		rig.outcome = new Error("dropped");
		clock.advance(0);
		for (const proof of proofs) trial.prove(proof);
		trial.close();
		clock.advance(120_000);
		deepEqual([rig.fwStates, clock.armed], [["UPDATED"], 0]);
	});
});

describe("The old image that waits whether it can connect", () => {
	/** v2 never connected in its trial. */
	function waiting(options: Partial<TrialOptions> = {}) {
		const { rig } = onTrial();
		clock.advance(300_000);
		return { rig, trial: () => old(rig, options) };
	}

	it("takes no other proof for a connection", () => {
		const { rig, trial } = waiting();
		const after = trial();
		after.prove("application");
		after.prove("acknowledged");
		deepEqual([after.stage, rig.errors], ["WAITING", []]);
	});

	it("decides once, also when the connection is told before and inside onStage", () => {
		const { rig } = waiting();
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		const stages: string[] = [];
		const trial = rig.trial({
			onStage: (stage) => {
				stages.push(stage);
				if (stage === "WAITING") trial.prove("connected");
			},
		});
		trial.prove("connected");
		rig.reports.length = 0;
		clock.advance(0);
		deepEqual([stages, rig.fwStates, clock.armed], [["WAITING", "FAILED"], ["FAILED"], 0]);
	});
});

describe("A verdict", () => {
	it("stands also where the quarantine could not be written", () => {
		const { rig } = onTrial();
		clock.advance(0);
		const { set } = rig.store;
		rig.store.set = (name, value) => {
			if (name === "quarantine") throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
			set.call(rig.store, name, value);
		};
		rig.outcome = new Error("dropped");
		equal(old(rig, { resetReason: "PANIC" }).stage, "FAILED");
		const again = rig.errors.at(-1);
		includes(String(again), "got reset PANIC");
		equal(old(rig, { resetReason: "POWERON" }).stage, "FAILED", "not tried again for a loss of power");
		equal(rig.errors.at(-1), again);
	});

	it("is written once", () => {
		const { rig } = onTrial();
		clock.advance(0);
		rig.outcome = new Error("dropped");
		old(rig, { resetReason: "PANIC" });
		let writes = 0;
		const { set } = rig.store;
		rig.store.set = (name, value) => {
			if (name === "trial") writes++;
			set.call(rig.store, name, value);
		};
		old(rig, { resetReason: "POWERON" });
		equal(writes, 0);
		equal(rig.fwStates.at(-1), "FAILED");
		ok(rig.store.values.has("trial"));
	});
});
