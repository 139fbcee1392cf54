// Power cuts over the fakes, so that they strike inside XS too: each change of slots and store once, then several in one story. The same over
// a virtual flash chip, boot loader and NVS included, is in test/node/ota.
import { Digest } from "crypt";
import Updater from "ota";
import Trial from "ota/trial";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig, trialMoves, updaterMoves } from "./rig.ts";

const Small = 20_000;
const Large = 2 * 65_536 + 4_000; // what flash kept is gone on with
const Every = 8; // changes of a large one: inside XS each byte takes its time
const Stories = 200;
const Cuts = 100; // of half the stories, at least
const Trials = 3;

/** One source of power for slots and store. */
class Power {
	changes = 0;
	/** The change of this number (from 1) is cut. */
	at = 0;
	torn = false;
	on = true;

	readonly strike = (): boolean => {
		this.changes++;
		if (this.on && this.changes !== this.at) return false;
		const isNow = this.on;
		this.on = false;
		if (isNow && this.torn) return true;
		throw new Error("power");
	};
}

class Device {
	readonly rig: Rig;
	readonly power = new Power();
	boots = 0;
	/** Power cuts, and boots that went on in the middle. */
	cuts = 0;
	resumes = 0;

	constructor(size = Small) {
		this.rig = new Rig(size);
		this.rig.slots.power = this.rig.store.power = this.power.strike;
	}

	/** Boots until all is quiet. */
	live(onCut: () => void = () => {}): void {
		for (let reason: "POWERON" | "SW" = "POWERON"; this.boots < 30; this.boots++) {
			const { length } = this.rig.server.asked;
			const end = this.life(reason);
			if ((this.rig.server.asked[length]?.index ?? 0) > 0) this.resumes++;
			clock.reset();
			this.rig.slots.restart();
			if (end === "settled") return;
			if (end === "cut") this.cuts++;
			if (end === "cut") onCut();
			reason = end === "cut" ? "POWERON" : "SW";
		}
		ok(false, "it does not settle");
	}

	private life(resetReason: "POWERON" | "SW"): "settled" | "cut" | "restart" {
		const { rig, power } = this;
		const { slots, store, server } = rig;
		power.on = true;
		let restarts = false;
		const version = slots.active === 1 ? "v2" : "v1";
		const onReady = () => {
			restarts = true;
		};
		const current = { title: "app", version };
		const report = (values: Parameters<typeof rig.report>[0], done?: (error: null) => void) => {
			if (!power.on) return;
			if (values.fw_state === "UPDATED") deepEqual([version, slots.running.state], ["v2", "VALID"]);
			rig.report(values, done as Parameters<typeof rig.report>[1]);
		};
		const common = { current, slots, store, report, digest: Digest, onReady };
		server.connect();
		server.pending.length = 0;
		const random = () => this.boots;
		const updater = new Updater({ ...common, source: server, random, onState: updaterMoves() });
		const trial = new Trial({ ...common, resetReason, onStage: trialMoves() });
		clock.advance(0);
		updater.connected();
		for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
		updater.offer(packageOf(server.image));
		for (let quiet = 0; quiet < 30 && !restarts && power.on; quiet++)
			if (server.answer(updater)) quiet = 0;
			else clock.advance(1_000);
		updater.close();
		trial.close();
		return power.on ? (restarts ? "restart" : "settled") : "cut";
	}
}

function hold({ rig, boots }: Device): void {
	const { slots } = rig;
	deepEqual([slots.running.label, slots.running.state], ["ota_1", "VALID"]);
	equal(rig.fwStates.at(-1), "UPDATED");
	ok(rig.server.image.every((byte, index) => byte === rig.stored[index]));
	ok(boots > 0 && !rig.store.values.has("trial"));
}

/** Given up: not for fewer power cuts than a package has trials. */
function holdGiven({ rig, cuts }: Device, name: string): void {
	ok(
		rig.store.values.has("quarantine") && cuts >= Trials,
		`${name}: ${cuts} cuts, ${rig.fwStates.join(" ")}`,
	);
}

function changes(size = Small): number {
	const device = new Device(size);
	device.live();
	hold(device);
	return device.power.changes;
}

describe("A power cut", () => {
	for (const torn of [false, true])
		it(`at every change, ${torn ? "in its middle" : "before it"}, ends with the new firmware`, () => {
			const span = changes();
			ok(span >= 20, `${span} changes`);
			for (let at = 1; at <= span; at++) {
				const device = new Device();
				Object.assign(device.power, { at, torn });
				device.live();
				hold(device);
				equal(device.cuts, 1);
			}
		});

	it(`at every ${Every}th change of a large update goes on in the middle`, () => {
		const span = changes(Large);
		let resumes = 0;
		for (let at = 1; at <= span; at += Every) {
			const device = new Device(Large);
			Object.assign(device.power, { at, torn: at % (2 * Every) === 1 });
			device.live();
			hold(device);
			equal(device.cuts, 1);
			const { delivered, image } = device.rig.server;
			const again = delivered - image.length;
			ok(again <= 65_536 + 16_384 + 1024, `change ${at}: ${again} bytes again`);
			resumes += device.resumes;
		}
		ok(resumes >= 32 / Every, `${resumes} of ${span / Every} went on in the middle`);
	});

	for (const seed of [1, Math.floor(Math.random() * 1e6)])
		it(`${Stories / 2} times at random, up to 3 in a story (seed ${seed})`, () => {
			let state = seed;
			const random = (below: number): number => {
				state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
				return (state >>> 8) % below;
			};
			const span = changes();
			let made = 0;
			for (let story = 0; story < Stories / 2; story++) {
				const device = new Device();
				let cuts = 1 + random(3);
				const arm = () => {
					const at = cuts-- > 0 ? device.power.changes + 1 + random(span) : 0;
					Object.assign(device.power, { at, torn: random(2) === 1 });
				};
				arm();
				device.live(arm);
				made += device.cuts;
				if (device.rig.slots.active === 1) hold(device);
				else holdGiven(device, `seed ${seed}, story ${story}`);
			}
			ok(made >= Cuts, `expected ${Cuts} power cuts, made ${made}`);
		});
});
