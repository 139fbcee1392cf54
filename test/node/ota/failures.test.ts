// Every call of slots, store and report, every command of flash, and every call of the source, failing once, at every place of whole
// stories.
import { ok } from "../../assert.ts";
import { count, Device, holdOneOf } from "./device.ts";
import { Faults, type Kind, kinds } from "./faults.ts";
import { largeStory, type Script, type Story, scripts, smallStory } from "./story.ts";

const Ends: { readonly [script in Script]: readonly string[] } = {
	confirms: ["v2 UPDATED", "v1 FAILED"],
	"fails its check": ["v1 FAILED"],
	crashes: ["v1 FAILED"],
};
const Boots = 12;
const Most = 3; // failures of a kind that end in a hold until the next connection: the store, or the look at the slot

function at(place: string, run: () => void): void {
	try {
		run();
	} catch (error) {
		throw new Error(`${place}: ${(error as Error).message}`);
	}
}

/** Lives through one failure, and a power cut if there is one; true: the new firmware runs all the same. A good package is not given up. */
function overcomes(device: Device): boolean {
	const { script } = device.story;
	device.live(Boots);
	holdOneOf(device, Ends[script]);
	ok(script !== "confirms" || device.store.get("quarantine") === undefined, "a good package was given up");
	return device.running.image.identity?.version === "v2";
}

/** A device whose power is cut at that command, if any, and whose call of that kind and number fails. */
function deviceOf(story: Story, cut: number, faults: Faults): Device {
	const device = new Device(story, 1, faults);
	if (cut) device.flash.cutAt(cut, "torn");
	return device;
}

/** Every call of a kind, one at a time: how many there are, and how many failures were overcome. */
function fail(kind: Kind, story: Story, cut: number): { span: number; finished: number } {
	const faults = new Faults();
	deviceOf(story, cut, faults).live(Boots);
	const span = faults.counts[kind] ?? 0;
	let finished = 0;
	for (let call = 1; call <= span; call++)
		at(`${kind} ${call} of ${span}, cut at ${cut}`, () => {
			if (overcomes(deviceOf(story, cut, new Faults(kind, call)))) finished++;
		});
	return { span, finished };
}

/** The last command of flash at which a power cut is followed by `happens`. */
function lastCut(story: Story, happens: (device: Device) => boolean): number {
	for (let cut = count(story); cut > 0; cut--) {
		const device = deviceOf(story, cut, new Faults());
		device.live(Boots);
		if (happens(device)) return cut;
	}
	throw new Error("expected such a power cut, found none");
}

describe("a failing operation", function () {
	this.timeout(60_000);

	for (const script of scripts)
		it(`of flash, wherever it is, leaves the old firmware or the new one, and the truth: it ${script}`, () => {
			const story = smallStory(script);
			const span = count(story);
			let finished = 0;
			for (let command = 1; command <= span; command++)
				at(`flash command ${command} of ${span}`, () => {
					const device = new Device(story);
					device.flash.failAt(command);
					if (overcomes(device)) finished++;
				});
			if (script === "confirms") ok(finished > span / 2, `only ${finished} of ${span} were overcome`);
		});

	for (const script of scripts)
		for (const kind of kinds)
			it(`of the kind ${kind}, wherever it is, leaves one of the two, and the truth: it ${script}`, () => {
				const { span, finished } = fail(kind, smallStory(script), 0);
				if (script === "confirms") ok(span - finished <= Most, `${span - finished} of ${span} not overcome`);
			});

	it("of any kind, after a power cut in the middle: what flash kept is read again, or fetched again", () => {
		const story = largeStory("confirms");
		const cut = lastCut(story, ({ resumed }) => resumed.length > 0);
		for (const kind of kinds) {
			const { span, finished } = fail(kind, story, cut);
			ok(kind !== "read" || span >= 64, `${span} reads`);
			ok(span - finished <= Most, `${kind}: ${span - finished} of ${span} not overcome`);
		}
	});

	it("of any kind, after a power cut on trial: the slot is read again, or the package is given up", () => {
		const story = smallStory("confirms");
		const isChecked = ({ boots, resumed }: Device) => boots > 2 && resumed.length === 0;
		const cut = lastCut(story, isChecked);
		for (const kind of kinds) {
			const { span } = fail(kind, story, cut);
			ok(kind !== "read" || span >= 32, `${span} reads`);
		}
	});

	it("of the source, wherever it is, costs a try and no more", () => {
		const story = smallStory("confirms");
		const device = new Device(story);
		device.live(Boots);
		const span = device.server.count;
		ok(span > 60, `${span} calls`);
		for (let call = 0; call < span; call++)
			at(`call ${call} of ${span}`, () => {
				const device = new Device(story);
				device.server.failAt = call;
				device.live(Boots);
				holdOneOf(device, ["v2 UPDATED"]);
			});
	});
});
