// Small things that nothing else would notice.
import { clip, flashError, OTAError } from "ota/errors";
import { readTrial } from "ota/record";
import { noTally, reportOf } from "ota/tally";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

describe("Details", () => {
	it("a fragment whose predecessor is missing is not written", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		const [next] = rig.server.pending;
		ok(next);
		const { request, index } = next;
		updater.receive(1000, { request, index, offset: 1000, byteLength: 4096, more: true });
		equal(updater.progress.written, 4096);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(rig.server.image.every((byte, place) => byte === rig.stored[place]));
	});

	it("a package is taken once the link that was in its way is deleted", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.offer({ ...packageOf(rig.server.image), fw_url: "https://x" });
		equal(updater.state, "FAILED");
		updater.withdraw(["fw_tag", "fw_url"]);
		equal(updater.state, "DOWNLOADING");
	});

	it("nothing is asked without a connection, also when a pause ends then", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		updater.pause();
		updater.disconnected();
		const { length } = rig.server.asked;
		updater.resume();
		clock.advance(100_000);
		equal(rig.server.asked.length, length);
	});

	it("a chunk size is a whole number from 1 to what the server takes", () => {
		for (const chunkSize of [0, -1, 1.5, 65_537, Number.NaN])
			throws(() => new Rig().updater({ chunkSize }), "expected an integer 1…65536");
		for (const chunkSize of [1, 65_536]) equal(new Rig().updater({ chunkSize }).state, "IDLE");
	});

	it("flash behind the image stays erased", () => {
		const rig = new Rig(5_001);
		rig.update();
		ok(rig.slots.bytes.subarray(5_001, 5_100).every((byte) => byte === 0xff));
	});

	it("no timer is left after close, also while a state waits for its acknowledgement", () => {
		const rig = new Rig(5_000);
		rig.outcome = undefined;
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		while (rig.server.answer(updater));
		deepEqual([updater.state, clock.armed > 0], ["DOWNLOADED", true]);
		updater.close();
		equal(clock.armed, 0);
	});

	it("a failure tells what it has cost, under one key", () => {
		const rig = new Rig(5_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), fw_checksum: "0".repeat(64) });
		for (let turn = 0; turn < 3; turn++) rig.serve(updater);
		const told = rig.reports.find(({ fw_state }) => fw_state === "FAILED") ?? {};
		deepEqual(Object.keys(told).sort(), [
			...["current_fw_title", "current_fw_version", "fw_error", "fw_state", "ota_report"],
		]);
		ok(Number(Object(told.ota_report).bytes) >= 5_000);
	});

	it("an error is short enough for an operator, and keeps its cause", () => {
		for (const [length, kept] of [
			[199, 199],
			[200, 200],
			[201, 200],
			[900, 200],
		] as const)
			equal(new OTAError("OTA_FLASH", "x".repeat(length)).message.length, kept);
		deepEqual([clip("12345", 5), clip("123456", 5)], ["12345", "1234…"]);
		const cause = new Error("y".repeat(900));
		const error = flashError("write", cause);
		equal(error.message.length, "write: ".length + 80);
		ok(error.cause === cause);
		ok(!("cause" in new OTAError("OTA_FLASH", "x")));
	});

	it("a report of one millisecond has a rate, and an update begins with nothing spent", () => {
		equal(reportOf({ ...noTally(), bytes: 7, ms: 1 }).rate, 7_000);
		ok(Object.values(noTally()).every((value) => value === 0));
	});

	it("a report of no time has no rate", () => {
		const tally = { bytes: 5, ms: 0, requests: 1, again: 2, skipped: 3, resumes: 4 };
		deepEqual(reportOf(tally), { bytes: 5, seconds: 0, rate: 0, retries: 2, resumes: 4 });
		deepEqual(reportOf({ ...tally, ms: 1_250 }, "SW"), {
			...{ bytes: 5, seconds: 1.3, rate: 4, retries: 2, resumes: 4, reset: "SW" },
		});
	});

	it("a record of a trial is one only with all its fields", () => {
		const rig = new Rig();
		const whole = { title: "a", version: "b", size: 1, algorithm: "c", checksum: "d", slot: "e", trials: 1 };
		for (const field of Object.keys(whole)) {
			rig.store.values.set("trial", JSON.stringify({ ...whole, [field]: null }));
			equal(readTrial(rig.store), undefined, field);
		}
		rig.store.values.set("trial", JSON.stringify(whole));
		equal(readTrial(rig.store)?.slot, "e");
	});

	it("a trial goes on telling while the store cannot say whether it was told", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		rig.mark({ confirmed: true });
		rig.slots.states[1] = "VALID";
		rig.reports.length = 0;
		rig.outcome = new Error("dropped");
		rig.trial();
		clock.advance(0);
		rig.store.failAt = rig.store.count;
		clock.advance(30_000);
		equal(rig.fwStates.length, 2);
	});

	it("an image that gives itself up has no deadline left", () => {
		const rig = new Rig();
		rig.update();
		rig.slots.restart();
		rig.current = { title: "app", version: "v2" };
		const trial = rig.trial();
		clock.advance(0);
		trial.fail("no sensor");
		deepEqual([trial.stage, clock.armed], ["REVERTED", 0]);
	});
});
