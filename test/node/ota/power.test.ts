// Power cuts at every flash command of an update's whole life: the bootloader's own, those of NVS, and those of the slots.
import { makeRandom } from "../../../hosts/virtual/tear.ts";
import { ok } from "../../assert.ts";
import { type CutMode, count, Device, hold, type Script } from "./device.ts";

const Long = process.env.TEST_LONG === "1";
const Random = Long ? 10_000 : 100;
const scripts: readonly Script[] = ["confirms", "fails its check", "crashes"];
const Block = 65_536;
const Boots = 14;

function cutOnce(script: Script, at: number, mode: CutMode): void {
	const device = new Device(script, at);
	device.flash.cutAt(at, mode);
	device.live(Boots);
	hold(device, script);
	const again = device.server.delivered - device.server.image.length;
	const most = Block + 16_384 + 2 * 512; // a block and the chunk it ends in, and the header twice
	ok(again <= most, `expected at most ${most} bytes to come again, got ${again}`);
}

/** Several cuts in one story, each soon after the last. */
function cutOften(script: Script, seed: number, span: number): void {
	const random = makeRandom(seed);
	const device = new Device(script, seed);
	let cuts = 1 + Math.floor(random() * 5);
	const arm = () => {
		if (cuts-- <= 0) return;
		device.flash.cutAt(1 + Math.floor(random() * span), random() < 0.5 ? "before" : "torn");
	};
	arm();
	device.live(40, arm);
	const { image } = device.running;
	const version = image.identity?.version;
	const isDone = version === "v2" || device.store.get("quarantine") !== undefined;
	ok(isDone, `seed ${seed}: settled with ${version} and no verdict`);
	if (script === "confirms" && version === "v2") hold(device, script);
	if (script !== "confirms") hold(device, script);
}

describe("a power cut, in process", function () {
	this.timeout(Long ? 3_600_000 : 60_000);

	for (const script of scripts)
		for (const mode of ["before", "torn"] as const)
			it(`at every flash command of an update whose firmware ${script}, ${mode}`, () => {
				const span = count(script);
				ok(span > 50, `${span} commands`);
				for (let at = 1; at <= span; at++) {
					try {
						cutOnce(script, at, mode);
					} catch (error) {
						throw new Error(`command ${at} of ${span}: ${(error as Error).message}`);
					}
				}
			});

	const fresh = Date.now() % 1_000_000;
	it(`again and again, ${Random} stories (seeds from ${fresh})`, () => {
		const spans = new Map(scripts.map((script) => [script, count(script)]));
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
