// Small steps in the course of an update: what is told when, what waits, what is left behind.
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const Block = 65_536;

describe("The course of an update", () => {
	it("is told at every state, and each 64 KiB of every package", () => {
		const rig = new Rig(3 * Block - 4096, 4 * Block);
		const seen: string[] = [];
		const updater = rig.updater({
			chunkSize: 4096,
			onState: (state, { written }) => seen.push(`${state} ${written}`),
		});
		updater.connected();
		const expected = ["DOWNLOADING 0", `DOWNLOADING ${Block}`, `DOWNLOADING ${2 * Block}`];
		for (const version of ["v2", "v3"]) {
			updater.offer(packageOf(rig.server.image, version));
			while (updater.progress.written < 2 * Block + 8192) if (!rig.server.answer(updater)) clock.advance(5);
			deepEqual(seen.splice(0), expected);
			rig.server.pending.length = 0;
		}
	});

	it("goes on at once when the rule that held it up is gone", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), ota_pause: true });
		equal(updater.state, "IDLE");
		updater.offer({ ota_pause: false });
		equal(updater.state, "DOWNLOADING");
	});

	it("tells nothing of rules after close", () => {
		for (const at of ["begin", "download"]) {
			const rig = new Rig(20_000);
			const holds: (string | undefined)[] = [];
			const updater = rig.updater({ onHold: (reason) => holds.push(reason) });
			updater.connected();
			updater.offer({ ...packageOf(rig.server.image), ota_pause: at === "begin" });
			if (at === "download") rig.first(updater);
			updater.close();
			const { length } = rig.reports;
			const told = holds.length;
			updater.pause();
			updater.resume();
			deepEqual([rig.reports.length, holds.length, clock.armed], [length, told, 0], at);
		}
	});

	it("forgets a package that waits when the running version is assigned", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), ota_pause: true });
		updater.offer({ fw_title: "app", fw_version: "v1" });
		updater.offer({ ota_pause: false });
		clock.advance(10_000);
		deepEqual([updater.state, rig.server.asked.length, clock.armed], ["IDLE", 0, 0]);
	});

	it("repeats FAILED no more once the package is taken back", () => {
		const rig = new Rig();
		rig.outcome = new Error("dropped");
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), fw_size: 0 });
		updater.withdraw(["fw_title"]);
		clock.advance(120_000);
		deepEqual([updater.state, rig.fwStates], ["IDLE", ["FAILED"]]);
	});

	it("counts the bytes of a damaged download in the report of the next one", () => {
		const rig = new Rig(5_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), fw_checksum: "0".repeat(64) });
		for (let turn = 0; turn < 3; turn++) rig.serve(updater);
		const told = rig.reports.find(({ fw_state }) => fw_state === "FAILED") ?? {};
		equal(Object(told.ota_report).bytes, 2 * (512 + 5_000));
	});

	it("switches the slot only while connected, with the next connection", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		while (rig.server.answer(updater));
		updater.disconnected();
		clock.advance(600_000);
		deepEqual([updater.state, rig.slots.boot], ["VERIFIED", 0]);
		updater.connected();
		clock.advance(1_010);
		deepEqual([updater.state, rig.slots.boot, rig.ready], ["UPDATING", 1, 1]);
	});

	it("spends one reconnect for each failure, whatever the connection does afterwards", () => {
		const rig = new Rig();
		const updater = rig.updater();
		for (let download = 0; download < 5; download++) {
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			equal(updater.state, download < 4 ? "DOWNLOADING" : "FAILED", `${download}`);
			clock.advance(300_000);
			for (let loss = 0; loss < 4; loss++) {
				updater.disconnected();
				updater.connected();
			}
			updater.disconnected();
		}
	});

	it("asks a server that has fallen silent again on the same connection, 15 minutes later", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(135_000); // 5 + 10 + 20 + 40 + 60 s
		deepEqual([updater.state, clock.armed], ["FAILED", 1]);
		clock.advance(899_999);
		equal(updater.state, "FAILED");
		clock.advance(1);
		equal(updater.state, "DOWNLOADING");
		rig.server.pending.length = 1;
		rig.server.pending[0] = rig.server.asked.at(-1) as (typeof rig.server.pending)[0];
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("does not begin again what goes on when the connection is lost and the package offered again", () => {
		const rig = new Rig(40_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(300_000);
		updater.disconnected();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.pending.length = 1;
		rig.server.pending[0] = rig.server.asked.at(-1) as (typeof rig.server.pending)[0];
		rig.first(updater);
		const { written } = updater.progress;
		ok(written > 0);
		updater.disconnected();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		equal(updater.progress.written, written);
	});

	it("waits its jitter anew for each package, to the millisecond", () => {
		const rig = new Rig();
		const updater = rig.updater({ random: () => Math.floor(0.50025 * 2 ** 32) }); // 1000.5 ms of 2 s
		for (const version of ["v2", "v3"]) {
			updater.offer({ ...packageOf(imageOf(500), version), ota_jitter: 2 });
			clock.advance(1_000);
			equal(updater.progress.size && updater.hold, "ota_jitter: begins within 2 s", version);
			clock.advance(1_000);
			equal(updater.hold, undefined);
		}
	});
});
