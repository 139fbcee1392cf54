// What comes of every kind of fragment: what is counted, what is asked again, what it costs.
import type { Tally } from "ota/tally";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

/** A download whose header and `chunks` chunks have come; `wait`: milliseconds after the header. */
function downloading(size = 40_000, chunks = 1, wait = 0) {
	const rig = new Rig(size);
	const updater = rig.updater();
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	rig.server.answer(updater);
	clock.advance(wait);
	for (let chunk = 0; chunk < chunks; chunk++) rig.server.answer(updater);
	/** What has changed in the counters since the last call. */
	let last = { ...(updater.stats as Tally) };
	const counted = () => {
		const { skipped, again, requests } = updater.stats as Tally;
		const change = { skipped: skipped - last.skipped, again: again - last.again, requests };
		change.requests -= last.requests;
		last = { ...(updater.stats as Tally) };
		return change;
	};
	return { rig, updater, counted };
}

const whole = (rig: Rig): boolean => rig.server.image.every((byte, index) => rig.stored[index] === byte);

describe("A fragment", () => {
	const nothing = { skipped: 1, again: 0, requests: 0 };

	it("of a request id that is not ours is skipped", () => {
		const { updater, counted } = downloading();
		updater.receive(100, { request: 999, index: 1, offset: 0, byteLength: 4096, more: true });
		deepEqual(counted(), nothing);
	});

	it("of a chunk past the end is skipped, also when it is empty as it should be", () => {
		const { rig, updater, counted } = downloading(8_192);
		const [pending] = rig.server.pending;
		ok(pending);
		rig.server.deliver(updater, { ...pending, index: 2 }, new Uint8Array(0));
		deepEqual(counted(), nothing);
	});

	it("of a wrong length is skipped, and costs a try only where it begins the chunk that is next", () => {
		const { rig, updater, counted } = downloading();
		const [pending] = rig.server.pending;
		ok(pending?.index === 1);
		rig.server.deliver(updater, { ...pending, index: 2 }, new Uint8Array(7));
		deepEqual(counted(), nothing);
		updater.receive(1, { request: pending.request, index: 1, offset: 5, byteLength: 7, more: true });
		deepEqual(counted(), nothing);
		rig.server.deliver(updater, pending, new Uint8Array(7));
		deepEqual(counted(), { skipped: 1, again: 1, requests: 1 });
	});

	it("ahead of its turn is skipped, and the missing one asked for once", () => {
		const { rig, updater, counted } = downloading(40_000, 1, 5);
		const [, second, third] = rig.server.pending;
		ok(second && third);
		rig.server.deliver(updater, third);
		deepEqual(counted(), { skipped: 5, again: 1, requests: 1 });
		equal(rig.server.asked.at(-1)?.index, 1);
		rig.server.deliver(updater, second);
		deepEqual(counted(), { skipped: 5, again: 0, requests: 0 });
	});

	it("whose predecessor is missing at the very begin makes that asked for at once", () => {
		const { rig, updater, counted } = downloading(40_000, 0);
		const [pending] = rig.server.pending;
		ok(pending);
		updater.receive(10, { request: pending.request, index: 0, offset: 10, byteLength: 4096, more: true });
		deepEqual(counted(), { skipped: 1, again: 1, requests: 1 });
		equal(rig.server.asked.at(-1)?.index, 0);
	});

	it("that is known already is skipped, moves no deadline and refills no try", () => {
		const { rig, updater, counted } = downloading();
		const { asked } = rig.server;
		const known = asked[1];
		ok(known?.index === 0);
		rig.server.fragment = 4096;
		clock.advance(4_000);
		rig.server.deliver(updater, known);
		deepEqual(counted(), nothing);
		clock.advance(1_000);
		deepEqual(counted(), { skipped: 0, again: 1, requests: 1 });
	});

	it("that brings only what is known is no sign of life of a connection", () => {
		const { rig, updater, counted } = downloading();
		const [pending] = rig.server.pending;
		ok(pending);
		rig.server.fragments = 1;
		rig.server.fragment = 100;
		rig.server.deliver(updater, pending);
		updater.disconnected();
		updater.connected();
		equal(counted().again, 0, "bytes came");
		const request = rig.server.asked.at(-1);
		ok(request);
		rig.server.fragment = 4196 - request.index * request.size;
		ok(rig.server.fragment > 0);
		rig.server.deliver(updater, request);
		updater.disconnected();
		deepEqual(counted(), { skipped: 1, again: 1, requests: 0 });
	});

	it("that the source throws at is skipped and asked for again at its deadline", () => {
		const { rig, updater, counted } = downloading();
		rig.server.failAt = rig.server.count;
		rig.server.fragment = 4096;
		rig.server.answer(updater);
		deepEqual(counted(), nothing);
		clock.advance(5_000);
		deepEqual(counted(), { skipped: 0, again: 1, requests: 1 });
		rig.server.pending.splice(0, rig.server.pending.length - 1);
		rig.serve(updater);
		ok(updater.state === "UPDATING" && whole(rig));
	});

	it("moves the deadline", () => {
		const { rig, updater, counted } = downloading();
		const [pending] = rig.server.pending;
		ok(pending);
		rig.server.fragments = 1;
		clock.advance(4_000);
		rig.server.deliver(updater, pending);
		clock.advance(4_999);
		equal(counted().again, 0);
		clock.advance(1);
		equal(counted().again, 1);
	});

	it("refills no try unless it completes a chunk", () => {
		const { rig, updater } = downloading();
		rig.server.pending.length = 1;
		rig.server.fragments = 1;
		for (const seconds of [5, 10, 20, 40, 60]) {
			const request = rig.server.pending.pop();
			ok(request, `${seconds}`);
			rig.server.fragment += 100;
			rig.server.deliver(updater, request);
			clock.advance(seconds * 1_000);
		}
		equal(rig.errors[0], "OTA_TIMEOUT: byte 5596: expected it within 60000 ms, got nothing, 5 times");
	});

	it("may begin one byte behind the next one", () => {
		const { rig, updater } = downloading(4_000, 0);
		rig.server.fragment = 1;
		rig.server.fragments = 1;
		rig.server.answer(updater);
		equal(updater.progress.written, 1);
		updater.disconnected();
		rig.server.pending.length = 0;
		updater.connected();
		rig.server.fragment = 4_096;
		rig.server.fragments = Number.POSITIVE_INFINITY;
		const size = rig.server.pending[0]?.size;
		rig.server.answer(updater);
		equal(updater.progress.written, size);
		rig.serve(updater);
		ok(whole(rig));
	});
});

