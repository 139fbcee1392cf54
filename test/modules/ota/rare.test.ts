// The rare ends of the updater and the trial.
import type { TrialOptions } from "ota/trial";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

function trialOf(rig: Rig): Rig {
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	return rig;
}

describe("Updater, rarely", () => {
	it("shows where it is", () => {
		const rig = new Rig();
		const updater = rig.updater();
		equal(updater.stats, undefined);
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		equal(updater.progress.written, 4096);
		const { requests, bytes } = updater.stats as { requests: number; bytes: number };
		deepEqual([requests, bytes], [4, 512 + 4096]);
	});

	it("fails when the host cannot compute the checksum", () => {
		const rig = new Rig();
		const Digest = class {
			constructor(algorithm: string) {
				throw "no ".concat(algorithm);
			}
			write(): void {}
			close(): ArrayBuffer {
				return new ArrayBuffer(0);
			}
		};
		rig.updater({ digest: Digest }).offer(packageOf(rig.server.image));
		includes(
			rig.errors[0] as string,
			"OTA_ALGORITHM: SHA256: expected this host to compute it, got no SHA256",
		);
	});

	it("fails the download when the digest or the application throws", () => {
		const rig = new Rig();
		const Digest = class {
			write(): void {
				throw "out of memory";
			}
			close(): ArrayBuffer {
				return new ArrayBuffer(0);
			}
		};
		const updater = rig.updater({ digest: Digest, report: () => ok(false, "application") });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.serve(updater);
		rig.serve(updater);
		equal(rig.errors[0], "OTA_FLASH: hash 2048 bytes before 2048: out of memory");
		equal(rig.slots.boot, 0);
	});

	it("takes the same package again after it was taken back", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		updater.withdraw(["fw_title"]);
		equal(updater.state, "FAILED");
		updater.offer(packageOf(rig.server.image));
		rig.server.pending.shift();
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("stops when the running version is assigned in the middle", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		updater.offer({ fw_title: "app", fw_version: "v1" });
		equal(updater.state, "FAILED");
		equal(clock.armed, 0);
	});

	it("ignores torn entries of the store", () => {
		const rig = new Rig();
		rig.store.values.set("trial", "{");
		rig.store.values.set("quarantine", '{"key":1}');
		rig.update();
		equal(rig.slots.boot, 1);
	});

	it("ends when every chunk has a wrong length, within its budget", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		for (let turn = 0; turn < 20; turn++) {
			const request = rig.server.pending.shift();
			if (request) rig.server.deliver(updater, request, imageOf(request.size === 512 ? 512 : 10));
		}
		equal(rig.errors[0], "OTA_DELIVERY: chunk 0: expected 4096 bytes, got 10, 5 times");
		equal(rig.server.asked.length, 1 + 5);
	});

	it("skips what is ahead of its turn and asks for it again", () => {
		const rig = new Rig(40_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		while (rig.server.pending.length > 1) rig.server.answer(updater, rig.server.pending.length - 2);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});
});

