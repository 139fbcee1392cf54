// After a restart the download goes on where the store says, once flash has proved it.
import { readKept } from "ota/kept";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { Block, cutOff, firstByte, goOn } from "./cut-off.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const same = (rig: Rig): boolean => rig.server.image.every((byte, index) => byte === rig.stored[index]);

describe("A download, after a restart", () => {
	it("goes on at the last whole 64 KiB, without the header, and erases nothing of what it kept", () => {
		const rig = cutOff();
		const updater = goOn(rig);
		equal(updater.progress.written, 2 * Block);
		equal(firstByte(rig), 2 * Block);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(same(rig));
		const erased = rig.slots.log.filter((entry) => entry.startsWith("erase"));
		deepEqual(erased, [`erase ${2 * Block} ${Block}`]);
		equal(rig.store.values.has("kept"), false);
	});

	it("asks for nothing when all bytes were there", () => {
		const rig = new Rig(Block + 500);
		rig.outcome = undefined; // no acknowledgement: DOWNLOADED lasts
		const before = rig.updater();
		before.connected();
		before.offer(packageOf(rig.server.image));
		while (rig.server.answer(before));
		equal(before.state, "DOWNLOADED");
		before.close();
		rig.outcome = null;
		rig.server.asked.length = 0;
		const updater = goOn(rig);
		clock.advance(100);
		deepEqual([updater.state, rig.server.asked.length, rig.ready], ["UPDATING", 0, 1]);
	});

	it("starts over when flash does not hold what the store says", () => {
		const rig = cutOff();
		rig.slots.bytes[Block + 77] = 0;
		const updater = goOn(rig);
		equal(updater.progress.written, 0);
		equal(rig.server.asked[0]?.size, 512);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(same(rig));
	});

	it("proves the last piece of the image as well, which is no whole 64 KiB", () => {
		const rig = new Rig(Block + 500);
		rig.outcome = undefined; // DOWNLOADED lasts
		const before = rig.updater();
		before.connected();
		before.offer(packageOf(rig.server.image));
		while (rig.server.answer(before));
		before.close();
		rig.outcome = null;
		rig.slots.bytes[Block + 77] = 0;
		const updater = goOn(rig);
		equal(updater.progress.written, 0);
		rig.serve(updater);
		deepEqual([updater.state, rig.errors], ["UPDATING", []]);
		ok(same(rig));
	});

	it("has its fresh downloads back after retry(), and keeps its bytes", () => {
		const rig = cutOff();
		const kept = () => JSON.parse(String(rig.store.values.get("kept"))) as Record<string, unknown>;
		const before = kept();
		rig.store.values.set("kept", JSON.stringify({ ...before, spoiled: 1 }));
		rig.updater().retry();
		deepEqual(kept(), { ...before, spoiled: 0 });
		rig.store.values.delete("kept");
		rig.updater().retry();
		ok(!rig.store.values.has("kept"), "nothing is kept of nothing");
	});

	it("starts over when flash cannot be read", () => {
		const rig = cutOff();
		rig.slots.failAt = rig.slots.count + 3;
		const updater = goOn(rig);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(same(rig));
	});

	it("fails when it cannot start over", () => {
		const rig = cutOff();
		rig.slots.bytes[77] = 0;
		let made = 0;
		const inspect = () => {
			if (made++) throw new Error("no memory");
			return { write: () => {}, close: () => undefined };
		};
		const updater = rig.updater({ inspect });
		updater.offer(packageOf(rig.server.image));
		clock.advance(0);
		equal(rig.errors[0], "OTA_FLASH: inspect: no memory");
	});

	it("drops what was kept when the package has changed", () => {
		const rig = cutOff();
		rig.server.image = imageOf(3 * Block - 1000, 3);
		const updater = goOn(rig, "v3");
		equal(updater.progress.written, 0);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(same(rig));
	});

	it("keeps it when the package was taken back and comes again, and over an outage", () => {
		const rig = cutOff();
		const updater = goOn(rig);
		updater.withdraw(["fw_title"]);
		updater.offer(packageOf(rig.server.image));
		clock.advance(0);
		equal(updater.progress.written, 2 * Block);
		clock.advance(600_000);
		equal(updater.state, "FAILED");
		updater.disconnected();
		rig.server.pending.length = 0;
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(0);
		equal(updater.progress.written, 2 * Block);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("stops proving when it is stopped", () => {
		const rig = cutOff();
		const updater = rig.updater();
		updater.offer(packageOf(rig.server.image));
		updater.close();
		equal(clock.armed, 0);
	});

	it("adds up what it has cost", () => {
		const rig = cutOff();
		const updater = goOn(rig);
		rig.serve(updater);
		const { tally } = JSON.parse(String(rig.store.values.get("trial")));
		deepEqual([tally.resumes, tally.again], [1, 0]);
		const again = tally.bytes - rig.server.image.length - 512;
		ok(again >= 0 && again < Block, `${again} bytes again`);
	});

	it("counts spoiled downloads over restarts: two in all", () => {
		const rig = new Rig(5_000);
		const wrong = { ...packageOf(rig.server.image), fw_checksum: "0".repeat(64) };
		let downloads = 0;
		for (let boot = 0; boot < 4; boot++) {
			const updater = rig.updater();
			updater.connected();
			updater.offer(wrong);
			for (let turn = 0; turn < 50 && rig.states.at(-1) !== "DOWNLOADED"; turn++) rig.server.answer(updater);
			if (updater.state === "DOWNLOADED") downloads++;
			clock.advance(3); // the digest is compared; the power fails soon after
			updater.close();
			rig.server.pending.length = 0;
			rig.states.length = 0;
		}
		deepEqual([downloads, rig.store.values.has("quarantine")], [2, true]);
	});

	it("takes entries that are none, and a store that fails, for nothing kept", () => {
		const rig = new Rig();
		const firmware = { title: "a", version: "b", size: 10, algorithm: "MD5", checksum: "c" };
		const key = '["a","b","c"]';
		const tally = {};
		const good = { key, position: 10, proof: "", spoiled: 0, boots: 0, tally };
		for (const entry of [
			{ ...good, key: "x" },
			{ ...good, position: 11 },
			{ ...good, position: -1 },
			{ ...good, position: "1" },
			{ ...good, proof: 1 },
			{ ...good, spoiled: "1" },
			{ ...good, boots: null },
			{ ...good, tally: null },
			{ ...good, tally: 1 },
			null,
		]) {
			rig.store.values.set("kept", JSON.stringify(entry));
			equal(readKept(rig.store, firmware), undefined, JSON.stringify(entry));
		}
		rig.store.values.set("kept", "{");
		equal(readKept(rig.store, firmware), undefined);
		rig.store.values.set("kept", JSON.stringify(good));
		equal(readKept(rig.store, firmware)?.position, 10);
		rig.store.failAt = rig.store.count;
		equal(readKept(rig.store, firmware), undefined);
	});
});
