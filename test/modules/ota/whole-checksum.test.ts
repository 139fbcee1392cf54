// The announced checksum is compared to its last digit, whatever the algorithm.
import { algorithms } from "ota/checksum";
import { deepEqual, equal, includes } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { lastDigitWrong, packageOf, Rig } from "./rig.ts";

describe("A package", () => {
	for (const algorithm of algorithms) {
		it(`with its checksum by ${algorithm} is taken, in capitals too`, () => {
			const rig = new Rig();
			const updater = rig.updater();
			updater.connected();
			const announced = packageOf(rig.server.image, "v2", algorithm);
			updater.offer({ ...announced, fw_checksum: String(announced.fw_checksum).toUpperCase() });
			rig.serve(updater);
			deepEqual([updater.state, rig.errors, rig.slots.boot], ["UPDATING", [], 1]);
		});

		it(`whose checksum by ${algorithm} differs in the last digit is not`, () => {
			const rig = new Rig();
			const updater = rig.updater();
			updater.connected();
			const announced = packageOf(rig.server.image, "v2", algorithm);
			updater.offer({ ...announced, fw_checksum: lastDigitWrong(String(announced.fw_checksum)) });
			for (let download = 0; download < 3; download++) {
				rig.serve(updater);
				clock.advance(10_000);
			}
			deepEqual([updater.state, rig.errors.length, rig.slots.boot, rig.ready], ["FAILED", 1, 0, 0]);
			includes(String(rig.errors[0]), "OTA_CHECKSUM: image: expected");
			equal(rig.fwStates.includes("VERIFIED"), false);
		});
	}
});
