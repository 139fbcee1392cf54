// What a chip must have for TBClient: ceilings that hold for every change. The engine counts, so the figures are the same everywhere.
import { heapBytesPerChild } from "../../bench/gateway/heap.ts";
import { extraHeap } from "../../bench/ota/memory.ts";
import { slopeOfConnections, slopeOfMessages } from "../../bench/slope.ts";
import { type XS, xs } from "../../bench/xs.ts";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { equal, ok } from "../assert.ts";

const KiB = 1024;
const long = process.env.TEST_LONG === "1";
const [messages, connections] = long ? [100_000, 1000] : [1000, 30];
const most = (figure: number, ceiling: number) =>
	ok(figure <= ceiling, `expected at most ${ceiling}, got ${figure}`);

(workerBuilt() ? describe : describe.skip)("memory and byte codes on XS (needs the XS worker)", function () {
	this.timeout(long ? 600_000 : 30_000);
	let figures: XS;

	before(async () => {
		figures = await xs();
	});

	it("connected and idle: at most 8 KiB of ours", () => most(figures.heapBytes.connected, 8 * KiB));
	it("made and not connected: at most 8 KiB of ours", () => most(figures.heapBytes.idle, 8 * KiB));
	it("an update under way: at most 8 KiB above that, whatever image, chunks, checksum, signature and rules", async () => {
		const figures = await extraHeap();
		for (const { what, bytes } of figures)
			ok(bytes > 0 && bytes <= 8 * KiB, `${what}: expected at most ${8 * KiB}, got ${bytes}`);
		equal(figures.length, 8);
	});
	it("a message that waits: at most 64 bytes besides its own", () => most(figures.bytesPerQueued, 64));
	it("a telemetry message: at most 13 500 byte codes", () => most(figures.instructionsPerTelemetry, 13_500));
	it("a call of the server: at most 33 000 byte codes", () => most(figures.instructionsPerRPC, 33_000));
	it("a push of attributes: at most 20 000 byte codes", () =>
		most(figures.instructionsPerAttributes, 20_000));
	it("an idle child of a gateway: at most 400 bytes", async () => most(await heapBytesPerChild(), 400));
	// Less than nothing where something of the start ends only now.
	it(`nothing is left of ${messages} messages`, async () => most(await slopeOfMessages(messages), 0));
	it(`nothing is left of ${connections} connections`, async () =>
		most(await slopeOfConnections(connections), 0));
});
