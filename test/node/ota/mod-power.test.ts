// Power cuts at every flash command of a mod's whole life: download, staging, removal of the old one, copy, trial, verdict.
import { makeRandom } from "../../../hosts/virtual/tear.ts";
import { ok } from "../../assert.ts";
import { count, hold, holdFailed, ModDevice, type Script } from "./mod-device.ts";

const Long = process.env.TEST_LONG === "1";
const Random = Long ? 3_000 : 60;
const scripts: readonly Script[] = ["confirms", "fails its check", "crashes"];
const Boots = 20;

/** Several cuts in one story. */
function cutOften(script: Script, seed: number, span: number): void {
	const random = makeRandom(seed);
	const device = new ModDevice(script, random() < 0.5, seed);
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

describe("a power cut in the life of a mod", function () {
	this.timeout(Long ? 3_600_000 : 60_000);

	for (const isBlank of [true, false])
		for (const script of scripts)
			for (const mode of ["before", "torn"] as const)
				it(`at every flash command, ${mode}: a mod that ${script}, ${isBlank ? "the first" : "after another"}`, () => {
					const span = count(script, isBlank);
					ok(span > 30, `${span} commands`);
					for (let at = 1; at <= span; at++) {
						try {
							const device = new ModDevice(script, isBlank, at);
							device.flash.cutAt(at, mode);
							device.live(Boots);
							hold(device, script);
						} catch (error) {
							throw new Error(`command ${at} of ${span}: ${(error as Error).message}`);
						}
					}
				});

	for (const isBlank of [true, false])
		it(`a failure of every flash command, one at a time, ${isBlank ? "the first mod" : "after another"}`, () => {
			const span = count("confirms", isBlank);
			for (let at = 1; at <= span; at++) {
				const device = new ModDevice("confirms", isBlank, at);
				device.flash.failAt(at);
				try {
					device.live(Boots);
					holdFailed(device);
				} catch (error) {
					throw new Error(`command ${at} of ${span}: ${(error as Error).message}`);
				}
			}
		});

	const fresh = Date.now() % 1_000_000;
	it(`again and again, ${Random} stories (seeds from ${fresh})`, () => {
		const spans = new Map(scripts.map((script) => [script, count(script, false)]));
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
