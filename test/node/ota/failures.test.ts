// Every operation of flash, of the store (which lies in flash) and of the source, failing once, at every place of a whole update.
import { ok } from "../../assert.ts";
import { count, Device, holdOneOf } from "./device.ts";

const Ends = ["v2 UPDATED", "v1 FAILED"];
const Boots = 12;

function at(place: string, run: () => void): void {
	try {
		run();
	} catch (error) {
		throw new Error(`${place}: ${(error as Error).message}`);
	}
}

describe("a failing operation", function () {
	this.timeout(60_000);

	it("of flash, wherever it is, leaves the old firmware or the new one, and the truth", () => {
		const span = count("confirms");
		let finished = 0;
		for (let command = 1; command <= span; command++)
			at(`flash command ${command} of ${span}`, () => {
				const device = new Device("confirms");
				device.flash.failAt(command);
				device.live(Boots);
				holdOneOf(device, Ends);
				if (device.running.image.identity?.version === "v2") finished++;
			});
		ok(finished > span / 2, `only ${finished} of ${span} failures were overcome`);
	});

	it("of the source, wherever it is, costs a try and no more", () => {
		const device = new Device("confirms");
		device.live(Boots);
		const span = device.server.count;
		ok(span > 60, `${span} calls`);
		for (let call = 0; call < span; call++)
			at(`call ${call} of ${span}`, () => {
				const device = new Device("confirms");
				device.server.failAt = call;
				device.live(Boots);
				holdOneOf(device, ["v2 UPDATED"]);
			});
	});
});
