// What was decided about a package, and what it has left: budgets, quarantine, another chance.
import { Assignment } from "ota/assignment";
import type { Firmware } from "ota/firmware";
import { noTally } from "ota/tally";
import { equal, ok } from "../../assert.ts";
import { FakeSlots } from "../../fakes/slots.ts";
import { FakeStore } from "../../fakes/store.ts";
import { imageOf, packageOf } from "./rig.ts";

const image = imageOf(100);

function begin() {
	const store = new FakeStore();
	const assignment = new Assignment({
		current: { title: "app", version: "v1" },
		slots: new FakeSlots(),
		store,
	});
	const offer = (version = "v2"): Firmware => {
		assignment.merge(packageOf(image, version));
		const news = assignment.next();
		if (news?.kind !== "wanted") throw new Error(`expected a wanted package, got ${news?.kind}`);
		return news.firmware;
	};
	return { store, assignment, offer };
}

describe("Assignment", () => {
	it("tells a decision once, and nothing about half an offer", () => {
		const { assignment, offer } = begin();
		equal(assignment.next(), undefined);
		assignment.merge({ fw_title: "app", fw_version: "v2" });
		equal(assignment.next(), undefined);
		offer();
		equal(assignment.next(), undefined);
	});

	it("tells it again after retry(), and after reopen() three times a package", () => {
		const { assignment, offer } = begin();
		offer();
		for (let time = 0; time < 4; time++) {
			assignment.reopen();
			equal(assignment.next()?.kind, time < 3 ? "wanted" : undefined, `${time}`);
		}
		assignment.retry();
		for (let time = 0; time < 5; time++) {
			equal(assignment.next()?.kind, time < 4 ? "wanted" : undefined, `after retry() ${time}`);
			assignment.reopen();
		}
	});

	it("grants one fresh download a package, again after retry(), release() and another package", () => {
		const { assignment, offer } = begin();
		let firmware = offer();
		const lifts = [
			() => assignment.retry(),
			() => assignment.release(),
			() => {
				firmware = offer("v3");
			},
		];
		for (const lift of lifts) {
			equal(assignment.takeFresh(firmware, noTally()), true);
			equal(assignment.takeFresh(firmware, noTally()), false);
			lift();
		}
		equal(assignment.takeFresh(firmware, noTally()), true);
	});

	it("compares 600 characters of an ota_retry, for the store takes no more", () => {
		const { assignment } = begin();
		const text = "x".repeat(598);
		equal(assignment.merge({ ota_retry: `${text}1` }), true);
		equal(assignment.merge({ ota_retry: `${text}2` }), false);
		equal(assignment.merge({ ota_retry: `${text.slice(1)}2` }), true);
	});

	it("knows whether a download begins for the first time in this boot, and begins a fresh one with no boots spent", () => {
		const { store, assignment, offer } = begin();
		const firmware = offer();
		equal(assignment.begins(firmware), true);
		equal(assignment.begins(firmware), false);
		equal(assignment.begins({ ...firmware, version: "v3" }), true);
		assignment.takeFresh(firmware, noTally());
		equal(JSON.parse(String(store.values.get("kept"))).boots, 0);
	});

	it("gives a package up for good, with what was kept of it", () => {
		const { store, assignment, offer } = begin();
		const firmware = offer();
		assignment.takeFresh(firmware, noTally());
		ok(store.values.has("kept"));
		assignment.quarantine(firmware, "OTA_CHECKSUM: x");
		ok(!store.values.has("kept"));
		equal(assignment.objection(firmware), "OTA_CHECKSUM: x");
	});

	it("lifts a quarantine by retry(), release() and another package, not by one that is refused", () => {
		for (const lift of ["retry", "release", "another", "refused"] as const) {
			const { assignment, offer } = begin();
			const firmware = offer();
			assignment.quarantine(firmware, "OTA_CHECKSUM: x");
			if (lift === "another") offer("v3");
			else if (lift === "refused") {
				assignment.merge({ ...packageOf(image, "v3"), fw_size: -1 });
				equal(assignment.next()?.kind, "refused");
			} else assignment[lift]();
			equal(assignment.objection(firmware), lift === "refused" ? "OTA_CHECKSUM: x" : undefined, lift);
		}
	});
});
