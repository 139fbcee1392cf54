// What an operator reads of an update: each thing once, and what to do next.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Cures, cureOf } from "../../../tools/publish/cures.ts";
import { followed } from "../../../tools/publish/follow.ts";
import type { Plan } from "../../../tools/publish/plan.ts";
import { screen } from "../../../tools/publish/screen.ts";
import type { Talk } from "../../../tools/publish/talk.ts";
import { Teller } from "../../../tools/publish/teller.ts";
import { judge, type Told } from "../../../tools/publish/told.ts";
import { watch } from "../../../tools/publish/watch.ts";
import { root } from "../../../tools/test/run.ts";
import { deepEqual, equal, includes } from "../../assert.ts";

const claim = { title: "app", version: "1.2" };
const never = { state: 0, progress: 0, error: 0, title: 0, version: 0, hold: 0 };
const device = { name: "lamp", id: { id: "lamp" } };

/** Keeps what is said. */
function listener(): { lines: string[]; talk: Talk } {
	const lines: string[] = [];
	const say = (mark: string) => (name: string, seen?: string) =>
		lines.push([mark, name, seen].filter(Boolean).join(" "));
	const talk: Talk = {
		...{ step: say("ok"), fail: say("bad"), note: say(""), warn: say("!") },
		progress: (percent) => lines.push(`${percent} %`),
	};
	return { lines, talk };
}

/** Series of values, one a millisecond, from ThingsBoard's names. */
const point = (value: unknown, ts = 1) => ({ ts, value });
const series = (states: string[], more: Record<string, unknown> = {}) => ({
	fw_state: states.map((value, index) => point(value, index + 1)),
	...Object.fromEntries(Object.entries(more).map(([key, value]) => [key, [point(value, states.length)]])),
});

/** What is said of an update that is looked at once. */
async function end(states: string[], more: Record<string, unknown> = {}, kind = "device") {
	const { lines, talk } = listener();
	const plan = { ...claim, type: "FIRMWARE", patience: 0, goal: { kind, name: "it" } } as unknown as Plan;
	const rest = { ask: async () => series(states, more) };
	const list = [followed(device, never, { title: "app", version: "1.1" })];
	const outcome = await watch(rest, list, { plan, talk, url: "http://tb", isNew: true });
	return { outcome, lines };
}

describe("tools: what is said of an update", () => {
	it("is each state, also those between two looks", async () => {
		const { outcome, lines } = await end(["QUEUED", "INITIATED", "DOWNLOADED", "VERIFIED", "UPDATED"], {
			current_fw_title: "app",
			current_fw_version: "1.2",
		});
		deepEqual(outcome, { state: "UPDATED", status: 0 });
		deepEqual(lines, [
			...["QUEUED", "INITIATED", "DOWNLOADED", "VERIFIED", "UPDATED"].map(
				(state) => `ok fw_state ${state} reported`,
			),
			"ok lamp runs app 1.2 (was 1.1), 0 s",
		]);
	});

	it("is a failure with the mark of one, and the next step", async () => {
		const error = "OTA_REVERTED: 1.2: trial: expected a confirmation, got reset PANIC";
		const more = { fw_error: error, current_fw_title: "app", current_fw_version: "1.1" };
		const { outcome, lines } = await end(["INITIATED", "UPDATING", "FAILED"], more);
		equal(outcome.error, error);
		equal(lines[2], "bad fw_state FAILED reported");
		equal(lines[3], `bad lamp FAILED: ${error}`);
		includes(lines[4] ?? "", "crashed in its trial; the device runs 1.1 again. Publish a repaired one");
		const fleet = await end(["INITIATED", "UPDATING", "FAILED"], more, "profile");
		equal(fleet.lines.filter((line) => line.includes(error)).length, 1);
		equal(fleet.lines.at(-1), "bad devices 0 of 1 updated");
	});

	it("is the rule that holds it, and that in JSON", async () => {
		const { outcome, lines } = await end(["INITIATED"], { ota_hold: "paused by ota_pause" });
		const why =
			"expected UPDATED within 0 s, got INITIATED, held: paused by ota_pause; the device goes on when it may";
		deepEqual(outcome, { state: "INITIATED", status: 1, error: why, hold: "paused by ota_pause" });
		deepEqual(lines.slice(1), ["lamp held: paused by ota_pause", `bad lamp ${why}`]);
	});

	it("is that it goes on, and that a trial takes its time", () => {
		const { lines, talk } = listener();
		const teller = new Teller({ type: "FIRMWARE", claim, isAlone: true, talk });
		const told = (more: Partial<Told>): Told => ({
			...{ state: [], progress: [], error: [], title: [], version: [], hold: [] },
			...more,
		});
		const text = (value: string) => [{ ts: 1, value }];
		const look = (more: Partial<Told>) =>
			teller.show({ ...followed(device, never), sight: judge(told(more), claim) });
		look({ hold: text("paused by ota_pause") });
		look({ hold: text("paused by ota_pause") });
		look({ hold: text("") });
		const runs = { title: text("app"), version: text("1.2") };
		look({ state: text("UPDATING"), ...runs });
		look({ state: text("UPDATING"), ...runs });
		deepEqual(lines, [
			...["lamp held: paused by ota_pause", "lamp goes on", "ok fw_state UPDATING reported"],
			"lamp on trial: runs 1.2, up to 5 minutes to prove itself",
		]);
	});

	it("is the percentage that the device tells, and no line inside the bar", () => {
		let text = "";
		const write = (more: string) => {
			text += more;
		};
		const { progress, note } = screen({ isTTY: true, write });
		progress(29);
		includes(text, " 29 %");
		note("");
		includes(text, "29 %\r\u001b[K");
	});

	it("is a next step for every code of docs/ota-states.md", () => {
		const doc = readFileSync(join(root, "docs/ota-states.md"), "utf8").split("## Failures")[1] ?? "";
		const rows = doc.split("\n").filter((line) => line.startsWith("| OTA_"));
		const codes = rows.flatMap((row) => (row.split("|")[1] ?? "").match(/OTA_[A-Z]+/g) ?? []);
		deepEqual(codes.sort(), Object.keys(Cures).sort());
		includes(cureOf("something else", claim), "ota_retry");
		const of = (got: string) =>
			cureOf(`OTA_REVERTED: 1.2: trial: expected a confirmation, got ${got}`, claim);
		includes(of("reset TASK_WDT"), "crashed in its trial; the device runs 1.2 again");
		includes(of("reset SW"), "was restarted during the trial");
		includes(of("connected"), "did not prove itself");
	});
});
