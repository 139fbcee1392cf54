// Every cell of the updater's table, acted out.
import type Updater from "ota";
import { equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";
import { updaterTable } from "./table.ts";

interface Scene {
	rig: Rig;
	updater: Updater;
}

const Wait = 5_000; // milliseconds for an acknowledgement that does not come

function answerAll({ rig, updater }: Scene): void {
	while (rig.server.answer(updater));
}

/** Acknowledgements stay away, so each state lasts until `Wait` has passed. */
function offered(checksum = {}): Scene {
	const rig = new Rig(20_000);
	rig.outcome = undefined;
	const updater = rig.updater();
	updater.connected();
	updater.offer({ ...packageOf(rig.server.image), ...checksum });
	return { rig, updater };
}

function downloaded(checksum = {}): Scene {
	const scene = offered(checksum);
	answerAll(scene);
	return scene;
}

function later(scene: Scene, ms: number): Scene {
	clock.advance(ms);
	return scene;
}

function idle(): Scene {
	const rig = new Rig(20_000);
	const updater = rig.updater();
	updater.connected();
	return { rig, updater };
}

function failed(): Scene {
	const scene = offered();
	scene.updater.sourceError("NOT_FOUND");
	return scene;
}

const scenes: Record<string, () => Scene> = {
	IDLE: idle,
	DOWNLOADING: () => {
		const scene = offered();
		scene.rig.server.answer(scene.updater);
		return scene;
	},
	DOWNLOADED: () => downloaded(),
	VERIFIED: () => later(downloaded(), Wait),
	UPDATING: () => later(downloaded(), 2 * Wait),
	FAILED: failed,
};

const wrong = { fw_checksum: "0".repeat(64) };

/** Cells whose failure has to be prepared before the state is reached. */
const prepared: Record<string, () => Scene> = {
	"DOWNLOADED failure, fresh": () => downloaded(wrong),
	"DOWNLOADED failure, final": () => {
		const scene = later(downloaded(wrong), Wait);
		answerAll(scene);
		return scene;
	},
};

const failAtFlash = (scene: Scene): void => {
	scene.rig.slots.failAt = scene.rig.slots.log.length;
	scene.rig.server.answer(scene.updater);
	clock.advance(Wait);
};

const failAtStore = (scene: Scene): void => {
	scene.rig.store.failAt = scene.rig.store.count;
	scene.updater.sourceError("NOT_FOUND");
	clock.advance(Wait);
};

const events: Record<string, (scene: Scene) => void> = {
	"another package": ({ updater }) => updater.offer(packageOf(imageOf(9_000), "v3")),
	"the same again": ({ rig, updater }) => updater.offer(packageOf(rig.server.image)),
	"running version": ({ updater }) => updater.offer({ fw_title: "app", fw_version: "v1" }),
	"refused package": ({ updater }) => updater.offer({ ...packageOf(imageOf(9), "v4"), fw_size: 0 }),
	withdrawn: ({ updater }) => updater.withdraw(["fw_title"]),
	disconnected: ({ updater }) => updater.disconnected(),
	connected: ({ updater }) => updater.connected(),
	"all bytes": answerAll,
	"failure, fresh": failAtFlash,
	"failure, final": failAtStore,
	"next step": () => clock.advance(Wait),
};

function observe(state: string, event: string): string {
	const scene = (prepared[`${state} ${event}`] ?? scenes[state])?.() as Scene;
	const { rig, updater } = scene;
	equal(updater.state, state, "scene");
	const { length } = rig.states;
	if (event === "restart") return rig.updater().state;
	events[event]?.(scene);
	return rig.states.slice(length).join(" ") || "-";
}

describe("Updater's table", () => {
	for (const [state, cells] of Object.entries(updaterTable))
		for (const [event, expected] of Object.entries(cells))
			it(`${state}, ${event}: ${expected}`, () => {
				equal(observe(state, event), expected);
			});
});
