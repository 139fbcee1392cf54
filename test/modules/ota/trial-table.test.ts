// Every cell of the trial's table, acted out.
import type Trial from "ota/trial";
import { equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { Rig } from "./rig.ts";
import { trialTable } from "./table.ts";

type Event = (trial: Trial, rig: Rig) => void;

const stagesOf = (rig: Rig): string[] => rig.events.filter((event) => event === event.toUpperCase());

/** v2 runs on trial. */
function updated(): Rig {
	const rig = new Rig();
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	return rig;
}

/** v1 runs again, v2 never connected. */
function offline(): Rig {
	const rig = updated();
	rig.trial();
	clock.advance(300_000);
	rig.slots.restart();
	rig.current = { title: "app", version: "v1" };
	rig.events.length = 0;
	return rig;
}

/** v1 runs, v2 is in the slot, the switch was lost. */
function lost(): Rig {
	const rig = new Rig();
	rig.update();
	rig.slots.states[1] = "UNDEFINED";
	return rig;
}

function changed(): Rig {
	const rig = lost();
	rig.slots.bytes[9_000] = 0;
	return rig;
}

function confirmed(): Rig {
	const rig = updated();
	rig.slots.states[1] = "VALID";
	rig.mark({ guarded: true });
	return rig;
}

function foreign(): Rig {
	const rig = updated();
	rig.current = { title: "app", version: "v7" };
	return rig;
}

/** v2 runs on trial, and its store cannot be read. */
function unreadable(): Rig {
	const rig = updated();
	rig.store.get = () => {
		throw new Error("flash");
	};
	return rig;
}

const boots: Record<string, () => Rig> = {
	STARTED: unreadable,
	NONE: () => new Rig(),
	TRIAL: updated,
	UPDATED: confirmed,
	WAITING: offline,
	SWITCHED: lost,
	FAILED: changed,
	REVERTED: foreign,
};

const events: Record<string, Event> = {
	boot: () => clock.advance(0),
	"all proofs": (trial) => {
		for (const proof of ["application", "connected", "acknowledged"] as const) trial.prove(proof);
	},
	"application fails": (trial) => trial.fail("no sensor"),
	connected: (trial) => trial.prove("connected"),
	timeout: () => clock.advance(300_000),
	"whole image in slot": () => clock.advance(0),
	"slot holds something else": (_, rig) => {
		rig.slots.bytes[9_000] = 0;
		clock.advance(0);
	},
};

/** Hashing takes turns but no time, so what happens meanwhile has to happen inside `onStage`. */
function whileChecking(event: string): string {
	const rig = lost();
	const seen: string[] = [];
	const trial = rig.trial({
		onStage: (stage) => {
			if (seen.push(stage) > 1) return;
			if (event === "timeout") equal(clock.armed, 0, "deadlines");
			else if (event === "slot holds something else") rig.slots.bytes[9_000] = 0;
			else if (!isHash(event)) during(event, trial, rig, seen);
		},
	});
	clock.advance(0);
	return isHash(event) ? seen.slice(1).join(" ") : seen[1] === "SWITCHED" ? "-" : seen.slice(1).join(" ");
}

const isHash = (event: string): boolean => event === "whole image in slot" || event.startsWith("slot holds");

function during(event: string, trial: Trial, rig: Rig, seen: string[]): void {
	if (event !== "boot") events[event]?.(trial, rig);
	equal(seen.join(" "), "CHECKING");
}

/** The first stage of every boot. */
function firstStages(): string {
	const stages = ["NONE", "TRIAL", "UPDATED", "WAITING", "SWITCHED", "FAILED"].map((scene) => {
		const rig = (boots[scene] as () => Rig)();
		if (scene === "FAILED") rig.slots.states[1] = "ABORTED";
		rig.trial({ resetReason: "PANIC" });
		clock.advance(0);
		return stagesOf(rig)[0];
	});
	return stages.join(" ");
}

function observe(stage: string, event: string): string {
	if (stage === "STARTED" && event === "boot") return firstStages();
	if (stage === "CHECKING") return whileChecking(event);
	const rig = (boots[stage] as () => Rig)();
	const trial = rig.trial();
	clock.advance(0);
	equal(trial.stage, stage, "scene");
	const { length } = stagesOf(rig);
	events[event]?.(trial, rig);
	return stagesOf(rig)[length] ?? "-";
}

describe("Trial's table", () => {
	for (const [stage, cells] of Object.entries(trialTable))
		for (const [event, expected] of Object.entries(cells))
			it(`${stage}, ${event}: ${expected}`, () => {
				equal(observe(stage, event), expected);
			});
});
