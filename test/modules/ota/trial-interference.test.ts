// What comes in the middle of a trial: a late acknowledgement, a power cut, a callback that closes.
import { deepEqual, equal, includes } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

const keyText = (rig: Rig): string => JSON.stringify(["app", "v2", packageOf(rig.server.image).fw_checksum]);

describe("Trial, interrupted", () => {
	function onTrial(rig = new Rig()): Rig {
		rig.update();
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		return rig;
	}

	it("does not forget the next update when its own report is acknowledged late", () => {
		const rig = onTrial();
		const late: ((error: null) => void)[] = [];
		const trial = rig.trial({ report: (_, callback) => void (callback && late.push(callback)) });
		clock.advance(0);
		for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
		equal(trial.stage, "UPDATED");
		rig.update("v3");
		for (const acknowledge of late) acknowledge(null);
		includes(String(rig.store.values.get("trial")), '"v3"');
	});

	it("does not repeat its report when the next update is on its way", () => {
		const rig = onTrial();
		let count = 0;
		const trial = rig.trial({
			report: (_, callback) => {
				count++;
				callback?.(new Error("dropped"));
			},
		});
		clock.advance(0);
		for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
		rig.update("v3");
		clock.advance(120_000);
		equal(count, 1);
	});

	it("hears the application's failure also before it has looked at flash", () => {
		const rig = onTrial();
		const trial = rig.trial();
		trial.fail("no sensor");
		clock.advance(0);
		equal(trial.stage, "REVERTED");
		includes(rig.errors.at(-1) as string, "application check: no sensor");
	});

	it("repeats the verdict when a power cut came between quarantine and record", () => {
		const rig = onTrial();
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		const error = "OTA_REVERTED: v2: trial: expected a confirmation, got reset PANIC";
		rig.store.values.set("quarantine", JSON.stringify({ key: keyText(rig), error }));
		const trial = rig.trial({ resetReason: "POWERON" });
		clock.advance(0);
		deepEqual([trial.stage, rig.reports.at(-1)?.fw_error], ["FAILED", error]);
	});

	it("hears of the connection also before it has looked at flash", () => {
		const rig = onTrial();
		rig.trial();
		clock.advance(300_000);
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		const trial = rig.trial();
		trial.prove("connected");
		clock.advance(0);
		equal(trial.stage, "FAILED");
	});

	it("says nothing after close", () => {
		for (const outcome of ["UPDATED", "TRIAL"]) {
			const rig = onTrial();
			if (outcome === "UPDATED") rig.mark({ confirmed: true });
			if (outcome === "UPDATED") rig.slots.states[1] = "VALID";
			const { length } = rig.reports;
			const trial = rig.trial({ onStage: (stage) => stage === outcome && trial.close() });
			clock.advance(0);
			trial.fail("late");
			trial.prove("application");
			deepEqual([trial.stage, rig.reports.length, clock.armed], [outcome, length, 0]);
		}
	});

	it("obeys close inside onStage", () => {
		for (const stop of ["TRIAL", "CHECKING", "WAITING"]) {
			const rig = onTrial();
			if (stop === "CHECKING") {
				rig.slots.states[1] = "UNDEFINED";
				rig.slots.active = 0;
				rig.current = { title: "app", version: "v1" };
			} else if (stop === "WAITING") {
				rig.trial();
				clock.advance(300_000);
				rig.slots.restart();
				rig.current = { title: "app", version: "v1" };
			}
			const { boot } = rig.slots;
			const trial = rig.trial({ onStage: (stage) => stage === stop && trial.close() });
			clock.advance(0);
			equal(clock.armed, 0, stop);
			clock.advance(600_000);
			deepEqual([trial.stage, rig.slots.boot], [stop, boot]);
		}
	});

	it("names the store when the next trial cannot be kept", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.states[1] = "UNDEFINED";
		const { set } = rig.store;
		rig.store.set = (name, value) => {
			if (name !== "quarantine" && !String(value).includes("verdict"))
				throw new Error("store: ESP_ERR_NVS_NOT_ENOUGH_SPACE");
			set.call(rig.store, name, value);
		};
		const trial = rig.trial();
		clock.advance(10_000);
		equal(trial.stage, "FAILED");
		equal(rig.errors.at(-1), "OTA_STORE: keep the trial record: store: ESP_ERR_NVS_NOT_ENOUGH_SPACE");
	});
});
