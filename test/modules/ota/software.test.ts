// Mods by the updater of images: staged, copied, tried, kept or taken away.
import { Digest } from "crypt";
import type { JSONObject } from "host/contract";
import Updater from "ota";
import Trial from "ota/trial";
import { type Parties, type Turns, turns } from "ota/turns";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { modOf } from "../../fakes/mods.ts";
import { FakeServer } from "../../fakes/server.ts";
import { FakeStore } from "../../fakes/store.ts";
import { imageOf, packageOf } from "./rig.ts";
import { offerOf, SoftwareRig } from "./software-rig.ts";

const mod = modOf(9_000);
const offer = offerOf(mod);

/** A rig whose mod m1 is confirmed. */
function installed(): SoftwareRig {
	const rig = new SoftwareRig(mod);
	rig.settle("POWERON", offer);
	equal(rig.mod.current.version, "m1");
	rig.told.length = 0;
	rig.boots.length = 0;
	return rig;
}

/** A rig whose mod m1 is about to boot for the first time. */
function copied(): SoftwareRig {
	const rig = new SoftwareRig(mod);
	rig.live("POWERON", offer);
	rig.live("SW");
	rig.told.length = 0;
	return rig;
}

const lastOf = (list: readonly unknown[]): unknown => list[list.length - 1];
const mapped = (rig: SoftwareRig): boolean[] => rig.boots.map((boot) => boot.mapped);

