// Rules and packages in one message, as the answer after a reconnect brings them.
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

/** VERIFIED, held by `ota_pause`. */
function verified() {
	const rig = new Rig();
	const updater = rig.updater({
		onState: (state, { error }) => {
			rig.states.push(state);
			if (error) rig.errors.push(error);
			if (state === "VERIFIED") updater.offer({ ota_pause: true });
		},
	});
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	rig.serve(updater);
	clock.advance(10_000);
	equal(updater.state, "VERIFIED");
	equal(updater.hold, "paused by ota_pause");
	updater.disconnected();
	return { rig, updater };
}

describe("Updater, told of rules and packages at once", () => {
	it("un-assigned and unpaused while offline: not activated", () => {
		const { rig, updater } = verified();
		updater.connected();
		// what main.ts passes on from the answer to `watch`: nothing is set on the server any more
		updater.withdraw([
			"fw_title",
			"fw_version",
			"fw_size",
			"fw_checksum",
			"fw_checksum_algorithm",
			"ota_pause",
			"ota_retry",
		]);
		clock.advance(60_000);
		deepEqual([rig.slots.boot, updater.state, rig.fwStates.at(-1)], [0, "FAILED", "FAILED"]);
	});

	it("FAILED is not told while the slot is the boot slot", () => {
		const { rig, updater } = verified();
		updater.connected();
		updater.withdraw(["fw_title", "ota_pause"]);
		clock.advance(60_000);
		const lies = rig.slots.boot === 1 && rig.fwStates.at(-1) === "FAILED";
		equal(lies, false, `boot slot ${rig.slots.boot}, told ${rig.fwStates}`);
	});

	it("another package and the end of the pause in one message: the new one, and no hang", () => {
		const { rig, updater } = verified();
		updater.connected();
		updater.offer({ ...packageOf(imageOf(9_000, 3), "v3"), ota_pause: false });
		clock.advance(10_000);
		deepEqual(
			[rig.slots.boot, updater.state, rig.ready, updater.progress.size],
			[0, "DOWNLOADING", 0, 9_000],
		);
	});

	it("the running version and the end of the pause in one message", () => {
		const { rig, updater } = verified();
		updater.connected();
		updater.offer({ fw_title: "app", fw_version: "v1", ota_pause: false });
		clock.advance(60_000);
		deepEqual([rig.slots.boot, updater.state], [0, "FAILED"]);
	});

	it("a package that waited is taken back together with the rule: quiet", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), ota_pause: true });
		equal(updater.state, "IDLE");
		updater.withdraw(["fw_title", "ota_pause"]);
		deepEqual([updater.state, rig.fwStates, rig.server.asked.length], ["IDLE", [], 0]);
	});

	it("another package, and a rule that is not there any more: one answer says both", () => {
		const { rig, updater } = verified();
		updater.connected();
		updater.offer(packageOf(imageOf(9_000, 3), "v3"), ["fw_url", "ota_pause"]);
		clock.advance(10_000);
		deepEqual(
			[rig.slots.boot, updater.state, rig.ready, updater.progress.size],
			[0, "DOWNLOADING", 0, 9_000],
		);
	});

	it("no package any more, and the end of the pause: one answer says both", () => {
		const { rig, updater } = verified();
		updater.connected();
		updater.offer({ ota_pause: false }, ["fw_title", "fw_version"]);
		clock.advance(10_000);
		deepEqual([rig.slots.boot, updater.state, rig.fwStates.at(-1)], [0, "FAILED", "FAILED"]);
	});

	it("an error of the server about an older request does not end a package that has not begun", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		updater.offer({ ...packageOf(imageOf(9_000, 3), "v3"), ota_pause: true });
		updater.sourceError("NOT_FOUND");
		equal(rig.errors[0], undefined);
	});
});
