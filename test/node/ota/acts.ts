// Each step of a schedule, acted out; and what an updater may ask for because of it.
import { clock } from "../../fakes/clock.ts";
import type { Kind } from "./ledger.ts";
import type { Name } from "./schedule.ts";
import type { World } from "./world.ts";

export const acts: { readonly [name in Name]: readonly [Kind, (world: World, value: number) => unknown] } = {
	answer: ["chunk", (world) => world.answer(0)],
	"answer many": ["nothing", answerMany],
	"answer another": ["chunk", (world, value) => world.answer(value)],
	duplicate: ["chunk", (world, value) => world.answer(value % 2, true)],
	late: ["chunk", (world, value) => world.late(value)],
	lose: ["nothing", (world, value) => world.lose(value)],
	"wrong length": ["wrong", (world, value) => world.wrong(1 + value * (1 + (value % 40)))],
	empty: ["wrong", (world) => world.wrong(0)],
	foreign: ["nothing", (world, value) => world.foreign(value)],
	wait: ["wait", (_, value) => clock.advance(10 * value)],
	"wait long": ["wait", (_, value) => clock.advance(500 * value)],
	"wait an hour": ["wait", () => clock.advance(3_600_000)],
	reconnect: ["connection", (world, value) => world.reconnect(value)],
	"break off": ["connection", (world, value) => world.breakOff(1 + (value % 4))],
	refuse: [
		"nothing",
		({ rig }) => {
			rig.server.accepts = false;
		},
	],
	accept: [
		"room",
		({ rig, updater }) => {
			rig.server.accepts = true;
			updater.writable();
		},
	],
	"telemetry interval": ["nothing", ({ updater }, value) => updater.offer({ telemetryInterval: value })],
	"same package": ["nothing", (world) => world.assigned && world.assign(world.assigned)],
	"other package": ["connection", (world, value) => world.assign("v3", value)],
	"first package": ["connection", (world, value) => world.assign("v2", value)],
	"take back": ["nothing", (world) => world.takeBack()],
	cancel: ["nothing", ({ updater }) => updater.cancel()],
	retry: ["connection", (world) => world.retry()],
	"server error": ["nothing", ({ updater }) => updater.sourceError("out of memory")],
	pause: ["nothing", ({ updater }) => updater.pause()],
	"go on": ["connection", ({ updater }) => updater.resume()],
	restart: ["connection", (world) => world.restart()],
};

/** So many answers in turn, each looked at. */
function answerMany(world: World, count: number): void {
	for (let left = count; left > 0 && world.rig.server.pending.length; left--) world.act(["answer", 0]);
}

/** From here on the world behaves. */
export function settle(world: World): void {
	const { updater, rig } = world;
	world.act(["accept", 0]);
	world.act(["go on", 0]);
	for (let turn = 0; turn < 10_000 && updater.state === "DOWNLOADING"; turn++)
		world.act(rig.server.pending.length ? ["answer", 0] : ["wait", 500]);
	world.act(["wait", 10]);
}
