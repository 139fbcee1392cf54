// When an update may run.
import { type Conditions, Policy, type Rules } from "ota/policy";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

const hold = (rules: Rules, conditions?: Conditions): string | undefined =>
	new Policy({ rules, ...(conditions && { conditions: () => conditions }) }).hold();

describe("Policy", () => {
	const cases: [Rules, Conditions, string | undefined][] = [
		[{}, {}, undefined],
		[{ ota_pause: true }, {}, "paused by ota_pause"],
		[{ ota_pause: false }, {}, undefined],
		[{ ota_pause: "yes" }, {}, 'ota_pause: expected true or false, got "yes"'],
		[{ ota_battery: 30 }, { battery: 29 }, "ota_battery: expected at least 30, got 29"],
		[{ ota_battery: 30 }, { battery: 30 }, undefined],
		[{ ota_battery: 30 }, {}, undefined],
		[{ ota_battery: 101 }, { battery: 100 }, "ota_battery: expected a number 0…100, got 101"],
		[{ ota_battery: -1 }, { battery: 100 }, "ota_battery: expected a number 0…100, got -1"],
		[{ ota_battery: "30" }, { battery: 100 }, 'ota_battery: expected a number 0…100, got "30"'],
		[{ ota_rssi: -70 }, { rssi: -71 }, "ota_rssi: expected at least -70, got -71"],
		[{ ota_rssi: -70 }, { rssi: -60 }, undefined],
		[{ ota_battery: 0 }, { battery: 0 }, undefined],
		[{ ota_battery: 100 }, { battery: 100 }, undefined],
		[{ ota_rssi: -120 }, { rssi: -120 }, undefined],
		[{ ota_rssi: 0 }, { rssi: 0 }, undefined],
		[{ ota_rssi: 1 }, { rssi: 0 }, "ota_rssi: expected a number -120…0, got 1"],
		[{ ota_rssi: -121 }, { rssi: 0 }, "ota_rssi: expected a number -120…0, got -121"],
		[{ ota_rssi: null }, { rssi: -99 }, undefined],
		[{ ota_window: "01:00-05:30" }, { minute: 60 }, undefined],
		[{ ota_window: "01:00-05:30" }, { minute: 329 }, undefined],
		[{ ota_window: "01:00-05:30" }, { minute: 330 }, "ota_window: expected 01:00-05:30 UTC, got 05:30"],
		[{ ota_window: "01:00-05:30" }, { minute: 59 }, "ota_window: expected 01:00-05:30 UTC, got 00:59"],
		[{ ota_window: "00:30-01:00" }, { minute: 30 }, undefined],
		[{ ota_window: "00:00-01:00" }, { minute: 0 }, undefined],
		[{ ota_window: "01:00-01:00" }, { minute: 90 }, "ota_window: expected 01:00-01:00 UTC, got 01:30"],
		[{ ota_window: "22:00-05:00" }, { minute: 1320 }, undefined],
		[{ ota_window: "22:00-05:00" }, { minute: 1439 }, undefined],
		[{ ota_window: "22:00-05:00" }, { minute: 299 }, undefined],
		[{ ota_window: "22:00-05:00" }, { minute: 300 }, "ota_window: expected 22:00-05:00 UTC, got 05:00"],
		[{ ota_window: "22:00-05:00" }, {}, "ota_window: expected to know the time, got none yet"],
	];
	for (const [rules, conditions, expected] of cases)
		it(`${JSON.stringify(rules)} with ${JSON.stringify(conditions)}: ${expected ?? "go"}`, () => {
			equal(hold(rules, conditions), expected);
		});

	for (const window of [
		"22-5",
		"25:00-01:00",
		"24:00-01:00",
		"01:00-01:60",
		"-1:00-02:00",
		"01:-1-02:00",
		"a:b-c:d",
		7,
		"01:00",
		["01:00-05:00"],
	])
		it(`waits when it cannot understand the window ${JSON.stringify(window)}`, () => {
			equal(
				hold({ ota_window: window }, { minute: 0 }),
				`ota_window: expected "HH:MM-HH:MM", got ${JSON.stringify(window)}`,
			);
		});

	it("takes an application that throws, or tells nothing, for one that has measured nothing", () => {
		const policy = new Policy({
			rules: { ota_battery: 50 },
			conditions: () => {
				throw new Error("no sensor");
			},
		});
		equal(policy.hold(), undefined);
		equal(new Policy({ rules: { ota_battery: 50 } }).hold(), undefined);
	});

	it("lets the server override the application, and goes back to it when the attribute is deleted", () => {
		const policy = new Policy({ rules: { ota_battery: 50 }, conditions: () => ({ battery: 40 }) });
		equal(policy.merge({ ota_battery: 30, other: 1 }), true);
		equal(policy.hold(), undefined);
		equal(policy.merge({ other: 1 }), false);
		equal(policy.delete(["other"]), false);
		equal(policy.delete(["ota_battery", "ota_pause"]), true);
		equal(policy.hold(), "ota_battery: expected at least 50, got 40");
		policy.merge({ ota_battery: null });
		equal(policy.hold(), undefined);
	});

	it("says the same while it is the same rule, and says what a changed rule says", () => {
		const now = { rssi: -80 };
		const policy = new Policy({ rules: { ota_rssi: -70 }, conditions: () => now });
		equal(policy.hold(), "ota_rssi: expected at least -70, got -80");
		now.rssi = -85;
		equal(policy.hold(), "ota_rssi: expected at least -70, got -80");
		policy.merge({ ota_rssi: -60 });
		equal(policy.hold(), "ota_rssi: expected at least -60, got -85");
		const misread = new Policy({ rules: { ota_window: "22-5" } });
		equal(misread.hold(), 'ota_window: expected "HH:MM-HH:MM", got "22-5"');
		misread.merge({ ota_window: "22-6" });
		equal(misread.hold(), 'ota_window: expected "HH:MM-HH:MM", got "22-6"');
		misread.delete(["ota_window"]);
		equal(misread.hold(), 'ota_window: expected "HH:MM-HH:MM", got "22-5"');
	});

	it("has rules when something could hold an update up; a delay does not", () => {
		const has = (rules: Rules) => new Policy({ rules }).hasRules;
		deepEqual([has({}), has({ ota_jitter: 60 }), has({ ota_pause: null })], [false, false, false]);
		deepEqual([has({ ota_battery: 0 }), has({ ota_pause: false })], [true, true]);
		const policy = new Policy({});
		policy.paused = true;
		equal(policy.hasRules, true);
	});

	it("delays by a share of the jitter, and holds when it cannot understand it", () => {
		const delay = (ota_jitter: Rules["ota_jitter"], share: number, waited: number) =>
			new Policy({ rules: { ota_jitter } as Rules }).delay(share, waited);
		equal(delay(600, 0.5, 299_999), "ota_jitter: begins within 600 s");
		equal(delay(600, 0.5, 300_000), undefined);
		equal(delay(86_400, 1, 86_399_999), "ota_jitter: begins within 86400 s");
		for (const none of [undefined, null, 0]) equal(delay(none, 0.5, 0), undefined);
		for (const wrong of [-1, 86_401, "600", true, { a: 1 }])
			equal(delay(wrong, 0.5, 1e9), `ota_jitter: expected a number 0…86400, got ${JSON.stringify(wrong)}`);
	});
});

