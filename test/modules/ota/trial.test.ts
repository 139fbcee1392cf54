import { Digest } from "crypt";
import type { ResetReason } from "host/contract";
import type Trial from "ota/trial";
import type { TrialOptions } from "ota/trial";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

/** An update to v2, restarted: the new image runs on trial. */
function onTrial(): Rig {
	const rig = new Rig();
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	rig.reports.length = 0;
	return rig;
}

/** The trial ended without a confirmation: the old image runs again. */
function rolledBack(): Rig {
	const rig = onTrial();
	rig.slots.restart();
	rig.current = { title: "app", version: "v1" };
	return rig;
}

function boot(rig: Rig, options: Partial<TrialOptions> = {}): Trial {
	const trial = rig.trial(options);
	clock.advance(0);
	return trial;
}

function proveAll(trial: Trial): void {
	for (const proof of ["application", "connected", "acknowledged"] as const) trial.prove(proof);
}

const trials = (rig: Rig): number => JSON.parse(String(rig.store.values.get("trial"))).trials;

describe("Trial", () => {
	it("has nothing to do when no update is pending", () => {
		const rig = new Rig();
		const trial = boot(rig);
		proveAll(trial);
		deepEqual([trial.stage, rig.reports.length, clock.armed], ["NONE", 0, 0]);
	});

	it("confirms only after all three proofs, then reports UPDATED", () => {
		const rig = onTrial();
		const trial = boot(rig);
		trial.prove("connected");
		trial.prove("acknowledged");
		equal(rig.slots.running.state, "PENDING_VERIFY");
		trial.prove("application");
		equal(rig.slots.running.state, "VALID");
		const ota_report = { bytes: 10_512, seconds: 0, rate: 2_628_000, retries: 0, resumes: 0, reset: "SW" };
		const current = { current_fw_title: "app", current_fw_version: "v2" };
		deepEqual(rig.reports, [{ ...current, fw_state: "UPDATED", ota_report }]);
		equal(rig.store.values.has("trial"), false);
		deepEqual(rig.events, ["TRIAL", "UPDATED", "confirmed"]);
	});

	it("reports UPDATED at every boot until it is acknowledged", () => {
		const rig = onTrial();
		rig.outcome = undefined;
		const first = boot(rig);
		proveAll(first);
		first.close();
		rig.slots.restart();
		rig.outcome = null;
		equal(boot(rig).stage, "UPDATED");
		deepEqual(rig.fwStates, ["UPDATED", "UPDATED"]);
		equal(boot(rig).stage, "NONE");
	});

	it("gives up when a proof is missing, and the old image says why", () => {
		const rig = onTrial();
		boot(rig).prove("connected");
		clock.advance(300_000);
		deepEqual([rig.events.at(-1), rig.slots.running.state], ["revert", "INVALID"]);
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		const old = boot(rig);
		equal(old.stage, "FAILED");
		const text =
			"OTA_REVERTED: v2: trial: expected connected, acknowledged, application within 300 s, got connected";
		equal(rig.reports.at(-1)?.fw_error, text);
		const updater = rig.updater();
		updater.offer(packageOf(rig.server.image));
		equal(updater.state, "FAILED");
	});

	it("gives up at once when the application says so", () => {
		const rig = onTrial();
		boot(rig).fail("sensor is silent");
		includes(rig.errors.at(-1) as string, "application check: sensor is silent");
	});

	it("gives up an image of another version than the package said", () => {
		const rig = onTrial();
		rig.current = { title: "app", version: "v7" };
		equal(boot(rig).stage, "REVERTED");
		includes(rig.errors.at(-1) as string, "OTA_VERSION: image: expected app v2, got app v7");
	});

	for (const resetReason of ["PANIC", "TASK_WDT", "SW"] as ResetReason[])
		it(`takes a trial that ended by ${resetReason} for the package's fault`, () => {
			const rig = rolledBack();
			equal(boot(rig, { resetReason }).stage, "FAILED");
			includes(
				rig.errors.at(-1) as string,
				`OTA_REVERTED: v2: trial: expected a confirmation, got reset ${resetReason}`,
			);
			equal(rig.store.values.has("trial"), false);
		});

	for (const resetReason of ["POWERON", "BROWNOUT"] as ResetReason[])
		it(`tries an image again whose trial ended by ${resetReason}, 3 times at most`, () => {
			const rig = rolledBack();
			for (let trial = 2; trial <= 3; trial++) {
				equal(boot(rig, { resetReason }).stage, "SWITCHED");
				equal(trials(rig), trial);
				rig.slots.restart();
				rig.slots.restart();
			}
			equal(boot(rig, { resetReason }).stage, "FAILED");
			includes(
				rig.errors.at(-1) as string,
				"OTA_SWITCH: v2: expected a confirmation within 3 trials, got power loss",
			);
		});

	it("activates again, without a download, when the switch was lost", () => {
		const rig = new Rig(70_000);
		rig.update();
		rig.slots.states[1] = "UNDEFINED";
		const trial = boot(rig);
		deepEqual([trial.stage, rig.slots.boot, rig.ready], ["SWITCHED", 1, 2]);
	});

	it("does not activate a slot that holds something else by now", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.states[1] = "UNDEFINED";
		rig.slots.boot = 0;
		rig.slots.bytes[500] = 0;
		equal(boot(rig).stage, "FAILED");
		includes(rig.errors.at(-1) as string, "OTA_CHECKSUM: slot: expected");
		equal(rig.slots.boot, 0);
	});

	it("fails a lost switch where nobody can hash or restart", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.states[1] = "UNDEFINED";
		const { slots, store, current, report } = rig;
		const trial = rig.trial();
		trial.close();
		const Plain = trial.constructor as typeof Trial;
		const text = "OTA_SWITCH: v2: expected its start, got switch loss";
		const abilities = [{}, { onReady: () => {} }, { digest: Digest }];
		for (const able of abilities) {
			rig.reports.length = 0;
			const record = store.values.get("trial");
			new Plain({ slots, store, current, report, resetReason: "SW", ...able });
			clock.advance(0);
			includes(String(rig.reports.at(-1)?.fw_error), text);
			store.values.clear();
			store.values.set("trial", String(record));
		}
	});

	it("does not blame a package that could not connect where the old image cannot either", () => {
		for (const connects of [true, false]) {
			const rig = onTrial();
			boot(rig);
			clock.advance(300_000);
			rig.slots.restart();
			rig.current = { title: "app", version: "v1" };
			const old = boot(rig);
			equal(old.stage, "WAITING");
			if (connects) old.prove("connected");
			clock.advance(300_000);
			equal(old.stage, connects ? "FAILED" : "SWITCHED");
		}
	});

	it("does not blame a package for a server that was away for the old image too, and came back", () => {
		for (const [away, stage] of [
			[59_999, "FAILED"],
			[60_000, "SWITCHED"],
		] as const) {
			const rig = onTrial();
			boot(rig);
			clock.advance(300_000);
			rig.slots.restart();
			rig.current = { title: "app", version: "v1" };
			const old = boot(rig);
			clock.advance(away);
			old.prove("connected");
			clock.advance(1_000);
			equal(old.stage, stage, `${away} ms`);
			equal(rig.slots.boot, stage === "SWITCHED" ? 1 : 0);
			const { length } = rig.events;
			clock.advance(600_000);
			equal(rig.events.length, length, "it is decided once");
		}
	});

	it("keeps the updater waiting while it decides", () => {
		const rig = onTrial();
		boot(rig);
		clock.advance(300_000);
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		const old = boot(rig);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image, "v3"));
		equal(updater.state, "IDLE");
		old.prove("connected");
		clock.advance(1_000);
		equal(updater.state, "DOWNLOADING");
	});

	it("ends well when any one operation of flash or store fails", () => {
		for (const kind of ["slots", "store"] as const)
			for (let at = 0; at < 12; at++) {
				const rig = onTrial();
				rig[kind].failAt = (kind === "slots" ? rig.slots.log.length : rig.store.count) + at;
				const trial = boot(rig);
				proveAll(trial);
				clock.advance(30_000);
				equal(rig.slots.running.state, "VALID", `${kind} ${at}`);
				ok(rig.fwStates.includes("UPDATED"));
			}
	});
});