describe("software", () => {
	it("is staged in the tail of the passive slot, copied with no mod mapped, tried and confirmed", () => {
		const rig = new SoftwareRig(mod);
		equal(rig.settle("POWERON", offer), 3);
		deepEqual(rig.all("sw_state"), ["DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING", "UPDATED"]);
		deepEqual(mapped(rig), [false, false, true]);
		deepEqual([...rig.mods.bytes.subarray(0, mod.length)], [...mod]);
		deepEqual([...rig.slots.bytes.subarray(65_536, 65_536 + mod.length)], [...mod]);
		deepEqual([...new Set(rig.slots.bytes.subarray(0, 65_536))], [0x55]);
		deepEqual(rig.all("current_sw_version"), ["none", "none", "m1", "m1"]);
		equal(rig.settle("SW", offer), 1);
		equal(rig.store.values.get("trial"), undefined);
	});

	it("takes a mod away before another one is copied, and before any of its code runs", () => {
		const rig = installed();
		rig.server.image = modOf(5_000, 5);
		equal(rig.settle("SW", offerOf(rig.server.image, "m2")), 4);
		deepEqual(mapped(rig), [true, true, false, true]);
		equal(rig.mod.current.version, "m2");
		equal(lastOf(rig.all("sw_state")), "UPDATED");
	});

	it("refuses what is for another XS, or is no mod, before anything is erased", () => {
		for (const bad of [modOf(9_000, 3, 18), new Uint8Array(9_000).fill(1)]) {
			const rig = new SoftwareRig(bad);
			equal(rig.settle("POWERON", offerOf(bad)), 1);
			includes(String(lastOf(rig.all("sw_error"))), "OTA_IMAGE");
			ok(!rig.slots.log.some((entry) => entry.startsWith("erase") || entry === "begin"));
		}
	});

	it("asks for a second opinion, as firmware does, before anything is copied", () => {
		const rig = new SoftwareRig(mod);
		let seen = 0;
		rig.options = {
			inspect: () => ({
				write(bytes) {
					seen += bytes.length;
				},
				close: () => "expected a signed package",
			}),
		};
		equal(rig.settle("POWERON", offer), 1);
		includes(String(lastOf(rig.all("sw_error"))), "OTA_INSPECTION: expected a signed package");
		deepEqual([seen, rig.mods.operations], [mod.length, 0]);
	});

	it("lets the host look at the whole of it, behind what the application says, before anything is copied", () => {
		for (const said of [undefined, "unsigned"]) {
			const rig = new SoftwareRig(mod);
			const seen: number[] = [];
			Object.assign(rig.mods, {
				inspect(read: (offset: number, length: number) => Uint8Array, size: number) {
					for (const [offset, length] of [
						[0, 4],
						[17, 30],
						[mod.length - 1, 1],
						[4_999, 2_000],
					] as const)
						deepEqual([...read(offset, length)], [...mod.subarray(offset, offset + length)]);
					seen.push(size);
					return "mod modules: expected app alone, got main";
				},
			});
			if (said) rig.options = { inspect: () => ({ write: () => {}, close: () => said }) };
			equal(rig.settle("POWERON", offer), 1);
			const text = said ?? "mod modules: expected app alone, got main";
			includes(String(lastOf(rig.all("sw_error"))), `OTA_INSPECTION: ${text}`);
			deepEqual([seen, rig.mods.operations], [said ? [] : [mod.length], 0]);
		}
	});

	it("takes a mod away that crashes on trial, says so, and does not fetch it again", () => {
		const rig = copied();
		rig.boot("SW");
		equal(rig.boot("PANIC"), false);
		equal(rig.settle("SW", offer), 1);
		equal(rig.mod.current.version, "none");
		includes(
			String(lastOf(rig.all("sw_error"))),
			"OTA_REVERTED: m1: trial: expected a confirmation, got reset PANIC",
		);
		equal(rig.server.pending.length, 0);
		equal(rig.software.state, "FAILED");
	});

	it("gives a mod another trial after a loss of power, without a download, three in all", () => {
		const rig = copied();
		const asked = rig.server.asked.length;
		for (let trial = 1; trial < 3; trial++) {
			rig.boot("SW");
			equal(rig.boot("BROWNOUT"), false);
			equal(rig.live("SW"), "restart");
			equal(rig.live("SW"), "restart");
		}
		rig.boot("SW");
		equal(rig.boot("POWERON"), false);
		equal(rig.live("SW"), "settled");
		includes(String(lastOf(rig.all("sw_error"))), "OTA_SWITCH");
		equal(rig.server.asked.length, asked);
	});

	it("takes a mod away whose own check fails, before or after its trial has begun", () => {
		for (const early of [true, false]) {
			const rig = copied();
			rig.boot("SW");
			if (!early) clock.advance(0);
			rig.software.fail("no sensor");
			clock.advance(0);
			equal(rig.settle("SW"), 2);
			includes(String(lastOf(rig.all("sw_error"))), "no sensor");
			equal(rig.mod.current.version, "none");
		}
	});

	it("takes a mod away that never connects, when the image itself does", () => {
		const rig = copied();
		rig.options = { timeout: 60_000 };
		equal(rig.live("SW", undefined, []), "settled");
		clock.advance(60_000);
		equal(rig.settle("SW"), 2);
		includes(
			String(lastOf(rig.all("sw_error"))),
			"expected connected, acknowledged, application within 60 s",
		);
	});

	it("copies again when flash fails, three times", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		rig.mods.failAt = 3;
		rig.mods.spoils = true;
		equal(rig.settle("SW"), 2);
		equal(lastOf(rig.all("sw_state")), "UPDATED");

		const broken = new SoftwareRig(mod);
		broken.live("POWERON", offer);
		broken.mods.failAt = 3;
		broken.mods.failures = 1000;
		equal(broken.settle("SW"), 1);
		includes(
			String(lastOf(broken.all("sw_error"))),
			"OTA_REVERTED: m1: Error: region: ESP_ERR_FLASH_OP_FAIL",
		);
		equal(broken.mod.staged, undefined);
	});

	it("notices flash that does not keep what is written", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		rig.mods.erase = () => {};
		rig.mods.bytes.fill(0);
		equal(rig.settle("SW"), 1);
		includes(String(lastOf(rig.all("sw_error"))), "of the mods' partition, got 0");
	});

	it("gives a mod up whose stage was written over", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		rig.slots.bytes[65_536 + 5_000] = 0;
		equal(rig.live("SW"), "settled");
		includes(String(lastOf(rig.all("sw_error"))), "OTA_CHECKSUM");
		deepEqual(rig.all("sw_state").slice(-1), ["FAILED"]);
	});

	it("gives a mod up that cannot be copied in five boots", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		for (let boot = 0; boot < 5; boot++) ok(rig.boot("BROWNOUT"));
		equal(rig.live("BROWNOUT"), "settled");
		includes(String(lastOf(rig.all("sw_error"))), "copy: expected an end within 5 boots");
	});

	it("asks whose fault it is when XS does not take what was copied", () => {
		const rig = copied();
		rig.mods.bytes[6] = 1;
		equal(rig.live("SW"), "settled");
		includes(String(lastOf(rig.all("sw_error"))), "expected XS to take it, got none");
		const torn = copied();
		torn.mods.bytes[6] = 1;
		equal(torn.settle("POWERON"), 3);
		equal(torn.mod.current.version, "m1");
		equal(lastOf(torn.all("sw_state")), "UPDATED");
	});

	it("takes a confirmed mod away after three crashes, none of them long after the one before, and says so", () => {
		const rig = installed();
		ok(rig.boot("PANIC") && rig.boot("TASK_WDT"));
		for (const proof of ["connected", "acknowledged", "application"] as const) rig.software.prove(proof);
		clock.advance(299_999);
		equal(rig.boot("PANIC"), false);
		equal(rig.settle("SW", offer), 1);
		includes(String(lastOf(rig.all("sw_error"))), "OTA_REVERTED: m1: mod: expected no crashes, got 3");
		equal(rig.mod.current.version, "none");
	});

	it("forgives a confirmed mod its crashes after a life as long as a trial, also without a connection", () => {
		const rig = installed();
		rig.options = { timeout: 60_000 };
		for (let week = 0; week < 4; week++) {
			ok(rig.boot("PANIC"), `week ${week}`);
			clock.advance(60_000);
		}
		equal(rig.mod.current.version, "m1");
		ok(rig.boot("PANIC") && rig.boot("PANIC"));
		rig.software.close();
		clock.advance(60_000);
		equal(rig.boot("PANIC"), false, "what is closed forgives nothing");
	});

	it("counts the crashes of a mod that it has no record of", () => {
		const rig = installed();
		rig.store.values.clear();
		ok(rig.boot("PANIC") && rig.boot("PANIC"));
		equal(rig.mod.current.version, "unknown");
		equal(rig.boot("PANIC"), false);
		equal(rig.settle("SW"), 1);
		includes(String(lastOf(rig.all("sw_error"))), "OTA_REVERTED: unknown: mod: expected no crashes, got 3");
		equal(rig.mod.current.version, "none");
	});

	it("does not begin a trial that cannot be noted, and takes a mod away whose crash cannot", () => {
		const trying = copied();
		trying.store.power = () => {
			throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
		};
		equal(trying.boot("SW"), false);
		equal(trying.settle("SW"), 1);
		includes(String(lastOf(trying.all("sw_error"))), "OTA_REVERTED: m1");
		deepEqual([trying.mod.current.version, trying.all("sw_state")], ["none", ["FAILED"]]);

		for (const fails of ["power", "get"] as const) {
			const rig = installed();
			Object.assign(rig.store, {
				[fails]: () => {
					throw new Error("store");
				},
			});
			ok(rig.boot("SW"), "without a crash it runs");
			equal(rig.boot("PANIC"), false);
			ok(rig.boot("SW"));
			equal(rig.mod.current.version, "none");
		}
	});

	it("never copies under a mod that flash does not let go: boots again, and gives up at last", () => {
		for (const isStuck of [false, true]) {
			const rig = installed();
			rig.server.image = modOf(5_000, 5);
			equal(rig.live("SW", offerOf(rig.server.image, "m2")), "restart");
			rig.mods.failAt = rig.mods.operations + 1;
			if (isStuck) rig.mods.failures = 1_000;
			const { operations } = rig.mods;
			for (let boot = 1; boot <= (isStuck ? 5 : 1); boot++) equal(rig.boot("SW"), false, `boot ${boot}`);
			rig.settle("SW");
			const [version, state] = isStuck ? ["unknown", "FAILED"] : ["m2", "UPDATED"];
			deepEqual([rig.mod.current.version, lastOf(rig.all("sw_state"))], [version, state]);
			if (isStuck) ok(rig.mods.operations - operations <= 7, "nothing but attempts to clear it");
		}
	});

	it("gives a stage up at once when neither flash lets the mod go nor the store counts the boots", () => {
		const rig = installed();
		rig.server.image = modOf(5_000, 5);
		equal(rig.live("SW", offerOf(rig.server.image, "m2")), "restart");
		rig.mods.failAt = rig.mods.operations + 1;
		rig.mods.failures = 1_000;
		rig.store.power = () => {
			throw new Error("store");
		};
		ok(rig.boot("SW"));
		deepEqual(
			[rig.mod.staged, rig.mod.current.version, rig.mod.running.state],
			[undefined, "unknown", "VALID"],
		);
	});

	it("takes away what is to go also when the record says so and XS took it all the same", () => {
		const rig = installed();
		const record = JSON.parse(String(rig.store.values.get("mod")));
		rig.store.values.set("mod", JSON.stringify({ ...record, phase: "removed" }));
		equal(rig.boot("POWERON"), false);
		ok(rig.boot("SW"));
		equal(rig.mod.current.version, "none");
	});

	it("lives with a mod that flash does not let go", () => {
		const rig = installed();
		const record = JSON.parse(String(rig.store.values.get("mod")));
		rig.store.values.set("mod", JSON.stringify({ ...record, phase: "removed" }));
		rig.mods.failAt = rig.mods.operations + 1;
		ok(rig.boot("POWERON"));
		equal(rig.mod.current.version, "unknown");
		equal(rig.mod.running.state, "VALID");
	});

	it("knows a mod that came by USB, and one that a new image does not take", () => {
		const rig = new SoftwareRig(mod);
		rig.mods.bytes.set(mod);
		equal(rig.live(), "settled");
		equal(rig.mod.current.version, "unknown");
		const other = installed();
		other.mods.bytes[6] = 1;
		equal(other.settle("SW", offer), 3);
		equal(other.mod.current.version, "m1");
	});

	it("does without a store that fails, and with a torn record", () => {
		const rig = installed();
		rig.store.failAt = rig.store.count;
		ok(rig.boot());
		equal(rig.mod.current.version, "unknown");
		for (const entry of [
			"{",
			"{}",
			"null",
			'{"title":"a","version":"b","algorithm":"c","checksum":"d","phase":"staged"}',
		]) {
			rig.store.values.set("mod", entry);
			ok(rig.boot());
			equal(rig.mod.staged, undefined);
		}
	});

	it("keeps the firmware to go back to, if told so", () => {
		const rig = new SoftwareRig(mod);
		rig.modOptions = { rollback: "keep" };
		rig.slots.states[1] = "VALID";
		equal(rig.live("POWERON", offer), "settled");
		deepEqual(rig.all("sw_hold"), ["", "a firmware to go back to"]);
		equal(rig.slots.states[1], "VALID");
		rig.slots.states[1] = "INVALID";
		clock.advance(1_000);
		equal(rig.software.state, "DOWNLOADING");
	});

	it("waits until the image itself is confirmed", () => {
		const rig = new SoftwareRig(mod);
		rig.slots.states[0] = "PENDING_VERIFY";
		equal(rig.live("POWERON", offer), "settled");
		deepEqual(rig.all("sw_hold"), ["", "a firmware on trial"]);
		rig.slots.states[0] = "VALID";
		clock.advance(1_000);
		equal(rig.software.state, "DOWNLOADING");
	});

	it("waits for what else uses the slot, and tells for what", () => {
		const rig = new SoftwareRig(mod);
		let busy: string | undefined = "firmware";
		rig.options = { wait: () => busy };
		equal(rig.live("POWERON", offer), "settled");
		deepEqual(rig.all("sw_hold"), ["", "firmware"]);
		busy = undefined;
		clock.advance(1_000);
		deepEqual(rig.all("sw_hold"), ["", "firmware", ""]);
		busy = "firmware";
		rig.software.pause();
		rig.software.resume();
		deepEqual(rig.all("sw_hold").slice(3), ["paused by the application", ""], "what has begun goes on");
	});

	it("is busy from the download to the verdict", () => {
		const rig = new SoftwareRig(mod);
		rig.boot();
		equal(rig.software.busy, "software"); // the stage of the trial is not known yet
		clock.advance(0);
		equal(rig.software.busy, undefined);
		rig.software.connected();
		rig.software.offer(offer);
		equal(rig.software.busy, "software");
		rig.live("POWERON", offer);
		rig.boot("SW");
		equal(rig.software.busy, "software");
		rig.live("SW");
		rig.boot("SW");
		clock.advance(0);
		equal(rig.software.busy, "software");
		rig.live("SW");
	});

	it("has names of its own for what it takes and tells, and leaves those of firmware alone", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", { fw_title: "app", fw_version: "v9", ...offer, sw_size: -1 });
		deepEqual(rig.all("sw_error"), ["OTA_SIZE: sw_size: expected a positive integer, got -1"]);
		ok(
			!rig.told.some((values) =>
				Object.keys(values).some((name) => name.includes("fw_") || name.startsWith("ota")),
			),
		);
		rig.software.offer({ ota_pause: true });
		rig.software.withdraw(["fw_title"]);
		equal(rig.software.state, "FAILED");
		rig.software.withdraw(["sw_title"]);
		equal(rig.software.state, "IDLE");
	});

	it("tells titles and versions as they are, whatever they are called", () => {
		const rig = new SoftwareRig(mod);
		rig.modOptions = { title: "my_fw_app" };
		const named = { ...offer, sw_title: "my_fw_app", sw_version: "fw_2" };
		const heard: (string | undefined)[] = [];
		rig.options = { onState: (_, { error }) => void heard.push(error) };
		rig.settle("POWERON", named);
		equal(lastOf(rig.all("sw_state")), "UPDATED");
		deepEqual([...new Set(rig.all("current_sw_title"))], ["my_fw_app"]);
		deepEqual([...new Set(rig.all("current_sw_version"))], ["none", "fw_2"]);
		ok(heard.every((error) => error === undefined));

		const failing = new SoftwareRig(mod);
		failing.modOptions = { title: "my_fw_app" };
		failing.live("POWERON", named);
		failing.live("SW");
		failing.boot("SW");
		failing.boot("PANIC");
		failing.settle("SW");
		includes(String(lastOf(failing.all("sw_error"))), "OTA_REVERTED: fw_2: trial");
	});

	it("names the attributes of software to the application too", () => {
		const rig = new SoftwareRig(mod);
		rig.modOptions = { title: "my_fw_app" };
		const heard: (string | undefined)[] = [];
		rig.options = { onState: (_, { error }) => void heard.push(error) };
		rig.settle("POWERON", { ...offer, sw_title: "fw_app" });
		const text = 'OTA_TITLE: sw_title: expected "my_fw_app", got "fw_app"';
		deepEqual([rig.all("sw_error"), heard], [[text], [text]]);
	});

	it("passes on what an updater is told and asked", () => {
		const rig = new SoftwareRig(mod);
		rig.server.accepts = false;
		rig.live("POWERON", offer);
		rig.server.accepts = true;
		rig.software.writable();
		equal(rig.server.pending.length, 1);
		ok((rig.server.pending[0]?.request ?? 0) < 2 ** 30);
		rig.software.cancel();
		equal(rig.software.state, "FAILED");
		rig.software.retry();
		rig.software.sourceError("NOT_FOUND");
		includes(String(lastOf(rig.all("sw_error"))), "NOT_FOUND");
		rig.software.disconnected();
		rig.software.close();
		const copying = new SoftwareRig(mod);
		copying.live("POWERON", offer);
		copying.boot("SW");
		copying.software.fail("too early");
		copying.software.close();
		clock.advance(1_000);
		equal(copying.mods.operations, 0);
	});

	it("remembers what comes while it copies", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		rig.boot("SW");
		rig.software.connected();
		rig.software.fail("no sensor");
		rig.software.offer(offer);
		equal(lastOf(rig.all("sw_hold")), "a copy");
		rig.mods.failAt = 1;
		rig.mods.failures = 1000;
		clock.advance(1_000);
		includes(String(lastOf(rig.all("sw_error"))), "OTA_REVERTED");
	});

	it("survives an application that throws", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		rig.options = {
			onReady() {
				throw new Error("application");
			},
		};
		equal(rig.live("SW"), "settled");
		rig.options = {};
		equal(rig.settle("SW"), 1);
		equal(rig.mod.current.version, "m1");
	});

	describe("beside firmware, in the same slot", () => {
		const image = imageOf(190_000);

		/** The image's updater on the device of `rig`; what it tells goes to `told`. */
		function firmware(rig: SoftwareRig, told: JSONObject[], store = new FakeStore(), wait?: Turns) {
			const source = new FakeServer(image);
			const updater = new Updater({
				...{ slots: rig.slots, store, source, digest: Digest, random: () => 1 },
				current: { title: "app", version: "v1" },
				report(values, callback) {
					told.push(values);
					callback?.(null);
				},
				wait: wait?.firmware ?? (() => rig.software.busy),
			});
			updater.connected();
			return { updater, source };
		}

		it("one waits for the other", () => {
			const rig = new SoftwareRig(mod, 3);
			const told: JSONObject[] = [];
			rig.boot();
			clock.advance(0);
			const { updater } = firmware(rig, told);
			rig.software.connected();
			rig.software.offer(offer);
			updater.offer(packageOf(image));
			equal(updater.state, "IDLE");
			deepEqual(
				told.flatMap(({ ota_hold }) => (ota_hold === undefined ? [] : [ota_hold])),
				["", "software"],
			);
			rig.software.cancel();
			clock.advance(1_000);
			equal(updater.state, "DOWNLOADING");
			updater.close();
		});

		for (const state of ["NEW", "UNDEFINED", "PENDING_VERIFY", "VALID"] as const)
			it(`no mod is staged over the way back of an image on trial whose record says ${state}`, () => {
				const rig = new SoftwareRig(mod, 3);
				const store = new FakeStore();
				const version = state === "VALID" ? "v2" : "v1"; // VALID: the old image, which finds a switch that was lost
				rig.slots.states[0] = state;
				store.values.set(
					"trial",
					JSON.stringify({
						...{
							title: "app",
							version,
							size: 9,
							algorithm: "SHA256",
							checksum: "00",
							slot: "ota_1",
							trials: 1,
						},
					}),
				);
				let parties: Parties;
				const wait = turns(() => parties);
				rig.options = { wait: wait.software };
				rig.boot();
				const { updater } = firmware(rig, [], store, wait);
				const trial = new Trial({
					...{
						slots: rig.slots,
						store,
						digest: Digest,
						resetReason: "SW",
						report: () => {},
						onReady: () => {},
					},
					current: { title: "app", version: "v1" },
				});
				parties = { updater, trial, software: rig.software };
				equal(wait.software(), "firmware", "not decided yet");
				rig.software.connected();
				rig.software.offer(offer);
				equal(rig.software.state, "IDLE");
				clock.advance(0);
				if (state !== "VALID") {
					equal(trial.stage, "TRIAL");
					clock.advance(10_000);
					ok(!rig.slots.log.some((entry) => entry === "begin" || entry.startsWith("erase")));
					equal(rig.software.state, "IDLE");
					for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
				}
				equal(trial.stage, state === "VALID" ? "FAILED" : "UPDATED");
				clock.advance(2_000);
				deepEqual([wait.software(), rig.software.state], [undefined, "DOWNLOADING"]);
				equal(wait.firmware(), "software");
				for (const part of [updater, trial]) part.close();
			});

		it("a firmware that was half downloaded loses what the stage took, and is right in the end", () => {
			const rig = new SoftwareRig(mod, 3, 32);
			const store = new FakeStore();
			rig.boot();
			clock.advance(0);
			const first = firmware(rig, [], store);
			first.updater.offer(packageOf(image));
			while (first.updater.progress.written < 140_000)
				if (!first.source.answer(first.updater)) clock.advance(10);
			first.updater.close();
			rig.settle("POWERON", offer);
			equal(rig.mod.current.version, "m1");
			const second = firmware(rig, [], store);
			second.updater.offer(packageOf(image));
			for (let turn = 0; turn < 500 && second.updater.state !== "UPDATING"; turn++)
				if (!second.source.answer(second.updater)) clock.advance(10);
			equal(second.updater.state, "UPDATING");
			ok(
				second.source.delivered >= image.length,
				`${second.source.delivered} bytes: nothing kept was to be trusted`,
			);
			deepEqual(rig.slots.bytes.subarray(0, image.length), image);
			equal(rig.mod.current.version, "m1");
			second.updater.close();
		});
	});
});
