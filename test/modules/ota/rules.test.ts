// Each rule as the server sets it: asked for by name, obeyed through `offer`, lifted through `withdraw`.
import type { JSONValue } from "host/contract";
import { type Conditions, sharedNames } from "ota";
import { ruleNames } from "ota/policy";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

/** What holds an update up, with what is measured, and how that is told. */
const rules: { [name: string]: { value: JSONValue; conditions: Conditions; hold: string } } = {
	ota_pause: { value: true, conditions: {}, hold: "paused by ota_pause" },
	ota_battery: {
		value: 50,
		conditions: { battery: 49 },
		hold: "ota_battery: expected at least 50, got 49",
	},
	ota_rssi: { value: -70, conditions: { rssi: -71 }, hold: "ota_rssi: expected at least -70, got -71" },
	ota_window: {
		value: "01:00-02:00",
		conditions: { minute: 121 },
		hold: "ota_window: expected 01:00-02:00 UTC, got 02:01",
	},
	ota_jitter: { value: 600, conditions: {}, hold: "ota_jitter: begins within 600 s" },
};

function begin(conditions: Conditions) {
	const rig = new Rig(20_000);
	const updater = rig.updater({ conditions: () => conditions, random: () => 2 ** 31 });
	updater.connected();
	return { rig, updater };
}

describe("The shared attributes of an update", () => {
	it("are all asked for, and nothing else", () => {
		deepEqual(
			[...sharedNames],
			[
				...["fw_title", "fw_version", "fw_size", "fw_checksum_algorithm", "fw_checksum", "fw_url"],
				...["ota_pause", "ota_battery", "ota_rssi", "ota_window", "ota_jitter", "ota_retry"],
			],
		);
		deepEqual([...ruleNames], Object.keys(rules));
	});

	for (const [name, { value, conditions, hold }] of Object.entries(rules)) {
		it(`${name} holds a package that is offered later, and lets go when it is deleted`, () => {
			const { rig, updater } = begin(conditions);
			updater.offer({ [name]: value });
			equal(updater.hold, undefined, "there is nothing to hold yet");
			updater.offer(packageOf(rig.server.image));
			deepEqual([updater.state, updater.hold, rig.server.asked.length], ["IDLE", hold, 0]);
			equal(rig.reports.at(-1)?.ota_hold, hold);
			updater.withdraw([name]);
			deepEqual([updater.state, updater.hold], ["DOWNLOADING", undefined]);
			rig.serve(updater);
			equal(updater.state, "UPDATING");
		});

		it(`${name} holds what comes in the same message, and lets go when it is null`, () => {
			const { rig, updater } = begin(conditions);
			updater.offer({ ...packageOf(rig.server.image), [name]: value });
			deepEqual([updater.state, updater.hold], ["IDLE", hold]);
			updater.offer({ [name]: null });
			clock.advance(1_000);
			equal(updater.state, "DOWNLOADING");
		});

		if (name !== "ota_jitter")
			it(`${name} stops a download in the middle, and lets go when it is deleted`, () => {
				const { rig, updater } = begin(conditions);
				updater.offer(packageOf(rig.server.image));
				rig.first(updater);
				updater.offer({ [name]: value });
				deepEqual([updater.state, updater.hold], ["DOWNLOADING", hold]);
				const asked = rig.server.asked.length;
				clock.advance(60_000);
				equal(rig.server.asked.length, asked);
				rig.server.pending.length = 0;
				updater.withdraw([name]);
				rig.serve(updater);
				deepEqual([updater.state, rig.errors], ["UPDATING", []]);
			});
	}

	it("ota_jitter does not stop what has begun", () => {
		const { rig, updater } = begin({});
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		updater.offer({ ota_jitter: 600 });
		equal(updater.hold, undefined);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});
});
