// An application that acts inside a callback of updater or trial: what it asks for happens, and nothing happens behind its back.
import type { JSONObject } from "host/contract";
import type { UpdaterOptions } from "ota";
import type { Stage } from "ota/states";
import type Trial from "ota/trial";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

describe("Updater, acted on inside onHold", () => {
	/** An updater whose application does `act` the first time that something holds it up, or, `lifted`, that nothing does any more. */
	function begin(act: (updater: ReturnType<Rig["updater"]>) => void, lifted = false, size = 20_000) {
		const rig = new Rig(size);
		let acted = false;
		const options: Partial<UpdaterOptions> = {
			onHold: (reason) => {
				if (acted || lifted === (reason !== undefined)) return;
				acted = true;
				act(updater);
			},
		};
		const updater = rig.updater(options);
		updater.connected();
		return { rig, updater, offer: (more: JSONObject = {}) => updater.offer({ ...offered(rig), ...more }) };
	}

	const offered = (rig: Rig): JSONObject => packageOf(rig.server.image);

	/** Up to DOWNLOADED, with a rule against the next step. */
	function downloaded(rig: Rig, updater: ReturnType<Rig["updater"]>): void {
		while (rig.server.answer(updater));
		equal(updater.state, "DOWNLOADED");
		updater.offer({ ota_pause: true });
		clock.advance(2_000);
	}

	it("is cancelled before it has begun", () => {
		const { rig, updater, offer } = begin((updater) => updater.cancel());
		offer({ ota_pause: true });
		updater.offer({ ota_pause: false });
		clock.advance(60_000);
		deepEqual([updater.state, updater.hold, rig.server.asked.length], ["FAILED", undefined, 0]);
		equal(rig.errors[0], "OTA_CANCELLED: cancelled at 0 of 20000 bytes");
	});

	it("is cancelled while it downloads", () => {
		const { rig, updater, offer } = begin((updater) => updater.cancel());
		offer();
		rig.first(updater);
		updater.offer({ ota_pause: true });
		updater.offer({ ota_pause: false });
		const asked = rig.server.asked.length;
		clock.advance(60_000);
		deepEqual([updater.state, clock.armed, rig.server.asked.length], ["FAILED", 0, asked]);
	});

	it("is cancelled between download and verification, and is not verified later", () => {
		const { rig, updater, offer } = begin((updater) => updater.cancel());
		offer();
		downloaded(rig, updater);
		updater.offer({ ota_pause: false });
		clock.advance(60_000);
		deepEqual(rig.fwStates, ["DOWNLOADING", "DOWNLOADED", "FAILED"]);
		deepEqual([rig.slots.boot, rig.ready, clock.armed], [0, 0, 0]);
	});

	for (const at of ["begin", "download", "next step"] as const)
		it(`is closed at the ${at}, and no timer is left`, () => {
			const { rig, updater, offer } = begin((updater) => updater.close());
			offer(at === "begin" ? { ota_pause: true } : {});
			if (at === "download") updater.offer({ ota_pause: true });
			if (at === "next step") downloaded(rig, updater);
			const { length } = rig.reports;
			equal(clock.armed, 0);
			clock.advance(60_000);
			equal(rig.reports.length, length);
		});

	it("goes on when it is resumed at once", () => {
		const { rig, updater, offer } = begin((updater) => updater.resume());
		offer();
		rig.first(updater);
		updater.pause();
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(rig.server.image.every((byte, index) => rig.stored[index] === byte));
	});

	for (const [what, act] of [
		["cancelled", (updater) => updater.cancel()],
		["refused", (updater) => updater.offer({ fw_size: 0 })],
		["replaced", (updater) => updater.offer(packageOf(imageOf(400), "v4"))],
		["withdrawn", (updater) => updater.withdraw(["fw_title"])],
	] as [string, (updater: ReturnType<Rig["updater"]>) => void][]) {
		it(`is ${what} while it waits, when that makes the application offer another package`, () => {
			const next = imageOf(9_000, 3);
			const { rig, updater, offer } = begin((updater) => updater.offer(packageOf(next, "v3")), true);
			rig.server.image = next;
			const pause = { ota_pause: true };
			offer(pause);
			updater.offer(pause);
			act(updater);
			updater.offer({ ota_pause: false });
			clock.advance(1_000);
			rig.serve(updater);
			deepEqual([updater.state, rig.server.pastEnd], ["UPDATING", 0]);
			ok(next.every((byte, index) => rig.stored[index] === byte));
		});

		it(`is ${what} while it waits, when that makes the application close`, () => {
			const { rig, updater, offer } = begin((updater) => updater.close(), true);
			offer({ ota_pause: true });
			act(updater);
			const { length } = rig.reports;
			equal(clock.armed, 0);
			clock.advance(60_000);
			equal(rig.reports.length, length);
			deepEqual(rig.fwStates, []);
		});
	}
});

describe("Updater, acted on inside onState", () => {
	it("is paused at the last byte, and goes on when it is resumed", () => {
		for (const size of [65_536, 2 * 65_536]) {
			const rig = new Rig(size);
			const updater = rig.updater({
				onState: (_, { written }) => {
					if (written === size && updater.state === "DOWNLOADING") updater.pause();
				},
			});
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			rig.serve(updater, 50);
			deepEqual([updater.state, updater.hold], ["DOWNLOADING", "paused by the application"]);
			updater.resume();
			rig.serve(updater, 50);
			equal(updater.state, "UPDATING");
		}
	});
});

describe("Trial, acted on inside onStage", () => {
	function onTrial(act: (trial: Trial) => void) {
		const rig = new Rig();
		rig.update();
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		const stages: Stage[] = [];
		const trial = rig.trial({
			onStage: (stage) => {
				stages.push(stage);
				if (stage === "TRIAL") act(trial);
			},
		});
		clock.advance(0);
		return { rig, trial, stages };
	}

	it("is confirmed for good when all is proved at once", () => {
		const { rig, trial, stages } = onTrial((trial) => {
			for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
		});
		clock.advance(600_000);
		deepEqual([trial.stage, stages, rig.slots.running.state], ["UPDATED", ["TRIAL", "UPDATED"], "VALID"]);
		equal(clock.armed, 0);
	});

	it("is given up once when its check fails at once", () => {
		const { rig, stages } = onTrial((trial) => trial.fail("no sensor"));
		deepEqual(stages, ["TRIAL", "REVERTED"]);
		equal(rig.slots.log.filter((entry) => entry === "revert").length, 1);
	});
});
