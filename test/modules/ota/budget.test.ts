// What bounds the tries of one package: over silence, stores that fail, restarts and crashes.
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

describe("The budget of a package", () => {
	it("four stalls of a long download that makes progress each time do not end it for ever", () => {
		const rig = new Rig(600_000, 1_048_576);
		const updater = rig.updater({ chunkSize: 4096 });
		let progress = 0;
		for (let stall = 0; stall < 5; stall++) {
			rig.server.pending.length = 0;
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			clock.advance(1);
			for (let turn = 0; turn < 20; turn++) rig.server.answer(updater);
			progress = Math.max(progress, updater.progress.written);
			rig.server.pending.length = 0;
			clock.advance(600_000); // silent, still connected
			updater.disconnected();
		}
		rig.server.pending.length = 0;
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(1);
		rig.serve(updater);
		equal(updater.state, "UPDATING", `stopped at ${progress} of 600000`);
	});

	it("a server that is silent for 10 minutes and stays connected is asked again some day", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(600_000);
		rig.server.pending.length = 0;
		const { length } = rig.server.asked;
		for (let day = 0; day < 7; day++) clock.advance(24 * 3_600_000);
		ok(rig.server.asked.length > length, `${updater.state}, no request in a week of connection`);
	});

	it("a store that cannot be written is noticed before the image is downloaded", () => {
		const rig = new Rig(180_000);
		let bytes = 0;
		for (let boot = 0; boot < 5; boot++) {
			rig.store.set = () => {
				throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
			};
			const updater = rig.updater();
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			rig.serve(updater);
			bytes = rig.server.delivered;
			updater.close();
			rig.server.pending.length = 0;
		}
		ok(bytes < 180_000, `${bytes} bytes in 5 boots, ${rig.errors.at(-1)}`);
	});

	it("the count of spoiled downloads survives starting over and a restart", () => {
		const rig = new Rig(180_000);
		const wrong = { ...packageOf(rig.server.image), fw_checksum: "0".repeat(64) };
		const key = JSON.stringify(["app", "v2", "0".repeat(64)]);
		rig.store.values.set(
			"kept",
			JSON.stringify({ key, position: 65_536, proof: "torn", spoiled: 1, boots: 0, tally: {} }),
		);
		const updater = rig.updater();
		updater.connected();
		updater.offer(wrong);
		clock.advance(10); // flash does not hold it: starts over
		updater.close(); // power
		const kept = JSON.parse(String(rig.store.values.get("kept") ?? "{}"));
		equal(kept.spoiled, 1);
	});

	it("a package that crashes the device while it is downloaded is not begun for ever", () => {
		const rig = new Rig(20_000);
		let begun = 0;
		for (let boot = 0; boot < 50; boot++) {
			clock.reset();
			rig.server.pending.length = 0;
			const updater = rig.updater();
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			if (updater.state === "DOWNLOADING") begun++;
			rig.first(updater);
		}
		deepEqual([begun, rig.fwStates.at(-1)], [10, "FAILED"]);
		equal(
			rig.errors[0],
			"OTA_INTERRUPTED: download: expected 64 KiB behind byte 0 within 10 boots, got less",
		);
	});

	it("two ota_retry that differ behind the 59th character are two", () => {
		const rig = new Rig();
		const updater = rig.updater();
		const long = "x".repeat(80);
		const states: string[] = [];
		for (const ota_retry of [`${long}1`, `${long}2`]) {
			updater.offer({ ...packageOf(rig.server.image), fw_size: 0, ota_retry });
			states.push(String(rig.errors.length));
		}
		deepEqual(states, ["1", "2"]);
	});

	it("counts boots that bring bytes behind what is kept, once each, and none once a block is there", () => {
		const rig = new Rig(180_000);
		const boots = () => JSON.parse(String(rig.store.values.get("kept"))).boots;
		const boot = (chunks: number) => {
			clock.reset();
			rig.server.pending.length = 0;
			const updater = rig.updater({ chunkSize: 4096 });
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			clock.advance(0);
			for (let chunk = 0; chunk < chunks; chunk++) rig.server.answer(updater);
			return updater;
		};
		boot(0);
		equal(rig.store.values.has("kept"), false);
		boot(1);
		equal(boots(), 1);
		const updater = boot(2);
		equal(boots(), 2);
		for (let again = 0; again < 3; again++) {
			updater.cancel();
			updater.retry();
			rig.server.pending.length = 0;
			updater.offer({ ota_pause: true });
			updater.offer({ ota_pause: false });
			rig.server.answer(updater);
			equal(boots(), 0, `a retry gives the boots back (${again})`);
		}
		updater.close();
		boot(18);
		deepEqual([boots(), JSON.parse(String(rig.store.values.get("kept"))).position], [0, 65_536]);
		boot(0);
		equal(boots(), 0, "nothing came");
		boot(1);
		equal(boots(), 1, "bytes came behind what is kept");
	});

	it("refuses names that would not fit into the store, and takes those of several words", () => {
		for (const field of ["fw_version", "fw_title"]) {
			const rig = new Rig(5_000);
			const updater = rig.updater();
			updater.offer({ ...packageOf(rig.server.image), [field]: "v\u0001" });
			equal(rig.errors[0], `OTA_FIELD: ${field}: expected a string of one line, got "v\\u0001"`);
			updater.offer(packageOf(rig.server.image, "version 2"));
			equal(updater.state, "DOWNLOADING");
		}
	});
});
