// Power cuts at every flash command of an update's whole life: the bootloader's own, those of NVS, and those of the slots.
import type { CutMode } from "../../../hosts/virtual/flash.ts";
import { makeRandom } from "../../../hosts/virtual/tear.ts";
import { ok } from "../../assert.ts";
import { count, Device, hold } from "./device.ts";
import { largeStory, type Story, scripts, smallStory } from "./story.ts";

const Long = process.env.TEST_LONG === "1";
const Random = Long ? 10_000 : 100;
const Block = 65_536;
const Boots = 14;
const Resumes = 40; // of the cuts in the second and third block of the large story: one per 2 KiB written, and more
const Trials = 3;

/** What runs and how often; the large one goes on in the middle, and its inspector has to see everything again. */
const stories: readonly Story[] = [
	largeStory("confirms"),
	smallStory("fails its check"),
	smallStory("crashes"),
];

/** True: the download went on in the middle. */
function cutOnce(story: Story, at: number, mode: CutMode): boolean {
	const device = new Device(story, at);
	device.flash.cutAt(at, mode);
	device.live(Boots);
	hold(device);
	ok(device.cuts === 1, `expected one power cut, got ${device.cuts}`);
	const again = device.server.delivered - story.image.length;
	const most = Block + 16_384 + 2 * 512; // a block and the chunk it ends in, and the header twice
	ok(again <= most, `expected at most ${most} bytes to come again, got ${again}`);
	return device.resumed.some((position) => position < story.image.length);
}

/** Several cuts in one story, each soon after the last. */
function cutOften(story: Story, seed: number, span: number): void {
	const random = makeRandom(seed);
	const device = new Device(story, seed);
	let cuts = 1 + Math.floor(random() * 5);
	const arm = () => {
		if (cuts-- <= 0) return;
		device.flash.cutAt(1 + Math.floor(random() * span), random() < 0.5 ? "before" : "torn");
	};
	arm();
	device.live(40, arm);
	const isGiven = device.store.get("quarantine") !== undefined;
	if (story.script !== "confirms" || !isGiven) hold(device);
	else ok(device.cuts >= Trials, `a good package was given up after ${device.cuts} power cuts`);
}

describe("a power cut, in process", function () {
	this.timeout(Long ? 3_600_000 : 60_000);

	for (const story of stories)
		for (const mode of ["before", "torn"] as const)
			it(`at every flash command of an update whose firmware ${story.script}, ${mode}`, () => {
				const span = count(story);
				ok(span > 50, `${span} commands`);
				let resumes = 0;
				for (let at = 1; at <= span; at++) {
					try {
						if (cutOnce(story, at, mode)) resumes++;
					} catch (error) {
						throw new Error(`command ${at} of ${span}: ${(error as Error).message}`);
					}
				}
				const least = story.image.length > 2 * Block ? Resumes : 0;
				ok(resumes >= least, `expected ${least} of ${span} cuts to go on in the middle, got ${resumes}`);
			});

	const fresh = Date.now() % 1_000_000;
	it(`again and again, ${Random} stories (seeds from ${fresh})`, () => {
		const told = scripts.flatMap((script) => [smallStory(script), largeStory(script)]);
		const spans = told.map(count);
		for (let number = 0; number < Random; number++) {
			const seed = fresh + number;
			const which = number % told.length;
			const story = told[which] as Story;
			try {
				cutOften(story, seed, spans[which] as number);
			} catch (error) {
				throw new Error(`seed ${seed}, ${story.script}: ${(error as Error).message}`);
			}
		}
	});
});
