// An application that acts inside a callback of updater or trial: what it asks for happens, and nothing happens behind its back.
import type { JSONObject } from "host/contract";
import type { UpdaterOptions } from "ota";
import type { Stage } from "ota/states";
import type Trial from "ota/trial";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const Block = 65_536;

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
	for (const [what, pause] of [
		["pause()", (updater) => updater.pause()],
		["ota_pause", (updater) => updater.offer({ ota_pause: true })],
	] as [string, (updater: ReturnType<Rig["updater"]>) => void][])
		it(`is held at DOWNLOADING by ${what}, and asks for nothing`, () => {
			const rig = new Rig(133_000);
			const updater = rig.updater({
				onState: (state, { written }) => state === "DOWNLOADING" && !written && pause(updater),
			});
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			clock.advance(60_000);
			deepEqual([updater.progress.written, rig.server.asked.length], [0, 0]);
			updater.offer({ ota_pause: false });
			updater.resume();
			rig.serve(updater);
			equal(updater.state, "UPDATING");
		});

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

describe("Updater, acted on inside onState of what flash kept", () => {
	/** A package of which so many bytes are kept over a restart. */
	function kept(size: number, whole = false): Rig {
		const rig = new Rig(size, 4 * Block);
		if (whole) rig.outcome = undefined;
		const updater = rig.updater({ chunkSize: 8192 });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		if (whole) while (rig.server.answer(updater));
		else for (let chunk = 0; chunk < 20; chunk++) rig.server.answer(updater);
		updater.close();
		rig.outcome = null;
		rig.server.pending.length = 0;
		rig.server.asked.length = 0;
		rig.slots.log.length = 0;
		rig.states.length = 0;
		rig.reports.length = 0;
		return rig;
	}

	for (const act of ["close", "cancel"] as const)
		it(`${act} inside onState of the proven part stops everything`, () => {
			const rig = kept(3 * Block - 1000);
			let done = false;
			const updater = rig.updater({
				onState: (state, { written }) => {
					if (state !== "DOWNLOADING" || !written || done) return;
					done = true;
					updater[act]();
				},
			});
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			clock.advance(10);
			deepEqual([done, rig.server.asked.length, clock.armed], [true, 0, 0]);
			clock.advance(60_000);
			deepEqual(
				rig.slots.log.filter((entry) => entry.startsWith("erase")),
				[],
			);
		});

	it("after cancel inside onState of the proven part the package stays cancelled, told once", () => {
		const rig = kept(3 * Block - 1000);
		let done = false;
		rig.errors.length = 0;
		const updater = rig.updater({
			onState: (state, { written, error }) => {
				if (error) rig.errors.push(error);
				if (state !== "DOWNLOADING" || !written || done) return;
				done = true;
				updater.cancel();
			},
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(600_000);
		updater.disconnected();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		deepEqual([updater.state, rig.errors.length], ["FAILED", 1], rig.errors.join("; "));
	});

	it("nothing is called after close inside onState of the proven part", () => {
		const rig = kept(3 * Block - 1000);
		let after = -1;
		const updater = rig.updater({
			onState: (state, { written }) => {
				if (after >= 0) after++;
				if (state !== "DOWNLOADING" || !written || after >= 0) return;
				after = 0;
				updater.close();
			},
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(600_000);
		deepEqual(
			[after, rig.fwStates, rig.slots.log.filter((entry) => /erase|begin/.test(entry))],
			[0, ["DOWNLOADING"], []],
		);
	});

	it("cancel inside onState of the proven part, all bytes there: nothing is activated, no UPDATING is told", () => {
		const rig = kept(2 * Block, true);
		let done = false;
		const updater = rig.updater({
			onState: (state, { written }) => {
				rig.states.push(state);
				if (state !== "DOWNLOADING" || !written || done) return;
				done = true;
				updater.cancel();
			},
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(60_000);
		deepEqual([updater.state, rig.ready, rig.slots.boot, rig.fwStates.at(-1)], ["FAILED", 0, 0, "FAILED"]);
	});

	it("another package offered inside onState of the proven part is not ended by the old one's deadline", () => {
		const rig = kept(3 * Block - 1000);
		const next = imageOf(3 * Block, 3);
		let done = false;
		const updater = rig.updater({
			chunkSize: 2048,
			onState: (state, { written, error }) => {
				if (error) rig.errors.push(error);
				if (state !== "DOWNLOADING" || !written || done) return;
				done = true;
				rig.server.image = next;
				rig.server.connect();
				updater.offer(packageOf(next, "v3"));
			},
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(1);
		for (let turn = 0; turn < 500 && updater.state === "DOWNLOADING"; turn++) {
			clock.advance(4_000);
			rig.server.answer(updater);
		}
		clock.advance(100);
		deepEqual([updater.state, rig.errors], ["UPDATING", []]);
	});
});

describe("Updater, whose source loses the connection while it is asked", () => {
	for (const first of [true, false])
		it(`throws nothing and goes on with the next connection (${first ? "header" : "image"})`, () => {
			const rig = new Rig(20_000);
			const updater = rig.updater();
			const ask = rig.server.requestFirmware.bind(rig.server);
			let lose = false;
			rig.server.requestFirmware = (...args) => {
				const sent = ask(...args);
				if (lose) updater.disconnected();
				return sent && !lose;
			};
			updater.connected();
			lose = first;
			updater.offer(packageOf(rig.server.image));
			lose = !first;
			if (!first) rig.server.answer(updater);
			lose = false;
			rig.server.pending.length = 0;
			equal(clock.armed, 0);
			updater.connected();
			rig.serve(updater);
			equal(updater.state, "UPDATING");
		});
});

describe("Updater, closed inside report", () => {
	it("tells the application nothing more", () => {
		for (const offer of [{}, { fw_size: 0 }]) {
			const rig = new Rig();
			const seen: string[] = [];
			const updater = rig.updater({
				report: (values) => {
					if (values.fw_state) updater.close();
				},
				onState: (state) => seen.push(state),
			});
			updater.connected();
			updater.offer({ ...packageOf(rig.server.image), ...offer });
			clock.advance(60_000);
			deepEqual([seen, clock.armed], [[], 0]);
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