describe("Updater under rules", () => {
	function begin(rules: Rules = {}, conditions: Conditions = {}) {
		const rig = new Rig(20_000);
		const holds: (string | undefined)[] = [];
		const updater = rig.updater({
			rules,
			conditions: () => conditions,
			onHold: (reason) => holds.push(reason),
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		return { rig, updater, holds, conditions };
	}

	it("waits before it begins, says why, and begins when it may", () => {
		const { rig, updater, holds, conditions } = begin({ ota_battery: 50 }, { battery: 20 });
		const reason = "ota_battery: expected at least 50, got 20";
		deepEqual([updater.state, updater.hold, rig.server.asked.length], ["IDLE", reason, 0]);
		clock.advance(5_000);
		conditions.battery = 60;
		clock.advance(1_000);
		equal(updater.state, "DOWNLOADING");
		deepEqual(holds, [reason, undefined]);
		deepEqual(
			rig.reports.filter(({ ota_hold }) => ota_hold !== undefined),
			[
				{ current_fw_title: "app", current_fw_version: "v1", ota_hold: "" },
				{ ota_hold: reason },
				{ ota_hold: "" },
			],
		);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("stops in the middle at the server's word, keeps what has come, and goes on at it", () => {
		const { rig, updater } = begin();
		rig.first(updater);
		updater.offer({ ota_pause: true });
		const asked = rig.server.asked.length;
		while (rig.server.answer(updater)); // what was on its way comes too late
		clock.advance(600_000);
		deepEqual(
			[updater.state, updater.hold, updater.progress.written, rig.server.asked.length],
			["DOWNLOADING", "paused by ota_pause", 4096, asked],
		);
		updater.disconnected();
		updater.connected();
		equal(rig.server.asked.length, asked, "asked in a pause");
		updater.withdraw(["ota_pause"]);
		equal(updater.hold, undefined);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		equal(rig.errors.length, 0);
	});

	it("goes on with the next connection when the pause ended without one", () => {
		const { rig, updater } = begin();
		rig.first(updater);
		updater.pause();
		updater.disconnected();
		updater.resume();
		rig.server.pending.length = 0;
		updater.connected();
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("looks at the rules each second while it runs", () => {
		const { rig, updater, conditions } = begin({ ota_battery: 50 }, { battery: 90 });
		rig.first(updater);
		conditions.battery = 10;
		clock.advance(1_000);
		equal(updater.hold, "ota_battery: expected at least 50, got 10");
		rig.server.pending.length = 0;
		conditions.battery = 51;
		clock.advance(1_000);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	for (const at of ["DOWNLOADED", "VERIFIED"])
		it(`takes no further step from ${at} in a pause`, () => {
			const rig = new Rig();
			const updater = rig.updater({ onState: (state) => state === at && updater.pause() });
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			rig.serve(updater);
			clock.advance(60_000);
			deepEqual([updater.state, updater.hold, rig.slots.boot], [at, "paused by the application", 0]);
			updater.resume();
			clock.advance(60_000);
			deepEqual([updater.state, rig.ready], ["UPDATING", 1]);
		});

	it("holds no restart: the slot is the boot slot already", () => {
		const rig = new Rig();
		const updater = rig.updater({ onState: (state) => state === "UPDATING" && updater.pause() });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.serve(updater);
		deepEqual([updater.state, updater.hold, rig.ready, clock.armed], ["UPDATING", undefined, 1, 0]);
	});

	it("looks at no rule any more while the last acknowledgement is awaited", () => {
		const { rig, updater, conditions } = begin({ ota_battery: 50 }, { battery: 90 });
		rig.outcome = undefined;
		while (rig.server.answer(updater));
		equal(updater.state, "DOWNLOADED");
		const asked = rig.server.asked.length;
		conditions.battery = 10;
		clock.advance(4_000);
		conditions.battery = 90;
		clock.advance(20_000);
		deepEqual([updater.state, rig.ready, rig.server.asked.length], ["UPDATING", 1, asked]);
	});

	it("begins within the jitter", () => {
		const rig = new Rig();
		const updater = rig.updater({ rules: { ota_jitter: 100 }, random: () => 2 ** 31 });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(49_000);
		equal(updater.state, "IDLE");
		clock.advance(2_000);
		equal(updater.state, "DOWNLOADING");
	});

	for (const state of ["IDLE", "DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING"])
		it(`cancels in ${state}${state === "UPDATING" ? ": too late" : ""}`, () => {
			const rig = new Rig();
			const updater = rig.updater({
				onState: (now, { error }) => {
					if (error) rig.errors.push(error);
					if (now === state && rig.errors.length === 0) updater.cancel();
				},
			});
			if (state === "IDLE") updater.pause();
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			if (state === "IDLE") updater.cancel();
			rig.serve(updater);
			clock.advance(60_000);
			equal(updater.state, state === "UPDATING" ? "UPDATING" : "FAILED");
			if (state === "UPDATING") return;
			const written = state === "IDLE" || state === "DOWNLOADING" ? 0 : 10_000;
			deepEqual(rig.errors, [`OTA_CANCELLED: cancelled at ${written} of 10000 bytes`]);
			deepEqual([rig.slots.boot, clock.armed], [0, 0]);
			updater.cancel();
			updater.offer(packageOf(rig.server.image));
			equal(rig.errors.length, 1, "it stays cancelled");
			updater.resume();
			updater.retry();
			equal(updater.state, "DOWNLOADING");
		});

	it("has nothing to cancel when nothing is wanted, and nothing to hold after close", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.cancel();
		equal(updater.state, "IDLE");
		updater.close();
		updater.pause();
		updater.cancel();
		deepEqual([updater.hold, clock.armed], [undefined, 0]);
	});
});