describe("Trial, rarely", () => {
	it("reports its verdict at the next boot too, until it is acknowledged", () => {
		const rig = trialOf(new Rig());
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		rig.outcome = new Error("dropped");
		rig.trial({ resetReason: "PANIC" });
		clock.advance(40_000);
		rig.outcome = null;
		clock.reset();
		const again = rig.trial({ resetReason: "POWERON" });
		clock.advance(0);
		equal(again.stage, "FAILED");
		equal(rig.store.values.has("trial"), false);
	});

	it("puts an image on trial that no record announced", () => {
		const rig = new Rig();
		rig.slots.states[0] = "PENDING_VERIFY";
		const trial = rig.trial();
		clock.advance(0);
		for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
		equal(rig.slots.running.state, "VALID");
		equal(trial.stage, "UPDATED");
	});

	it("gives up a confirmed image of another version than announced", () => {
		const rig = trialOf(new Rig());
		rig.current = { title: "app", version: "v7" };
		rig.slots.states[1] = "VALID";
		const trial = rig.trial();
		clock.advance(0);
		equal(trial.stage, "FAILED");
		trial.fail("late");
		trial.close();
		trial.prove("connected");
	});

	it("restarts when it cannot go back by itself and the boot loader does", () => {
		const rig = trialOf(new Rig());
		const trial = rig.trial({ timeout: 1_000 });
		clock.advance(0);
		rig.slots.failAt = rig.slots.log.length;
		const { ready } = rig;
		trial.fail("no sensor");
		equal(rig.ready, ready + 1);
		equal(rig.store.values.has("quarantine"), false, "that is for the old one to say");
	});

	it("says so when it cannot go back at all, and gives the package up", () => {
		for (const onReady of [undefined, () => ok(false, "no restart helps")]) {
			const rig = trialOf(new Rig());
			if (onReady) rig.slots.states[1] = "UNDEFINED";
			const trial = rig.trial({ onReady } as Partial<TrialOptions>);
			clock.advance(0);
			rig.slots.failAt = rig.slots.log.length;
			trial.fail("no sensor");
			equal(rig.reports.at(-1)?.fw_error, "OTA_FLASH: revert: ESP_ERR_FLASH_OP_FAIL");
			ok(rig.store.values.has("quarantine"));
		}
	});

	it("goes back when it cannot be confirmed", () => {
		const rig = trialOf(new Rig());
		const confirm = () => {
			throw new Error("flash is worn");
		};
		const slots = Object.assign(Object.create(rig.slots), { confirm, revert: () => {} });
		Object.defineProperty(slots, "running", { value: rig.slots.running });
		const trial = rig.trial({ slots, timeout: 12_000 });
		clock.advance(0);
		for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
		clock.advance(20_000);
		equal(trial.stage, "REVERTED");
		includes(rig.errors.at(-1) as string, "confirm: flash is worn");
	});

	it("fails when the slot cannot be activated again, three times within 10 s", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.states[1] = "UNDEFINED";
		let calls = 0;
		rig.slots.activate = () => {
			calls++;
			throw Object.assign(new Error("x"), { codeName: "ESP_ERR_FLASH_OP_FAIL" });
		};
		const trial = rig.trial();
		clock.advance(9_999);
		deepEqual([trial.stage, calls], ["CHECKING", 2]);
		clock.advance(1);
		deepEqual([trial.stage, calls, clock.armed], ["FAILED", 3, 0]);
		equal(rig.errors.at(-1), "OTA_FLASH: activate the slot again: ESP_ERR_FLASH_OP_FAIL");
		equal(
			JSON.parse(String(rig.store.values.get("trial") ?? '{"trials":2}')).trials,
			2,
			"one trial, not three",
		);
	});

	it("looks at the slot once when it holds something else", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.states[1] = "UNDEFINED";
		rig.slots.bytes[9_000] = 0;
		const trial = rig.trial();
		clock.advance(0);
		equal(trial.stage, "FAILED");
		includes(rig.errors.at(-1) as string, "OTA_CHECKSUM: slot");
	});
});

describe("The slot, rarely", () => {
	it("cannot be looked at before an erase: this counts as flash that failed, and costs no deadline", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		Object.defineProperty(rig.slots, "next", {
			configurable: true,
			get: () => {
				Reflect.deleteProperty(rig.slots, "next");
				throw new Error("ESP_ERR_NOT_FOUND");
			},
		});
		rig.server.answer(updater);
		const { length } = rig.states;
		equal(rig.states[length - 1], "DOWNLOADING");
		equal(JSON.parse(String(rig.store.values.get("kept"))).spoiled, 1);
		rig.server.pending.splice(0, rig.server.pending.length - 1);
		while (rig.server.answer(updater));
		equal(updater.state, "DOWNLOADED");
	});
});
