// Power cuts at every flash command of a mod's whole life: download, staging, removal of the old one, copy, trial, verdict.
import { makeRandom } from "../../../hosts/virtual/tear.ts";
import { ok } from "../../assert.ts";
import { count, hold, holdFailed, ModDevice, type Script, type Size, type Start } from "./mod-device.ts";

const Long = process.env.TEST_LONG === "1";
const Random = Long ? 3_000 : 60;
const scripts: readonly Script[] = ["confirms", "fails its check", "crashes"];
const Boots = 20;
const modes = ["before", "torn"] as const;
const starts: readonly Start[] = ["blank", "USB", "confirmed", "crashed", "without power", "not copied"];
const Again = 65_536 + 4_096; // bytes: a block, the chunk it ends in, and the header twice
const Share = 8; // one cut in so many, for the stories that differ little from one another

/** What goes before the story of a cut, and which of its commands are cut: all of them, or every n-th, another one in each run. */
interface Story {
	script: Script;
	start: Start;
	size?: Size;
	every?: number;
}

const stories: readonly Story[] = [
	...scripts.flatMap((script) =>
		starts.map((start) => ({ script, start, ...(!Long && !isFull(script, start) && { every: Share }) })),
	),
	{ script: "confirms", start: "confirmed", size: "large", ...(!Long && { every: 2 * Share }) },
];

/** Of the six starts each is cut wholly in one story at least. */
function isFull(script: Script, start: Start): boolean {
	return script === "confirms" ? start !== "without power" : start === "USB";
}

/** Several cuts in one story. */
function cutOften(script: Script, seed: number, span: number): void {
	const random = makeRandom(seed);
	const start = starts[Math.floor(random() * starts.length)] as Start;
	const device = new ModDevice(script, start, seed);
	let cuts = 1 + Math.floor(random() * 5);
	const arm = () => {
		if (cuts-- <= 0) return;
		device.flash.cutAt(1 + Math.floor(random() * span), random() < 0.5 ? "before" : "torn");
	};
	arm();
	device.live(40, arm);
	const isKept = device.mapped === "m2";
	ok(isKept || device.store.get("quarantine") !== undefined, `settled with ${device.mapped} and no verdict`);
	if (script !== "confirms" || isKept) hold(device, script);
}

/** Each command from the first to be looked at; says which one it was. */
function each(span: number, from: number, every: number, action: (at: number) => void): void {
	for (let at = from; at <= span; at += every)
		try {
			action(at);
		} catch (error) {
			throw new Error(`command ${at} of ${span}: ${(error as Error).message}`);
		}
}

describe("a power cut in the life of a mod", function () {
	this.timeout(Long ? 3_600_000 : 60_000);
	const fresh = Date.now() % 1_000_000;

	for (const { script, start, size, every = 1 } of stories)
		it(`at ${every > 1 ? `one flash command in ${every}` : "every flash command"}: a ${size ?? "small"} mod that ${script}; before it: ${start}`, () => {
			const span = count(script, start, size);
			ok(span > 30, `${span} commands`);
			for (const [index, mode] of modes.entries())
				each(span, 1 + ((fresh + index) % every), every, (at) => {
					const device = new ModDevice(script, start, at, size);
					device.flash.cutAt(at, mode);
					device.live(Boots);
					hold(device, script);
					const again = device.server.delivered - device.server.image.length;
					ok(again <= Again, `expected at most ${Again} bytes to come again, got ${again}`);
				});
		});

	for (const start of ["blank", "USB"] as const)
		it(`a failure of every flash command, one at a time; before it: ${start}`, () => {
			each(count("confirms", start), 1, 1, (at) => {
				const device = new ModDevice("confirms", start, at);
				device.flash.failAt(at);
				device.live(Boots);
				holdFailed(device);
			});
		});

	it(`again and again, ${Random} stories (seeds from ${fresh})`, () => {
		const spans = new Map(scripts.map((script) => [script, count(script, "USB")]));
		for (let story = 0; story < Random; story++) {
			const script = scripts[story % scripts.length] as Script;
			const seed = fresh + story;
			try {
				cutOften(script, seed, spans.get(script) ?? 0);
			} catch (error) {
				throw new Error(`seed ${seed}, ${script}: ${(error as Error).message}`);
			}
		}
	});
});
