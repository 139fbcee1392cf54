import { keyOf } from "ota/firmware";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, index) => byte === b[index]);

describe("Updater", () => {
	for (const size of [24, 4095, 4096, 4097, 8192, 70_000])
		it(`brings an image of ${size} bytes into the slot and says so`, () => {
			const rig = new Rig(size);
			rig.update();
			deepEqual(rig.fwStates, ["DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING"]);
			ok(same(rig.server.image, rig.stored));
			deepEqual([rig.ready, rig.server.pastEnd, rig.slots.boot], [1, 0, 1]);
			const [head, ...rest] = rig.server.asked;
			deepEqual([head?.index, head?.size], [0, 512]);
			equal(
				rest.reduce((sum, asked) => sum + Math.min(asked.size, size - asked.index * asked.size), 0),
				size,
			);
		});

	it("tells what runs at every connect, and at the first one what it waits for", () => {
		const runs = { current_fw_title: "app", current_fw_version: "v1" };
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.disconnected();
		updater.connected();
		deepEqual(rig.reports, [{ ...runs, ota_hold: "" }, runs]);
		const held = new Rig();
		const waiting = held.updater();
		waiting.offer({ ...packageOf(held.server.image), ota_pause: true });
		held.reports.length = 0;
		waiting.connected();
		deepEqual(held.reports, [{ ...runs, ota_hold: "paused by ota_pause" }]);
	});

	it("clears the error of another package when it begins with one", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), fw_size: 0 });
		updater.offer(packageOf(rig.server.image));
		deepEqual(
			rig.reports.filter(({ fw_error }) => fw_error !== undefined).map(({ fw_error }) => fw_error),
			["OTA_SIZE: fw_size: expected a positive integer, got 0", ""],
		);
	});

	const offer = packageOf(imageOf(100));

	it("does nothing about the version that runs, and about half an announcement", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.offer({ ...offer, fw_version: "v1" });
		updater.offer({ fw_title: "app", fw_version: "v3" });
		updater.offer({ telemetryInterval: 3 });
		equal(updater.state, "IDLE");
	});

	it("continues at the next byte under a new request id after a reconnect", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		updater.disconnected();
		rig.server.pending.length = 0;
		clock.advance(3_600_000);
		equal(updater.state, "DOWNLOADING");
		updater.connected();
		const [first, last] = [rig.server.asked[0], rig.server.asked.at(-1)];
		ok(first && last && first.request !== last.request);
		equal(last.index, 1);
		rig.serve(updater);
		ok(same(rig.server.image, rig.stored));
		equal(updater.state, "UPDATING");
	});

	it("takes a new request id when the server's cache has expired", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		const request = rig.server.pending.shift();
		ok(request);
		rig.server.deliver(updater, request, new Uint8Array(0));
		ok(rig.server.asked.at(-1)?.request !== request.request);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("ends after 5 tries in silence, and begins again with the next connection's offer", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(5 * 60_000);
		equal(rig.errors[0], "OTA_TIMEOUT: byte 0: expected it within 60000 ms, got nothing, 5 times");
		equal(rig.server.asked.length, 5);
		updater.offer(packageOf(rig.server.image));
		equal(updater.state, "FAILED");
		updater.disconnected();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.pending.splice(0, 5);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("downloads once more after a wrong checksum, then gives the package up until it is told to retry", () => {
		const rig = new Rig();
		const updater = rig.updater();
		const wrong = { ...packageOf(rig.server.image), fw_checksum: "0".repeat(64) };
		updater.connected();
		updater.offer(wrong);
		rig.serve(updater);
		rig.serve(updater);
		equal(updater.state, "FAILED");
		includes(rig.errors[0] as string, "OTA_CHECKSUM: image: expected 0000");
		equal(rig.server.asked.length, 8);
		const later = rig.updater();
		later.connected();
		later.offer(wrong);
		equal(later.state, "FAILED");
		equal(rig.server.asked.length, 8);
		later.offer({ ota_retry: false });
		equal(later.state, "FAILED");
		later.offer({ ota_retry: 1 });
		equal(later.state, "DOWNLOADING");
		rig.serve(later);
		rig.serve(later);
		later.offer({ ota_retry: 1 });
		equal(later.state, "FAILED");
		later.retry();
		equal(later.state, "DOWNLOADING");
	});

	it("reports FAILED until it is acknowledged", () => {
		const rig = new Rig();
		rig.outcome = new Error("dropped");
		rig.updater().offer({ ...offer, fw_size: 0 });
		clock.advance(30_000);
		rig.outcome = null;
		clock.advance(300_000);
		deepEqual(rig.fwStates, ["FAILED", "FAILED", "FAILED"]);
	});

	it("stops when the package is taken back", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.first(updater);
		updater.withdraw(["fw_tag", "fw_url"]);
		equal(updater.state, "DOWNLOADING");
		updater.withdraw(["fw_title", "fw_version"]);
		equal(rig.errors[0], "OTA_WITHDRAWN: package taken back at 4096 of 20000 bytes");
		updater.withdraw(["fw_title"]);
		equal(updater.state, "IDLE");
		equal(clock.armed, 0);
	});

	it("starts over when another package is offered", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		rig.server.image = imageOf(30_000, 3);
		updater.offer(packageOf(rig.server.image, "v3"));
		rig.serve(updater);
		ok(same(rig.server.image, rig.stored));
		includes(String(rig.store.values.get("trial")), '"v3"');
	});

	it("ends with the server's own words", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.sourceError("LATE");
		updater.offer(packageOf(rig.server.image));
		updater.sourceError("NOT_FOUND");
		deepEqual(rig.errors, ["OTA_SOURCE: server: expected a chunk, got error NOT_FOUND"]);
	});

	it("waits until the running image is confirmed", () => {
		const rig = new Rig();
		rig.slots.states[0] = "PENDING_VERIFY";
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(10_000);
		deepEqual([updater.state, rig.server.asked.length], ["IDLE", 0]);
		rig.slots.states[0] = "VALID";
		clock.advance(1_000);
		equal(updater.state, "DOWNLOADING");
	});

	it("refuses a chunk size that the server refuses", () => {
		throws(() => new Rig().updater({ chunkSize: 65_537 }), "expected an integer 1…65536");
	});

	it("is silent after close", () => {
		const rig = new Rig();
		const updater = rig.update();
		const { length } = rig.reports;
		updater.close();
		updater.connected();
		updater.offer(packageOf(rig.server.image, "v9"));
		updater.withdraw(["fw_title"]);
		clock.advance(60_000);
		deepEqual([rig.reports.length, clock.armed], [length, 0]);
	});

	for (const kind of ["slots", "store", "server"] as const)
		it(`ends well when any one operation of the ${kind} fails`, () => {
			for (let at = 0, done = false; !done; at++) {
				const rig = new Rig(9_000);
				rig[kind].failAt = at;
				const updater = rig.updater();
				updater.connected();
				updater.offer(packageOf(rig.server.image));
				clock.advance(1_000); // what cannot be read holds an update up for a second
				for (let turn = 0; turn < 3; turn++) rig.serve(updater);
				ok(["UPDATING", "FAILED"].includes(updater.state), `${kind} ${at}: ${updater.state}`);
				if (updater.state === "UPDATING") ok(same(rig.server.image, rig.stored));
				else deepEqual([rig.slots.boot, rig.errors.length > 0], [0, true]);
				done = at > 40;
			}
		});

	for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, Math.floor(Math.random() * 1e6)])
		it(`survives any delivery (seed ${seed})`, () => {
			let state = seed;
			const random = (below: number): number => {
				state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
				return (state >>> 8) % below;
			};
			const rig = new Rig(1 + random(30_000));
			const updater = rig.updater({ chunkSize: 512 + random(5_000) });
			rig.server.fragment = 1 + random(3_000);
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			for (let turn = 0; turn < 2_000 && updater.state === "DOWNLOADING"; turn++) {
				const { pending } = rig.server;
				const place = random(Math.max(pending.length, 1));
				const request = pending[place];
				const action = random(12);
				if (!request || action === 0) clock.advance(5_000);
				else if (action === 1) pending.splice(place, 1);
				else if (action === 2) rig.server.deliver(updater, request);
				else if (action === 3) rig.server.deliver(updater, request, imageOf(1 + random(6_000)));
				else if (action === 4) rig.server.deliver(updater, { ...request, request: request.request + 1 });
				else if (action === 5) {
					updater.disconnected();
					updater.connected();
				} else rig.server.answer(updater, place);
			}
			clock.advance(10);
			equal(rig.server.pastEnd, 0);
			ok(["UPDATING", "FAILED"].includes(updater.state), updater.state);
			if (updater.state === "UPDATING") ok(same(rig.server.image, rig.stored));
			updater.close();
			equal(clock.armed, 0);
		});

	it("tells packages apart by title, version and checksum", () => {
		equal(keyOf({ title: "a", version: "b", checksum: "c" }), '["a","b","c"]');
	});
});
