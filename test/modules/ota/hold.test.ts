// How long an update waits, and what of it is told.
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

describe("An update on hold", () => {
	it("a package held for 25 days begins when the pause ends", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), ota_pause: true });
		clock.now += 2 ** 31 + 60_000; // 24.9 days, the polls left out
		clock.advance(2_000);
		updater.offer({ ota_pause: false });
		deepEqual([updater.state, updater.hold], ["DOWNLOADING", undefined]);
	});

	it("a download paused for 25 days reports no negative time", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		updater.pause();
		clock.now += 2 ** 31 + 60_000;
		rig.server.pending.length = 0;
		updater.resume();
		rig.serve(updater);
		const { tally } = JSON.parse(String(rig.store.values.get("trial")));
		ok(tally.ms >= 0, `${tally.ms} ms`);
	});

	it("a hold is told when it begins and ends, not each second", () => {
		const rig = new Rig();
		let rssi = -80;
		let minute = 0;
		const updater = rig.updater({ rules: { ota_rssi: -70 }, conditions: () => ({ rssi: rssi ^ 1, minute }) });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		for (let second = 0; second < 3_600; second++) {
			rssi = -80 - (second % 2) * 2;
			clock.advance(1_000);
		}
		const told = rig.reports.filter(({ ota_hold }) => ota_hold !== undefined).length;
		ok(told < 10, `${told} telemetry messages in an hour`);
		updater.close();
		minute = 1;
	});

	it("the same for the window", () => {
		const rig = new Rig();
		const updater = rig.updater({
			rules: { ota_window: "22:00-05:30" },
			conditions: () => ({ minute: (Math.floor(clock.now / 60_000) % 600) + 360 }),
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(8 * 3_600_000);
		const told = rig.reports.filter(({ ota_hold }) => ota_hold !== undefined).length;
		ok(told < 10, `${told} telemetry messages in 8 hours`);
	});

	it("a hold that ended with a restart does not stay on the server", () => {
		const rig = new Rig();
		let battery = 10;
		const options = { rules: { ota_battery: 50 }, conditions: () => ({ battery }) };
		const before = rig.updater(options);
		before.connected();
		before.offer(packageOf(rig.server.image));
		battery = 90; // charged while off
		clock.reset();
		const updater = rig.updater(options);
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.serve(updater);
		clock.advance(1_000);
		equal(updater.state, "UPDATING");
		equal(rig.reports.filter(({ ota_hold }) => ota_hold !== undefined).at(-1)?.ota_hold, "");
	});

	it("a download that a restart interrupted and that was taken back meanwhile does not stay DOWNLOADING", () => {
		const rig = new Rig(150_000);
		const before = rig.updater();
		before.connected();
		before.offer(packageOf(rig.server.image));
		for (let turn = 0; turn < 8; turn++) rig.server.answer(before);
		clock.reset();
		equal(rig.fwStates.at(-1), "DOWNLOADING");
		const updater = rig.updater();
		updater.connected();
		updater.withdraw(["fw_title", "fw_version", "fw_size", "fw_checksum", "fw_checksum_algorithm"]);
		clock.advance(60_000);
		ok(
			rig.fwStates.at(-1) !== "DOWNLOADING",
			`server shows ${rig.fwStates.at(-1)}, device is ${updater.state}`,
		);
	});

	it("deleting ota_jitter ends the wait", () => {
		const rig = new Rig();
		const updater = rig.updater({ random: () => 2 ** 32 - 1 });
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), ota_jitter: 86_400 });
		updater.withdraw(["ota_jitter"]);
		clock.advance(10_000);
		equal(updater.state, "DOWNLOADING");
	});

	it("is not told anew with every message about something else", () => {
		const rig = new Rig();
		let battery = 20;
		const updater = rig.updater({ conditions: () => ({ battery }) });
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), ota_battery: 50 });
		for (let message = 0; message < 5; message++) {
			battery++;
			updater.offer({}, ["telemetryInterval"]);
			clock.advance(1_000);
		}
		equal(rig.reports.filter(({ ota_hold }) => ota_hold).length, 1);
	});

	it("waits when it cannot understand its jitter, and says so", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.offer({ ...packageOf(rig.server.image), ota_jitter: "600" });
		equal(updater.hold, 'ota_jitter: expected a number 0…86400, got "600"');
		updater.offer({ ota_jitter: "60" });
		equal(updater.hold, 'ota_jitter: expected a number 0…86400, got "60"', "what the rule says is news");
		updater.offer({ ota_jitter: 0 });
		equal(updater.state, "DOWNLOADING");
	});

	it("says what it waits for: its jitter, the running version's trial", () => {
		const rig = new Rig();
		rig.slots.states[0] = "PENDING_VERIFY";
		const updater = rig.updater({ random: () => 2 ** 31 });
		updater.offer({ ...packageOf(rig.server.image), ota_jitter: 600 });
		equal(updater.hold, "the running version is on trial");
		rig.slots.states[0] = "VALID";
		clock.advance(1_000);
		equal(updater.hold, "ota_jitter: begins within 600 s");
		clock.advance(298_000);
		equal(updater.state, "IDLE");
		clock.advance(1_000);
		deepEqual([updater.state, updater.hold], ["DOWNLOADING", undefined]);
	});
});
