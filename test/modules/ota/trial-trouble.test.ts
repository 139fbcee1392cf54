// Trials that meet trouble of their own: stores and slots that fail, verdicts that come late, servers that are away.
import type { StoreValue } from "host/contract";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const proofs = ["connected", "acknowledged", "application"] as const;

function onTrial(size = 10_000): Rig {
	const rig = new Rig(size);
	rig.update();
	rig.slots.restart();
	rig.current = { title: "app", version: "v2" };
	rig.reports.length = 0;
	rig.server.asked.length = 0;
	return rig;
}

describe("A trial in trouble", () => {
	it("a new image that cannot read its store is given up within its time", () => {
		const rig = onTrial();
		rig.store.get = (): StoreValue => {
			throw new Error("ESP_ERR_NVS_NO_FREE_PAGES");
		};
		const trial = rig.trial();
		for (let hour = 0; hour < 24; hour++) clock.advance(3_600_000);
		ok(
			rig.slots.running.state !== "PENDING_VERIFY" || rig.events.includes("revert"),
			`after 24 h: ${trial.stage}, ${rig.slots.running.state}`,
		);
	});

	it("a revert that failed once does not leave the bad image running for ever", () => {
		const rig = onTrial();
		const trial = rig.trial();
		clock.advance(0);
		rig.slots.failAt = rig.slots.count; // one flash operation
		const { ready } = rig;
		trial.fail("no sensor");
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(imageOf(9_000, 3), "v3"));
		clock.advance(24 * 3_600_000);
		const left = rig.slots.boot === 0 || rig.ready > ready;
		ok(
			left,
			`after 24 h: trial ${trial.stage}, slot ${rig.slots.running.state}, told ${rig.fwStates}, v3: ${updater.state}, held: ${updater.hold}`,
		);
	});

	it("an unguarded image that cannot go back can still be updated, or confirmed", () => {
		const rig = onTrial();
		rig.slots.states[1] = "NEW"; // boot loader without rollback
		rig.slots.revert = () => {
			throw Object.assign(new Error("x"), { codeName: "ESP_ERR_OTA_ROLLBACK_FAILED" });
		};
		for (let boot = 0; boot < 7; boot++) {
			clock.reset();
			rig.outcome = boot < 3 ? undefined : null; // the server is away for three boots, then it is back
			const trial = rig.trial();
			if (boot < 3) {
				clock.advance(301_000);
				continue;
			}
			clock.advance(0);
			rig.outcome = undefined; // what FAILED waits for
			for (const proof of proofs) trial.prove(proof);
			const updater = rig.updater();
			updater.connected();
			updater.offer({ ...packageOf(imageOf(9_000, 3), "v3"), ota_retry: boot });
			clock.advance(20_000);
			ok(
				trial.stage === "UPDATED" || updater.state === "DOWNLOADING",
				`boot ${boot}: trial ${trial.stage}, updater ${updater.state}, hold ${updater.hold}`,
			);
		}
	});

	it("a package that is given up while it waits for the verdict is not downloaded again", () => {
		const rig = onTrial(150_000);
		rig.slots.restart(); // power
		rig.current = { title: "app", version: "v1" };
		rig.slots.bytes[140_000] = 0;
		const updater = rig.updater();
		const trial = rig.trial({
			resetReason: "POWERON",
			onStage: (stage) => {
				if (stage !== "CHECKING") return;
				updater.connected();
				updater.offer(packageOf(rig.server.image));
			},
		});
		clock.advance(0);
		equal(trial.stage, "FAILED");
		deepEqual(
			[rig.store.values.has("quarantine"), updater.state, rig.server.asked.length],
			[true, "IDLE", 0],
		);
		clock.advance(5_000);
		deepEqual(
			[rig.store.values.has("quarantine"), updater.state, rig.server.asked.length],
			[true, "FAILED", 0],
		);
	});

	it("a package whose trial crashed is not activated again, also when the store was busy at boot", () => {
		const rig = onTrial();
		let activations = 1;
		for (let boot = 0; boot < 4; boot++) {
			rig.slots.restart(); // the new image has crashed: ABORTED
			rig.current = { title: "app", version: "v1" };
			clock.reset();
			const { get } = rig.store;
			rig.store.get = () => {
				throw new Error("busy");
			};
			const trial = rig.trial({ resetReason: "PANIC" });
			clock.advance(0);
			equal(trial.stage, "STARTED");
			rig.store.get = get;
			const updater = rig.updater();
			updater.connected();
			rig.server.pending.length = 0;
			updater.offer(packageOf(rig.server.image));
			clock.advance(7_000);
			rig.serve(updater);
			clock.advance(100);
			if (updater.state !== "UPDATING") break;
			activations++;
			updater.close();
			trial.close();
			rig.slots.restart();
		}
		equal(activations, 1, `activations ${activations} of a package whose first trial crashed`);
	});

	it("proofs told inside onStage(TRIAL): a confirmed image is not reverted", () => {
		const rig = onTrial();
		let fails = 1;
		const get = rig.store.get.bind(rig.store);
		rig.store.get = (name) => {
			if (fails-- > 0) throw new Error("busy"); // start is repeated after 5 s
			return get(name);
		};
		const trial = rig.trial({
			onStage: (stage) => {
				rig.events.push(stage);
				if (stage === "TRIAL") trial.prove("application");
			},
		});
		clock.advance(0);
		trial.prove("connected");
		trial.prove("acknowledged");
		clock.advance(5_000);
		equal(rig.slots.running.state, "VALID");
		clock.advance(400_000);
		deepEqual(
			[rig.slots.running.state, rig.slots.boot, trial.stage],
			["VALID", 1, "UPDATED"],
			rig.events.join(" "),
		);
	});

	it("a server that dies with the last chunk, for 40 minutes, does not give a good package up", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		rig.outcome = undefined; // nothing is acknowledged any more
		while (rig.server.answer(updater));
		updater.disconnected();
		let minutes = 0;
		const pass = (m: number) => {
			clock.advance(m * 60_000);
			minutes += m;
		};
		pass(1);
		const switched = updater.state;
		updater.close();
		for (let turn = 0; turn < 4; turn++) {
			clock.reset();
			rig.slots.restart(); // the new one
			if (rig.slots.active !== 1) break;
			rig.current = { title: "app", version: "v2" };
			rig.trial();
			pass(5);
			clock.reset();
			rig.slots.restart(); // the old one
			rig.current = { title: "app", version: "v1" };
			rig.trial();
			pass(5);
		}
		clock.reset();
		rig.outcome = null; // the server is back
		const trial = rig.trial();
		clock.advance(0);
		trial.prove("connected");
		const later = rig.updater();
		later.connected();
		later.offer(packageOf(rig.server.image));
		clock.advance(2_000);
		ok(
			later.state !== "FAILED",
			`switched without a connection: ${switched}; after ${minutes} min: ${rig.errors.at(-1)}`,
		);
	});

	it("un-assigning lifts the quarantine for good, also when FAILED was never acknowledged", () => {
		const rig = onTrial();
		rig.slots.restart();
		rig.current = { title: "app", version: "v1" };
		rig.outcome = new Error("dropped");
		rig.trial({ resetReason: "PANIC" });
		clock.advance(0);
		const updater = rig.updater();
		updater.connected();
		updater.withdraw(["fw_title"]);
		equal(rig.store.values.has("quarantine"), false);
		clock.reset();
		rig.trial({ resetReason: "POWERON" });
		clock.advance(0);
		const later = rig.updater();
		later.connected();
		later.offer(packageOf(rig.server.image));
		equal(later.state, "DOWNLOADING");
	});
});
