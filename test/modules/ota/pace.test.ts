// How much is asked for at once, by itself and in a download.
import { Pace } from "ota/pace";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { packageOf, Rig } from "./rig.ts";

describe("Pace", () => {
	it("begins with one small chunk, and grows to what two seconds bring, at most 64 KiB", () => {
		const pace = new Pace(16_384);
		deepEqual([pace.chunk, pace.requests(4096)], [4096, 1]);
		pace.measured(100, 512);
		equal(pace.requests(4096), 1);
		pace.measured(100, 4096);
		equal(pace.requests(4096), 4);
		pace.measured(100, 16_384);
		pace.measured(100, 65_536);
		deepEqual([pace.requests(4096), pace.chunk, pace.requests(16_384)], [16, 16_384, 4]);
	});

	it("asks a slow link for little", () => {
		const pace = new Pace(16_384);
		pace.measured(4_000, 4096);
		deepEqual([pace.requests(4096), pace.chunk], [1, 1024]);
		pace.measured(60_000, 512);
		equal(pace.chunk, 512);
	});

	it("asks for less after every connection that brought no chunk, never below 512 or what is allowed", () => {
		const pace = new Pace(16_384);
		const sizes = [];
		for (let connection = 0; connection < 5; connection++) {
			pace.stumbled();
			sizes.push(pace.chunk);
		}
		deepEqual(sizes, [2048, 1024, 512, 512, 512]);
		const tiny = new Pace(100);
		tiny.stumbled();
		equal(tiny.chunk, 100);
	});

	it("stays at 4096 where no more is allowed, as over TLS", () => {
		const pace = new Pace(4096);
		for (let time = 0; time < 9; time++) pace.measured(10, 65_536);
		equal(pace.chunk, 4096);
	});

	it("divides no time by nothing", () => {
		const pace = new Pace(4096);
		pace.measured(0, 4096);
		equal(pace.requests(4096), 4);
	});

	it("smooths the round trip over eight", () => {
		const pace = new Pace(4096);
		pace.measured(100, 4096);
		pace.measured(900, 4096);
		equal(pace.roundTrip, 200);
	});

	it("takes the largest of sizes that bring the same again, and never half a chunk", () => {
		const pace = new Pace(4096);
		equal(pace.chunkAt(2048), 4096);
	});

	it("chooses the size that brings least again", () => {
		const pace = new Pace(4096);
		deepEqual([pace.chunkAt(0), pace.chunkAt(65_536)], [4096, 4096]);
		for (const position of [4097, 100_001, 123_456, 999_999]) {
			const size = pace.chunkAt(position);
			ok(size > 2048 && size <= 4096 && position % size < 64, `${position} ${size}`);
		}
	});
});

