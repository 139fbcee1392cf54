// Any delivery: duplicate, reordered, lost, short, long, stale and foreign chunks, lost connections, refusals, pushes of attributes, pauses,
// restarts. The right image or a clean stop, never a corrupt write, never a hang, never a request more than the budget has.
import fc from "fast-check";
import { clock } from "../../fakes/clock.ts";
import { holdMoves, type Rig } from "../../modules/ota/rig.ts";
import { settle } from "./acts.ts";
import { type Schedule, schedules } from "./schedule.ts";
import { World } from "./world.ts";

const Runs = process.env.TEST_LONG === "1" ? 1_000_000 : 20_000;
const Batch = 5_000; // memory of a run of fast-check grows with its runs
const Boots = 10; // that one block may take

function play(schedule: Schedule): void {
	const world = new World(schedule);
	for (const step of schedule.steps) world.act(step);
	settle(world);
	hold(world);
	holdCure(world);
	world.updater.close();
	if (clock.armed) throw new Error(`expected no timer after close, ${clock.armed} are armed`);
	holdMoves();
}

/** How it may end, and what must have happened for it. */
function hold({ rig, updater, assigned, been, restarts }: World): void {
	const { server, slots, errors } = rig;
	const code = /^OTA_\w+/.exec(errors.at(-1) ?? "")?.[0];
	const ends = [
		...(assigned ? ["TIMEOUT", "DELIVERY"] : ["WITHDRAWN"]),
		...(been.has("cancel") ? ["CANCELLED"] : []),
		...(been.has("server error") ? ["SOURCE"] : []),
		...(restarts >= Boots ? ["INTERRUPTED"] : []),
	];
	if (server.pastEnd) throw new Error(`${server.pastEnd} requests past the end`);
	if (updater.state === "UPDATING") holdSwitch(rig, assigned);
	else if (slots.boot !== 0) throw new Error("the boot slot is switched too soon");
	else if (
		updater.state === "FAILED" ? !ends.includes(`${code}`.slice(4)) : assigned || updater.state !== "IDLE"
	)
		throw new Error(`ended in ${updater.state}: ${errors.at(-1)}`);
}

function holdSwitch({ stored, server, store, slots }: Rig, assigned: string | undefined): void {
	if (Buffer.compare(stored, server.image)) throw new Error("a corrupt image");
	const { version } = JSON.parse(String(store.values.get("trial")));
	if (version !== assigned || slots.boot !== 1) throw new Error(`the wrong package: ${version}`);
}

/** Nothing stays broken: what was stopped goes through once it is wanted. */
function holdCure(world: World): void {
	if (world.rig.slots.boot === 1) return;
	world.act([world.assigned ? "retry" : "first package", 0]);
	settle(world);
	const { rig, updater, assigned } = world;
	if (updater.state === "UPDATING") holdSwitch(rig, assigned);
	else throw new Error(`expected another try to succeed, got ${updater.state}: ${rig.errors.at(-1)}`);
}

describe(`${Runs} deliveries`, function () {
	this.timeout(Runs > Batch * 10 ? 3_600_000 : 60_000);
	const fresh = Date.now() % 1_000_000;
	for (const seed of [1, fresh])
		it(`end with the right image or a clean stop (seed ${seed})`, () => {
			for (let run = 0; run < Runs / 2; run += Batch)
				fc.assert(fc.property(schedules, play), {
					numRuns: Math.min(Batch, Runs / 2),
					seed: seed + run,
					includeErrorInReport: true,
				});
		});
});
