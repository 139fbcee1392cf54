// What an earlier try has left: kept bytes, records, verdicts. None of it may make tries endless, nor give a good package up.
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

const KiB = 1024;
const Size = 133 * KiB;
const Hours = 10;

const failures = (rig: Rig): number => rig.states.filter((state) => state === "FAILED").length;
const kept = (rig: Rig) => JSON.parse(String(rig.store.values.get("kept") ?? "{}"));

function until(rig: Rig, updater: ReturnType<Rig["updater"]>, written: number): void {
	while (updater.progress.written < written) if (!rig.server.answer(updater)) clock.advance(10);
}

describe("Bytes that are there already", () => {
	it("refill no try: a silent server is asked four times, whatever flash has kept", () => {
		for (const written of [0, 70_000]) {
			const rig = new Rig(Size);
			const updater = rig.updater();
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			until(rig, updater, written);
			for (let minute = 0; minute < 60 * Hours; minute++) {
				rig.server.pending.length = 0;
				clock.advance(60_000);
			}
			equal(failures(rig), 4, `${written}`);
		}
	});

	for (const [what, lost, most] of [
		["the trial's record", [], 5],
		["it, and what is kept", ["kept"], 4],
	] as const)
		it(`refill no try where the store cannot write ${what}`, () => {
			const rig = new Rig(Size);
			const { set } = rig.store;
			rig.store.set = (name, value) => {
				const isLost = (lost as readonly string[]).includes(name) && JSON.parse(String(value)).position;
				if (name === "trial" || isLost) throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
				set.call(rig.store, name, value);
			};
			const updater = rig.updater();
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			for (let minute = 0; minute < 60 * Hours; minute++) {
				rig.serve(updater);
				clock.advance(60_000);
			}
			equal(failures(rig), most);
		});

	it("are not forgotten by the note that the first bytes of a boot have come", () => {
		const rig = new Rig(64 * KiB + 1000);
		const offer = packageOf(rig.server.image);
		const first = rig.updater();
		first.connected();
		first.offer(offer);
		until(rig, first, 64 * KiB);
		first.close();
		for (let boot = 0; boot < 12; boot++) {
			clock.reset();
			const updater = rig.updater({ onState: (state) => state === "DOWNLOADED" && updater.pause() });
			updater.connected();
			updater.offer(offer);
			rig.serve(updater);
			clock.advance(60_000);
			deepEqual([updater.state, kept(rig).position, kept(rig).boots], ["DOWNLOADED", 64 * KiB + 1000, 0]);
			updater.close();
		}
	});
});

describe("A package that is taken back", () => {
	/** A life that keeps at DOWNLOADED. */
	function life(rig: Rig) {
		clock.reset();
		const updater = rig.updater({ onState: (state) => state === "DOWNLOADED" && updater.pause() });
		updater.connected();
		return updater;
	}

	it("while the device is off is told each time that it was under way again", () => {
		const rig = new Rig(Size);
		const offer = packageOf(rig.server.image);
		for (let time = 0; time < 2; time++) {
			const before = life(rig);
			before.offer(offer);
			rig.serve(before);
			clock.advance(10_000);
			equal(before.state, "DOWNLOADED");
			before.close();
			const after = life(rig);
			after.offer({}, ["fw_title"]);
			equal(rig.fwStates.at(-1), "FAILED", `${time}`);
			after.close();
		}
	});

	it("is told once, also when the running version took its place", () => {
		const rig = new Rig(Size);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		until(rig, updater, 70_000);
		updater.offer({ fw_title: "app", fw_version: "v1" });
		equal(rig.fwStates.at(-1), "FAILED");
		updater.close();
		rig.reports.length = 0;
		life(rig).offer({}, ["fw_title"]);
		deepEqual(rig.fwStates, []);
	});
});

describe("A trial that nobody can see for a moment", () => {
	it("holds an update up, and its way back is not erased", () => {
		const rig = new Rig(10_000);
		rig.update("v2");
		rig.slots.restart();
		rig.slots.states[rig.slots.active] = "UNDEFINED"; // power failed while PENDING_VERIFY was written
		rig.current = { title: "app", version: "v2" };
		const trial = rig.trial();
		clock.advance(10);
		equal(trial.stage, "TRIAL");
		rig.slots.log.length = 0;
		const updater = rig.updater();
		updater.connected();
		const { get } = rig.store;
		rig.store.get = (name) => {
			rig.store.get = name === "trial" ? get : rig.store.get;
			if (name === "trial") throw new Error("flash");
			return get.call(rig.store, name);
		};
		updater.offer(packageOf(rig.server.image, "v3"));
		rig.serve(updater);
		deepEqual([updater.state, rig.slots.log.includes("begin")], ["IDLE", false]);
	});

	it("holds an update up that waits for others when they cannot be asked, and says so", () => {
		const rig = new Rig();
		let fails = true;
		const updater = rig.updater({
			wait: () => {
				if (fails) throw new Error("ESP_ERR_FLASH_OP_FAIL");
				return undefined;
			},
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		equal(updater.hold, "expected to know what is on trial, got Error: ESP_ERR_FLASH_OP_FAIL");
		fails = false;
		clock.advance(1_000);
		equal(updater.state, "DOWNLOADING");
	});
});

describe("A failure", () => {
	it("of a trial that goes on gives the package up, also when it was un-assigned before", () => {
		const rig = new Rig();
		rig.update("v2");
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		const before = String(rig.store.values.get("trial"));
		const updater = rig.updater();
		updater.connected();
		updater.offer({}, ["fw_title"]);
		equal(rig.store.values.get("trial"), before);
		updater.close();
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		rig.trial({ resetReason: "PANIC" });
		clock.advance(10);
		equal(rig.store.values.has("quarantine"), true);
	});

	it("while offline is cured by the next connection's offer", () => {
		const rig = new Rig();
		const updater = rig.updater({ rules: { ota_pause: true } });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		updater.disconnected();
		const { set } = rig.store;
		rig.store.delete = () => {
			throw new Error("flash");
		};
		rig.store.values.set("trial", "torn");
		updater.offer({ ota_pause: false });
		equal(rig.errors[0], "OTA_STORE: forget the last trial: flash");
		rig.store.values.delete("trial");
		rig.store.set = set;
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("of a trial is told until the server has it, also when the package is un-assigned meanwhile", () => {
		const rig = new Rig();
		rig.update("v2");
		rig.slots.restart();
		rig.slots.restart();
		rig.reports.length = 0;
		rig.outcome = new Error("lost");
		rig.trial({ resetReason: "PANIC" });
		clock.advance(10);
		const updater = rig.updater();
		updater.connected();
		updater.offer({}, ["fw_title"]);
		rig.outcome = null;
		clock.advance(120_000);
		deepEqual(rig.fwStates, ["FAILED", "FAILED"]);
		equal(rig.store.values.has("quarantine"), false);
	});
});