describe("A download", () => {
	it("goes over to large chunks under a request id of their own, with nothing asked twice", () => {
		const rig = new Rig(180_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		for (let turn = 0; turn < 500 && rig.server.answer(updater); turn++) clock.advance(5);
		const sizes = [...new Set(rig.server.asked.map(({ size }) => size))];
		deepEqual(sizes, [512, 4096, 16_384]);
		const ids = new Set(rig.server.asked.map(({ request }) => request));
		equal(ids.size, 3);
		clock.advance(100);
		const { tally } = JSON.parse(String(rig.store.values.get("trial")));
		deepEqual([updater.state, tally.bytes], ["UPDATING", 180_000 + 512]);
	});

	it("takes the first large chunk in its turn when it overtakes the last small ones", () => {
		const rig = new Rig(180_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		for (let turn = 0; turn < 500 && updater.state === "DOWNLOADING"; turn++) {
			clock.advance(5);
			const large = rig.server.pending.findIndex(({ size }) => size === 16_384);
			if (!rig.server.answer(updater, Math.max(large, 0))) clock.advance(5_000);
		}
		clock.advance(100);
		equal(updater.state, "UPDATING");
		ok(rig.server.image.every((byte, index) => byte === rig.stored[index]));
	});

	it("asks again at once when the source has room", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.writable();
		updater.connected();
		rig.server.accepts = false;
		updater.offer(packageOf(rig.server.image));
		equal(rig.server.asked.length, 0);
		updater.writable();
		equal(rig.server.asked.length, 0);
		rig.server.accepts = true;
		updater.writable();
		equal(rig.server.asked.length, 1);
		updater.writable();
		equal(rig.server.asked.length, 1, "it was not refused again");
		rig.server.answer(updater);
		rig.server.accepts = false;
		rig.server.answer(updater);
		updater.disconnected();
		updater.writable();
		rig.server.accepts = true;
		updater.connected();
		rig.serve(updater);
		deepEqual([updater.state, updater.stats], ["UPDATING", undefined]);
	});

	it("asks again for the missing chunk when that was refused", () => {
		const rig = new Rig(40_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(5);
		rig.first(updater);
		rig.server.accepts = false;
		rig.server.pending.shift();
		rig.server.answer(updater);
		rig.server.accepts = true;
		const { length } = rig.server.asked;
		updater.writable();
		equal(rig.server.asked[length]?.index, 1);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("ends when a gap takes the last try", () => {
		const rig = new Rig(40_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(5);
		rig.first(updater);
		const [, ahead] = rig.server.pending;
		ok(ahead);
		for (let time = 0; time < 4; time++)
			rig.server.deliver(updater, { ...ahead, index: ahead.index - 1 }, new Uint8Array(10));
		rig.server.deliver(updater, ahead);
		equal(rig.errors[0], "OTA_DELIVERY: byte 4096: expected it, got byte 8192, 5 times");
	});

	it("erases while it waits: the block at hand and the next, never past the image", () => {
		const rig = new Rig(3 * 65_536 - 10_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		clock.advance(1_000);
		deepEqual(rig.slots.log, ["begin", "erase 0 65536", "erase 65536 65536"]);
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		const erases = rig.slots.log.filter((entry) => entry.startsWith("erase"));
		deepEqual(erases, ["erase 0 65536", "erase 65536 65536", "erase 131072 65536"]);
	});

	it("erases no block for a few sectors at the end", () => {
		const rig = new Rig(65_536 + 5_000);
		rig.update();
		const erases = rig.slots.log.filter((entry) => entry.startsWith("erase"));
		deepEqual(erases, ["erase 0 65536", "erase 65536 4096", "erase 69632 4096"]);
	});

	it("erases the block at hand and the next while it waits, not all of a large image", () => {
		const rig = new Rig(5 * 65_536, 6 * 65_536);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		for (let turn = 0; turn < 3; turn++) {
			rig.server.answer(updater);
			clock.advance(1_000);
		}
		const erases = rig.slots.log.filter((entry) => entry.startsWith("erase"));
		deepEqual([updater.state, erases], ["DOWNLOADING", ["erase 0 65536", "erase 65536 65536"]]);
	});

	it("erases a block for more than three sectors, and none beyond the slot", () => {
		const erases = (size: number, room?: number) => {
			const rig = new Rig(size, room);
			rig.update();
			equal(rig.slots.boot, 1);
			return rig.slots.log.filter((entry) => entry.startsWith("erase 65536 "));
		};
		deepEqual(erases(65_536 + 3 * 4096), ["erase 65536 4096"]);
		deepEqual(erases(65_536 + 3 * 4096 + 16), ["erase 65536 65536"]);
		deepEqual(erases(65_536 + 4 * 4096, 65_536 + 5 * 4096), ["erase 65536 20480"]);
	});

	it("bears a block that takes half the watchdog's patience", () => {
		for (const [ms, length] of [
			[2_500, 65_536],
			[2_501, 4_096],
		] as const) {
			const rig = new Rig(3 * 65_536);
			const erase = rig.slots.erase.bind(rig.slots);
			rig.slots.erase = (offset, length) => {
				erase(offset, length);
				clock.now += length === 65_536 ? ms : 100;
			};
			rig.update();
			ok(rig.slots.log.includes(`erase 65536 ${length}`), `${ms} ms`);
		}
	});

	it("erases by sectors once a block took longer than half the watchdog's patience", () => {
		const rig = new Rig(3 * 65_536);
		const erase = rig.slots.erase.bind(rig.slots);
		rig.slots.erase = (offset, length) => {
			erase(offset, length);
			clock.now += length === 65_536 ? 2_600 : 100;
		};
		rig.update();
		const erases = rig.slots.log.filter((entry) => entry.startsWith("erase"));
		deepEqual([erases.length, erases[1]], [1 + 32, "erase 65536 4096"]);
		equal(rig.slots.boot, 1);
	});

	it("ends when flash fails while it waits", () => {
		const rig = new Rig(20_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		rig.slots.failAt = 1;
		clock.advance(5);
		equal(updater.state, "DOWNLOADING", "one fresh download");
		rig.slots.failAt = 3;
		rig.server.answer(updater);
		rig.server.answer(updater);
		clock.advance(5);
		equal(rig.errors[0], "OTA_FLASH: erase 65536 bytes at 0: ESP_ERR_FLASH_OP_FAIL");
	});

	it("gives inspectors every byte once, in order, and obeys them", () => {
		for (const reason of [undefined, "signature: expected a good one, got none"]) {
			const rig = new Rig(150_000);
			let seen = 0;
			const inspector = {
				write: (bytes: Uint8Array) => {
					for (const byte of bytes) if (byte !== rig.server.image[seen++]) seen = Number.NaN;
				},
				close: () => reason,
			};
			const updater = rig.updater({ inspect: () => inspector });
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			rig.serve(updater);
			equal(seen, 150_000);
			equal(updater.state, reason ? "FAILED" : "UPDATING");
			deepEqual(rig.errors, reason ? [`OTA_INSPECTION: ${reason}`] : []);
			deepEqual([rig.slots.boot, rig.store.values.has("quarantine")], reason ? [0, true] : [1, false]);
		}
	});

	it("halves chunks while connections bring none whole, and still arrives", () => {
		const rig = new Rig(30_000);
		rig.server.fragment = 300;
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		for (let turn = 0; turn < 300 && updater.state === "DOWNLOADING"; turn++) {
			rig.server.fragments = 2; // 600 bytes a connection
			rig.server.answer(updater);
			updater.disconnected();
			rig.server.pending.length = 0;
			updater.connected();
		}
		clock.advance(100);
		equal(updater.state, "UPDATING");
		ok(rig.server.image.every((byte, index) => byte === rig.stored[index]));
	});
});
