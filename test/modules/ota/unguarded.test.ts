// A boot loader without rollback, and a power cut that left an image without a guard: the trial is then ours alone.
import { deepEqual, equal, includes } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const proofs = ["connected", "acknowledged", "application"] as const;

/** v2 runs; the boot loader has left its record in this state. */
function running(state: "NEW" | "UNDEFINED" | "VALID"): Rig {
	const rig = new Rig();
	rig.update();
	rig.slots.restart();
	rig.slots.states[1] = state;
	rig.current = { title: "app", version: "v2" };
	rig.reports.length = 0;
	return rig;
}

function boot(rig: Rig) {
	const trial = rig.trial();
	clock.advance(0);
	return trial;
}

describe("Trial without a boot loader that goes back", () => {
	for (const state of ["NEW", "UNDEFINED", "VALID"] as const)
		it(`is a trial all the same when otadata says ${state}`, () => {
			const rig = running(state);
			const trial = boot(rig);
			equal(trial.stage, "TRIAL");
			deepEqual(rig.fwStates, []);
			for (const proof of proofs) trial.prove(proof);
			deepEqual([trial.stage, rig.slots.running.state, rig.fwStates], ["UPDATED", "VALID", ["UPDATED"]]);
			equal(rig.store.values.has("norollback"), state === "NEW");
		});

	it("goes back by itself when its time is up, and after 3 boots without a word", () => {
		const rig = running("NEW");
		boot(rig);
		clock.advance(300_000);
		deepEqual([rig.slots.states[1], rig.slots.boot], ["INVALID", 0]);
		const crashing = running("NEW");
		for (let time = 0; time < 3; time++) {
			equal(boot(crashing).stage, "TRIAL");
			clock.reset();
		}
		equal(boot(crashing).stage, "REVERTED");
		equal(crashing.errors[0], "trial: expected a confirmation within 3 boots, got none");
		equal(crashing.slots.boot, 0);
	});

	it("says once that there is no rollback, and refuses the next update until it is told to retry", () => {
		const rig = running("NEW");
		for (let time = 0; time < 2; time++) boot(rig).close();
		const told = rig.reports.filter(({ ota_rollback }) => ota_rollback === false);
		equal(told.length, 1);
		const trial = boot(rig);
		for (const proof of proofs) trial.prove(proof);
		const updater = rig.updater();
		updater.connected();
		updater.withdraw(["fw_title"]);
		updater.offer(packageOf(rig.server.image, "v3"));
		includes(
			rig.errors.at(-1) as string,
			"OTA_ROLLBACK: boot loader: expected CONFIG_BOOTLOADER_APP_ROLLBACK_EN",
		);
		const bold = rig.updater({ withoutRollback: true });
		bold.offer(packageOf(rig.server.image, "v3"));
		equal(bold.state, "DOWNLOADING");
		bold.close();
		updater.retry();
		equal(updater.state, "DOWNLOADING");
	});

	it("believes in the rollback again when it sees one", () => {
		const rig = running("NEW");
		boot(rig).close();
		rig.slots.states[1] = "PENDING_VERIFY";
		boot(rig).close();
		equal(rig.store.values.has("norollback"), false);
	});

	it("reports UPDATED without new proofs when power failed between confirmation and record", () => {
		const rig = running("VALID");
		rig.mark({ guarded: true });
		deepEqual([boot(rig).stage, rig.fwStates], ["UPDATED", ["UPDATED"]]);
	});

	it("begins no update before the image is confirmed", () => {
		const rig = running("UNDEFINED");
		const trial = boot(rig);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(imageOf(9_000), "v3"));
		clock.advance(5_000);
		equal(updater.state, "IDLE");
		for (const proof of proofs) trial.prove(proof);
		clock.advance(1_000);
		equal(updater.state, "DOWNLOADING");
	});

	it("restarts when its record was lost in the confirmation, and tells no UPDATED", () => {
		for (const closes of [false, true]) {
			const rig = running("VALID");
			rig.slots.states[1] = "PENDING_VERIFY";
			const trial = rig.trial({ onStage: (stage) => closes && stage === "REVERTED" && trial.close() });
			clock.advance(0);
			rig.slots.confirm = () => {
				rig.slots.states[1] = "UNDEFINED";
			};
			const { ready } = rig;
			for (const proof of proofs) trial.prove(proof);
			deepEqual(
				[trial.stage, rig.ready - ready, rig.fwStates, clock.armed],
				["REVERTED", closes ? 0 : 1, [], 0],
			);
		}
	});

	it("gives an image that is activated again a fresh count of boots", () => {
		const rig = running("UNDEFINED");
		boot(rig).close();
		rig.slots.active = 0;
		rig.current = { title: "app", version: "v1" };
		equal(boot(rig).stage, "SWITCHED");
		const record = JSON.parse(String(rig.store.values.get("trial")));
		deepEqual([record.boots, record.trials, record.tally !== undefined], [undefined, 2, true]);
	});
});
