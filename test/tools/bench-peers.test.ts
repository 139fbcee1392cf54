// The models of other updaters do what these were seen to do, or what their sources say.
import { BenchClock } from "../../bench/clock.ts";
import { Link } from "../../bench/link.ts";
import { CppSDK } from "../../bench/ota/peers/cpp.ts";
import { Chunk, type PeerDevice, type PeerUpdater } from "../../bench/ota/peers/peer.ts";
import { PythonSDK } from "../../bench/ota/peers/python.ts";
import { RainMaker } from "../../bench/ota/peers/rainmaker.ts";
import { Peer } from "../../bench/peer.ts";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";
import { deepEqual, equal, ok } from "../assert.ts";

const Day = 86_400_000; // ms
const slot = readPartitions().find("ota_1");

function begin<T extends PeerUpdater>(make: new (device: PeerDevice) => T, size: number) {
	const clock = new BenchClock();
	const peer = new Peer();
	peer.firmware = Buffer.alloc(size, 0xe9);
	const link = new Link(clock, { roundTrip: 10, rate: 1000, window: 5744 }, peer.serve);
	const flash = new NorFlash();
	const ends: (string | undefined)[] = [];
	const updater = new make({ clock, link, flash, size, onEnd: (error) => ends.push(error) });
	/** The server answers nothing more. */
	const silence = (after: number) => {
		clock.until(`${after} requests`, () => peer.asked >= after);
		peer.serving = false;
	};
	const end = () => {
		clock.until("the end", () => ends.length > 0);
		return ends[0];
	};
	const isWhole = () => flash.read(slot.offset, size).equals(peer.firmware);
	return { clock, peer, link, updater, ends, silence, end, isWhole };
}

describe("bench: the model of the C++ SDK", () => {
	const outage = (ms: number): string | undefined => {
		const { clock, peer, ends, silence, end } = begin(CppSDK, 8 * Chunk);
		silence(4);
		clock.advance(ms);
		if (!ends.length) peer.release();
		return end();
	};

	it("takes 9 requests for 8 chunks, as was seen", () => {
		for (const [size, requests] of [
			[8 * Chunk, 9],
			[8 * Chunk - 1, 8],
		] as const) {
			const { updater, end, isWhole } = begin(CppSDK, size);
			deepEqual([end(), updater.requests, isWhole()], [undefined, requests, true]);
		}
	});

	it("outlasts 64 s without an answer, and not 65 s, as was seen", () => {
		deepEqual([outage(64_000), outage(65_100)], [undefined, "no answer"]);
	});

	it("asks on over a lost connection, and goes on with the next one", () => {
		const { clock, peer, link, updater, end, isWhole } = begin(CppSDK, 8 * Chunk);
		clock.until("4 requests", () => peer.asked === 4);
		link.cut();
		deepEqual([end(), isWhole()], [undefined, true]);
		ok(updater.requests > 9, String(updater.requests));
	});
});

describe("bench: the model of the Python SDK", () => {
	it("takes one request, and 4 s of sleep", () => {
		const { clock, updater, end, isWhole } = begin(PythonSDK, 100_000);
		const start = clock.now();
		deepEqual([end(), updater.requests, isWhole()], [undefined, 1, true]);
		ok(clock.now() - start >= 4 * PythonSDK.Sleep);
	});

	it("stalls for ever after a connection that was lost in the middle, as was seen", () => {
		const { clock, peer, link, updater, ends } = begin(PythonSDK, 100_000);
		clock.until("the request", () => peer.asked === 1);
		clock.advance(20); // some of it is there
		link.cut();
		clock.advance(Day);
		deepEqual([ends, updater.requests], [[], 1]);
	});
});

describe("bench: the model of RainMaker", () => {
	const blocks = 3 * RainMaker.Blocks;
	const Silent = (1 + RainMaker.Retries) * RainMaker.Timeout; // ms of an attempt without a block

	it("takes one request for the header and one per block", () => {
		const { updater, end, isWhole } = begin(RainMaker, blocks * Chunk - 1);
		deepEqual([end(), updater.requests, isWhole()], [undefined, 1 + blocks, true]);
	});

	it("resumes a lost connection at the batch, without the header", () => {
		const { clock, peer, link, updater, end, isWhole } = begin(RainMaker, blocks * Chunk);
		clock.until("the second batch", () => peer.asked > 1 + RainMaker.Blocks);
		clock.advance(30); // some blocks of it are there
		link.cut();
		deepEqual([end(), updater.requests, isWhole()], [undefined, 1 + blocks + RainMaker.Blocks, true]);
	});

	it("fails at the third lost connection", () => {
		const { clock, peer, link, end } = begin(RainMaker, blocks * Chunk);
		for (const drop of [1, 2, 3]) {
			const asked = peer.asked;
			clock.until(`requests before drop ${drop}`, () => peer.asked > asked + 2);
			link.cut();
		}
		equal(end(), "connection lost");
	});

	it("fails after three attempts of a request and three more, 10 s each, without a block", () => {
		const { clock, ends, silence, end } = begin(RainMaker, blocks * Chunk);
		silence(2 + RainMaker.Blocks);
		clock.advance(RainMaker.Attempts * Silent - 1_000);
		deepEqual(ends, []);
		equal(end(), "no answer");
		clock.advance(Day);
		equal(ends.length, 1);
	});

	it("outlasts two attempts and three requests without a block", () => {
		const { clock, peer, ends, silence, end, isWhole } = begin(RainMaker, blocks * Chunk);
		silence(2 + RainMaker.Blocks);
		clock.advance(RainMaker.Attempts * Silent - 5_000);
		deepEqual(ends, []);
		peer.release();
		deepEqual([end(), isWhole()], [undefined, true]);
	});

	it("waits a minute at each attempt for a connection", () => {
		const { clock, peer, link, ends, end } = begin(RainMaker, blocks * Chunk);
		clock.until("the second batch", () => peer.asked > 1 + RainMaker.Blocks);
		link.open = false;
		link.cut();
		clock.advance(2 * RainMaker.ConnectionWait - 1_000);
		deepEqual(ends, []);
		equal(end(), "no connection");
	});
});