describe("A download that has ended", () => {
	it("asks for nothing more, whatever took the last try", () => {
		const { rig, updater } = downloading();
		rig.server.pending.length = 1;
		const { length } = rig.server.asked;
		for (let time = 0; time < 5; time++) {
			const request = rig.server.pending.pop();
			ok(request);
			rig.server.deliver(updater, request, new Uint8Array(0));
		}
		equal(updater.state, "FAILED");
		equal(rig.errors[0], "OTA_DELIVERY: chunk 1: expected 4096 bytes, got 0, 5 times");
		equal(rig.server.asked.length, length + 4);
		clock.advance(60_000);
		equal(rig.server.asked.length, length + 4);
	});
});

describe("A chunk that is lost", () => {
	it("costs no time while others come: it and what came ahead are asked for at once", () => {
		const { rig, updater } = downloading(60_000, 1, 5);
		rig.server.pending.shift();
		while (rig.server.answer(updater));
		equal(updater.state, "DOWNLOADED");
		clock.advance(10);
		ok(whole(rig));
	});
});

describe("Flash", () => {
	it("is not erased ahead while bytes come", () => {
		const rig = new Rig(3 * 65_536);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		const [pending] = rig.server.pending;
		ok(pending);
		rig.server.fragments = 1;
		for (const length of [100, 200, 300, 400]) {
			clock.advance(3);
			rig.server.fragment = length;
			rig.server.deliver(updater, pending);
		}
		deepEqual(rig.slots.log, [], "nothing was silent for 5 ms");
		clock.advance(8);
		deepEqual(rig.slots.log, ["begin", "erase 0 65536"]);
	});

	it("is erased ahead again after a reconnect, and each time a block is behind", () => {
		const rig = new Rig(5 * 65_536, 6 * 65_536);
		const updater = rig.updater({ chunkSize: 4096 });
		const erases = () => rig.slots.log.filter((entry) => entry.startsWith("erase")).length;
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		clock.advance(3);
		updater.disconnected();
		rig.server.pending.length = 0;
		updater.connected();
		clock.advance(100);
		equal(erases(), 2);
		while (updater.progress.written < 65_536) rig.server.answer(updater);
		equal(erases(), 2);
		clock.advance(100);
		equal(erases(), 3);
	});

	it("is erased ahead only as far as the image goes, also when it was erased meanwhile", () => {
		const rig = new Rig(9_000);
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.server.answer(updater);
		rig.server.answer(updater);
		rig.server.accepts = false;
		clock.advance(1_000);
		const erases = rig.slots.log.filter((entry) => entry.startsWith("erase"));
		deepEqual(erases, ["erase 0 4096", "erase 4096 4096", "erase 8192 4096"]);
	});
});

describe("Request ids", () => {
	it("begin at random and count up, one for each header, connection and package", () => {
		const { rig, updater } = downloading();
		updater.disconnected();
		updater.connected();
		updater.offer(packageOf(imageOf(500), "v3"));
		const ids = [...new Set(rig.server.asked.map(({ request }) => request))];
		deepEqual(ids, [124, 125, 126, 127]);
	});
});
