// One compact report per update, whatever became of it, and in all of them the same keys.
import type { JSONObject, ResetReason } from "host/contract";
import type Updater from "ota";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { lastDigitWrong, packageOf, Rig } from "./rig.ts";

const Block = 65_536;
const keys = ["bytes", "seconds", "rate", "retries", "resumes", "reset"];

/** The messages that carry a report. */
const reported = (rig: Rig): JSONObject[] => rig.reports.filter(({ ota_report }) => ota_report !== undefined);

/** Exactly one message has a report: that of this state, with every key and this reset reason. */
function once(rig: Rig, state: string, reset: ResetReason): JSONObject {
	equal(reported(rig).length, 1, JSON.stringify(rig.reports));
	const [{ fw_state, ota_report } = {}] = reported(rig);
	const report = ota_report as JSONObject;
	deepEqual([fw_state, Object.keys(report), report.reset], [state, keys, reset]);
	return report;
}

function offered(rig: Rig, resetReason: ResetReason, over: JSONObject = {}): Updater {
	const updater = rig.updater({ resetReason });
	updater.connected();
	updater.offer({ ...packageOf(rig.server.image), ...over });
	return updater;
}

/** After the switch: the boot loader starts the new image, or, `back`, the old one again. */
function boot(rig: Rig, resetReason: ResetReason, back = false): ReturnType<Rig["trial"]> {
	rig.slots.restart();
	rig.current = { title: "app", version: back ? "v1" : "v2" };
	const trial = rig.trial({ resetReason });
	clock.advance(0);
	return trial;
}

function proveAll(trial: ReturnType<Rig["trial"]>): void {
	for (const proof of ["application", "connected", "acknowledged"] as const) trial.prove(proof);
	clock.advance(100_000);
}

describe("ota_report", () => {
	it("is told once with UPDATED, over download, trial and later boots", () => {
		const rig = new Rig();
		const updater = offered(rig, "POWERON");
		rig.serve(updater);
		updater.close();
		proveAll(boot(rig, "SW"));
		const report = once(rig, "UPDATED", "SW");
		deepEqual([report.bytes, report.retries, report.resumes], [10_512, 0, 0]);
		proveAll(boot(rig, "POWERON"));
		offered(rig, "POWERON", { fw_version: "v2" });
		clock.advance(100_000);
		once(rig, "UPDATED", "SW");
	});

	it("is told once with FAILED by the downloader, over both downloads", () => {
		const rig = new Rig();
		const { fw_checksum } = packageOf(rig.server.image);
		const updater = offered(rig, "BROWNOUT", { fw_checksum: lastDigitWrong(String(fw_checksum)) });
		for (let download = 0; download < 2; download++) rig.serve(updater);
		clock.advance(100_000);
		equal(once(rig, "FAILED", "BROWNOUT").bytes, 2 * 10_512);
	});

	it("is told once with FAILED by the image that came back", () => {
		const rig = new Rig();
		const updater = offered(rig, "POWERON");
		rig.serve(updater);
		updater.close();
		boot(rig, "SW").close();
		boot(rig, "PANIC", true);
		clock.advance(100_000);
		equal(once(rig, "FAILED", "PANIC").bytes, 10_512);
	});

	it("is told once over lost connections and a restart, and counts both", () => {
		const rig = new Rig(3 * Block);
		const before = offered(rig, "POWERON");
		for (let chunk = 0; chunk < 12; chunk++) rig.server.answer(before);
		before.disconnected();
		rig.server.pending.length = 0;
		before.connected();
		for (let chunk = 0; chunk < 4; chunk++) rig.server.answer(before);
		ok(before.progress.written > Block, String(before.progress.written));
		before.close();
		rig.server.pending.length = 0;
		const after = offered(rig, "BROWNOUT");
		clock.advance(0);
		rig.serve(after);
		after.close();
		equal(reported(rig).length, 0, "not before the end");
		proveAll(boot(rig, "SW"));
		const { resumes, bytes } = once(rig, "UPDATED", "SW");
		equal(resumes, 2);
		ok(Number(bytes) > 3 * Block && Number(bytes) < 4 * Block, String(bytes));
	});

	it("is told once after FAILED by a restart's downloader, with what both boots have cost", () => {
		const rig = new Rig(3 * Block);
		const before = offered(rig, "POWERON");
		for (let chunk = 0; chunk < 12; chunk++) rig.server.answer(before);
		before.close();
		rig.server.pending.length = 0;
		const after = offered(rig, "TASK_WDT");
		clock.advance(0);
		after.cancel();
		clock.advance(100_000);
		const { resumes, bytes } = once(rig, "FAILED", "TASK_WDT");
		equal(resumes, 1);
		ok(Number(bytes) >= Block, String(bytes));
	});

	it("counts nothing that comes after the last byte", () => {
		const rig = new Rig();
		rig.outcome = undefined; // DOWNLOADED lasts
		const updater = offered(rig, "POWERON");
		while (rig.server.answer(updater));
		const { stats } = updater;
		const known = { ...stats };
		const [last] = rig.server.asked.slice(-1);
		if (last) rig.server.deliver(updater, last);
		deepEqual([updater.state, { ...updater.stats }], ["DOWNLOADED", known]);
	});

	it("is not told of a package that cost nothing, and lacks only the reason where none is known", () => {
		const rig = new Rig();
		offered(rig, "POWERON", { fw_size: 0 });
		equal(reported(rig).length, 0);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image, "v3"));
		updater.cancel();
		deepEqual(Object.keys(reported(rig)[0]?.ota_report as JSONObject), keys.slice(0, -1));
	});
});
