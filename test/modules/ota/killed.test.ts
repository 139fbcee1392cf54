// Every state killed and every state failed: each cell of the table, acted out.
import type Updater from "ota";
import type Trial from "ota/trial";
import { equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";
import { killedTable } from "./table.ts";

const Block = 65_536;
const Size = 2 * Block + 5_000;
const Wait = 5_000; // ms until a state goes on without an acknowledgement

interface Scene {
	rig: Rig;
	updater?: Updater;
	trial?: Trial;
}

/** Acknowledgements stay away, so that each state lasts. */
function offered(rig = new Rig(Size)): Scene & { updater: Updater } {
	rig.outcome = undefined;
	const updater = rig.updater();
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	return { rig, updater };
}

function until(written: number, scene = offered()): Scene {
	const { rig, updater } = scene;
	while (updater.progress.written < written) rig.server.answer(updater);
	return scene;
}

function later(scene: Scene, ms: number): Scene {
	clock.advance(ms);
	return scene;
}

function proving(): Scene {
	const { rig, updater } = until(Block + 20_000);
	updater?.close();
	rig.server.pending.length = 0;
	return offered(rig);
}

function updated(): Rig {
	const rig = new Rig(Size);
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	return rig;
}

function boot(rig: Rig, reason: "POWERON" | "PANIC" = "POWERON"): Scene {
	rig.events.length = 0;
	return { rig, trial: rig.trial({ resetReason: reason }) };
}

function old(rig: Rig): Rig {
	rig.slots.restart();
	rig.current = { title: "app", version: "v1" };
	return rig;
}

function onTrial(): Scene {
	return later(boot(updated()), 0);
}

function confirmed(): Scene {
	const scene = onTrial();
	scene.rig.outcome = undefined;
	for (const proof of ["connected", "acknowledged", "application"] as const) scene.trial?.prove(proof);
	return scene;
}

function waiting(): Scene {
	const { rig } = later(onTrial(), 300_000);
	clock.reset();
	return later(boot(old(rig)), 0);
}

/** The switch is lost; the slot has not been read yet. */
function checking(): Scene {
	const rig = old(updated());
	rig.slots.states[1] = "UNDEFINED";
	const trial = rig.trial({ onStage: () => trial.stage === "CHECKING" && trial.close() });
	clock.advance(0);
	clock.reset();
	return boot(rig);
}

function switched(): Scene {
	return later(checking(), 0);
}

function given(): Scene {
	const rig = old(updated());
	rig.outcome = undefined;
	return later(boot(rig, "PANIC"), 0);
}

function reverted(): Scene {
	const scene = onTrial();
	scene.trial?.fail("no sensor");
	return scene;
}

const scenes: Record<string, () => Scene> = {
	"DOWNLOADING, header": () => offered(),
	"DOWNLOADING, first block": () => until(20_000),
	"DOWNLOADING, later": () => until(Block + 20_000),
	"DOWNLOADING, proving": proving,
	DOWNLOADED: () => until(Size),
	VERIFIED: () => later(until(Size), Wait),
	UPDATING: () => later(until(Size), 2 * Wait),
	TRIAL: onTrial,
	UPDATED: confirmed,
	WAITING: waiting,
	CHECKING: checking,
	SWITCHED: switched,
	FAILED: given,
	REVERTED: reverted,
};

/** What the next boot does with what it finds. */
function afterPowerCut({ rig, updater, trial }: Scene): string {
	updater?.close();
	trial?.close();
	clock.reset();
	rig.server.pending.length = rig.server.asked.length = 0;
	rig.outcome = null;
	rig.slots.restart();
	rig.current = { title: "app", version: rig.slots.active === 1 ? "v2" : "v1" };
	rig.events.length = 0;
	const next = rig.trial({ resetReason: "POWERON" });
	clock.advance(0);
	const stage = rig.events.find((event) => event === event.toUpperCase()) ?? "";
	next.close();
	return stage === "NONE" ? resumption(rig) : stage;
}

function resumption(rig: Rig): string {
	const updater = rig.updater();
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	clock.advance(100);
	const [first] = rig.server.asked;
	if (!first) return updater.state === "UPDATING" ? "no request" : updater.state;
	return first.size === 512 ? "from the header" : `from ${(first.index * first.size) / 1024} KiB`;
}

/** What is seen when the next operation fails; nothing new: `-`. */
function afterFailure(scene: Scene, what: "slots" | "store", stage: string): string {
	const { rig, updater, trial } = scene;
	const stages = (): string[] => rig.events.filter((one) => one === one.toUpperCase());
	const seen = (): string[] => (updater ? (rig.fwStates as string[]) : stages());
	const { length } = seen();
	rig.server.asked.length = 0;
	const reads = stage === "CHECKING" && what === "store" ? 2 : 0; // before what is written
	rig[what].failAt = rig[what].count + reads;
	if (stage === "TRIAL")
		for (const proof of ["connected", "acknowledged", "application"] as const) trial?.prove(proof);
	if (stage === "WAITING") clock.advance(300_000);
	if (updater && updater.state === "DOWNLOADING") goOn(rig, updater);
	clock.advance(stage === "TRIAL" && what === "slots" ? 0 : Wait);
	if (stage === "DOWNLOADING, proving" && rig.server.asked[0]?.size === 512) return "from the header";
	const [first] = seen()
		.slice(length)
		.filter((one) => !hops.includes(`${stage} ${one}`));
	return first ?? (stage === "TRIAL" && trial?.stage === "TRIAL" ? "TRIAL" : "-");
}

/** Where the next state is what comes without a failure, too. */
const hops = ["DOWNLOADED VERIFIED", "CHECKING CHECKING", "WAITING CHECKING"];

/** One sealed block more, at most. */
function goOn(rig: Rig, updater: Updater): void {
	clock.advance(0);
	const { length } = rig.states;
	const { written } = updater.progress;
	for (let turn = 0; turn < 40 && rig.states.length === length; turn++) {
		if (updater.progress.written >= Math.min(written + Block, Size - 10_000)) return;
		if (!rig.server.answer(updater)) return;
	}
}

describe("Every state killed and failed", () => {
	for (const [state, cells] of Object.entries(killedTable))
		for (const [event, expected] of Object.entries(cells))
			it(`${state}, ${event}: ${expected}`, () => {
				const scene = (scenes[state] as () => Scene)();
				const came =
					event === "power cut"
						? afterPowerCut(scene)
						: afterFailure(scene, event === "flash fails" ? "slots" : "store", state);
				equal(came, expected);
			});
});
