import { spawnSync } from "node:child_process";
import { boot } from "../../bench/board.ts";
import { BenchClock } from "../../bench/clock.ts";
import type { Gateway } from "../../bench/gateway/main.ts";
import { atoms, bytesBetween } from "../../bench/heap.ts";
import { Link } from "../../bench/link.ts";
import { imageOf, offer } from "../../bench/ota/image.ts";
import type { OTA } from "../../bench/ota/main.ts";
import { cells, chips, flashRate, OurWindow, type Row } from "../../bench/ota/table.ts";
import { Acks } from "../../bench/standin/acks.ts";
import { cpuKnown, cpuMicros } from "../../bench/standin/cpu.ts";
import type { Standin } from "../../bench/standin.ts";
import type { Rate } from "../../bench/telemetry.ts";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";

const silence = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {} };

function atom(name: string, size: number): Buffer {
	const bytes = Buffer.alloc(8 + size);
	bytes.writeUInt32BE(8 + size);
	bytes.write(name, 4, "latin1");
	return bytes;
}

/** Milliseconds from asking until the last of `bytes` has come. */
function fetchTime(bytes: number, window: number): number {
	const clock = new BenchClock();
	let received = 0;
	let done = 0;
	const link = new Link(
		clock,
		{ roundTrip: 20, rate: 1000, window },
		(send) => () => send(Buffer.alloc(bytes)),
	);
	const wire = link.connect("127.0.0.1", 1, {
		...silence,
		onOpen: () => wire.write(Buffer.of(1)),
		onData: (data) => {
			received += data.length;
			if (received === bytes) done = clock.now();
		},
	});
	clock.advance(20);
	const start = clock.now();
	clock.advance(60_000);
	return done - start;
}

describe("bench: the clock", () => {
	it("runs what is due in order, and what fell due while it stood still comes late", () => {
		const clock = new BenchClock();
		const start = clock.now();
		const seen: [string, number][] = [];
		clock.at(20, () => seen.push(["b", clock.now() - start]));
		clock.at(10, () => {
			seen.push(["a", clock.now() - start]);
			clock.stall(100);
		});
		clock.advance(150);
		deepEqual(seen, [
			["a", 10],
			["b", 110],
		]);
	});

	it("names what it waited for in vain", () => {
		throws(() => new BenchClock().until("a miracle", () => false, 10), "a miracle");
	});
});

describe("bench: the link", () => {
	it("is limited by its rate when the window is large", () => {
		const time = fetchTime(200_000, 64_000);
		ok(time >= 220 && time < 225, `220 ms expected, ${time} came`);
	});

	it("is limited by window and round trip when the window is small", () => {
		const time = fetchTime(200_000, 5744);
		const ideal = (200_000 / 5744) * 20;
		ok(time > ideal && time < 1.3 * ideal, `a little over ${ideal} ms expected, ${time} came`);
	});

	it("refuses while the server is not open", () => {
		const clock = new BenchClock();
		const link = new Link(clock, { roundTrip: 2, rate: 1000, window: 5744 }, () => () => {});
		let ended = false;
		link.open = false;
		link.connect("127.0.0.1", 1, { ...silence, onEnd: () => (ended = true) });
		clock.advance(10);
		equal(ended, true);
	});
});

describe("bench: the heap", () => {
	it("finds the atoms of a snapshot by name", () => {
		const snapshot = Buffer.concat([Buffer.alloc(8), atom("HEAP", 64), atom("BLOC", 1000), atom("STAC", 0)]);
		deepEqual(
			[...atoms(snapshot)],
			[
				["HEAP", 64],
				["BLOC", 1000],
				["STAC", 0],
			],
		);
		throws(() => atoms(Buffer.alloc(16)), "8 bytes or more");
	});

	it("counts slots at 16 bytes and chunks as they are", () => {
		equal(bytesBetween({ slots: 100, chunkBytes: 1000 }, { slots: 110, chunkBytes: 1500 }), 660);
	});
});

describe("bench: the load", () => {
	const read = (...pieces: number[][]) => {
		const acks = new Acks();
		const ids: number[] = [];
		for (const piece of pieces) acks.take(Uint8Array.from(piece), (id) => ids.push(id));
		return ids;
	};

	it("finds PUBACKs wherever the pieces end", () => {
		deepEqual(read([0x40, 2, 0, 7, 0x40], [2], [1, 0, 0x40, 2, 0]), [7, 256]);
	});

	it("takes nothing else for an acknowledgement", () => {
		throws(() => read([0xd0, 0, 0x40, 2]), "d0004002");
	});

	it("reads the processor time of a process, where Linux tells it", () => {
		const before = cpuMicros(process.pid);
		for (const end = Date.now() + 50; Date.now() < end; );
		if (cpuKnown) ok(cpuMicros(process.pid) > before, "50 ms of work, no processor time");
		else ok(Number.isNaN(before), String(before));
	});
});

/** One term of the limit is at most a third of each other. */
function isClear({ bandwidthkBps, windowBytes, rttMs, flash }: Row): boolean {
	const terms = [bandwidthkBps, windowBytes / rttMs, flashRate(chips[flash])].sort((a, b) => a - b);
	const [least = 0, next = 0] = terms;
	return least <= next / 3;
}

const rowKeys = [
	...["rttMs", "bandwidthkBps", "loss", "windowBytes", "flash"],
	...["ours", "cpp", "rainmaker", "python", "limit"],
];

/** The aims of docs/bench.md. */
function holdOTA({ table, extraHeapBytes, extraHeap, refetch }: OTA): void {
	equal(table.length, cells.length);
	for (const row of table) {
		const text = JSON.stringify(row);
		deepEqual(Object.keys(row), rowKeys, text);
		for (const rate of [row.ours, row.cpp, row.rainmaker, row.python])
			ok(rate !== null && rate > 0, `every updater ends: ${text}`);
		const isUsual = row.windowBytes === OurWindow && row.bandwidthkBps === 1000 && row.flash === "typical";
		if (isUsual && row.rttMs === 100) ok(row.ours >= 2.5 * Number(row.cpp), text);
		if (isUsual && row.rttMs === 300) ok(row.ours >= 4 * Number(row.cpp), text);
		if (!row.loss && isClear(row)) ok(row.ours >= 0.9 * row.limit, text);
		ok(row.ours <= row.limit, text);
		ok(row.ours >= 0.99 * Math.max(Number(row.cpp), Number(row.rainmaker), Number(row.python)), text);
	}
	ok(table.filter(isClear).length > 8, "rows in which one term is clearly the least");
	equal(extraHeapBytes, Math.max(...extraHeap.map(({ bytes }) => bytes)));
	ok(extraHeapBytes > 0 && extraHeapBytes <= 8192, `extra heap ${extraHeapBytes}`);
	deepEqual(
		refetch.map(({ drops, chunksAgain, ratio }) => [drops, chunksAgain <= drops, ratio > 0]),
		[
			[10, true, true],
			[100, true, true],
		],
	);
}

describe("a download on a slow link", function () {
	this.timeout(60_000);

	for (const rate of [0.5, 2])
		(workerBuilt() ? it : it.skip)(
			`leaves room for telemetry and keep-alive at ${rate} kB/s and 600 ms (needs the XS worker)`,
			async () => {
				const slow = { roundTrip: 600, rate, window: OurWindow };
				const { clock, traces, peer, close } = await boot({
					link: slow,
					flashTime: true,
					from: 10,
					to: 9_999,
				});
				try {
					const count = (start: string) => traces.filter(({ text }) => text.startsWith(start)).length;
					clock.until("a connection", () => count("connected") > 0);
					clock.advance(20_000);
					offer(peer, imageOf(32 * 1024));
					clock.until("the begin", () => count("DOWNLOADING") > 0);
					const before = peer.received;
					clock.until("the end", () => count("DOWNLOADED") + count("FAILED") > 0, 3_600_000);
					deepEqual([count("connected"), count("FAILED")], [1, 0], "one connection, no failure");
					ok(peer.received > before + 10, `${peer.received - before} messages`);
				} finally {
					close();
				}
			},
		);
});

/** Fewer bytes for a value than alone, and a heap that a chip can bear; rates only where something ran. */
function holdGateway({ table, bytesPerValueAlone, heapBytesPerChild, reason }: Gateway): void {
	deepEqual(
		table.map(({ children }) => children),
		[1, 10, 100],
	);
	for (const { ours, python, bytesPerValue } of table) {
		ok(ours > 0 && (python === null ? reason : python > 0), `${ours} ${python} ${reason}`);
		ok(bytesPerValue > 0 && bytesPerValue < bytesPerValueAlone, `${bytesPerValue} ${bytesPerValueAlone}`);
	}
	ok(heapBytesPerChild > 0 && heapBytesPerChild <= 400, `${heapBytesPerChild}`);
}

describe("bench: --json", function () {
	this.timeout(120_000);

	(workerBuilt() ? it : it.skip)(
		"is one object with every figure, a positive number (needs the XS worker)",
		() => {
			const node = ["--import", "./tools/ts.mjs", "bench/main.ts", "--json", "--messages", "200", "--quick"];
			const { NODE_V8_COVERAGE: _, ...env } = process.env;
			const { stdout, stderr, status } = spawnSync(process.execPath, node, {
				cwd: root,
				env,
				encoding: "utf8",
			});
			equal(status, 0, stderr);
			const { xs, ota, size, telemetry, gateway, standin } = JSON.parse(stdout);
			ok(/^\d+\.\d+\.\d+$/.test(xs.version), xs.version);
			const { idle, connected, updating } = xs.heapBytes;
			const counts = [
				xs.instructionsPerTelemetry,
				xs.slotsPerTelemetry,
				xs.instructionsPerRPC,
				xs.instructionsPerAttributes,
				xs.bytesPerQueued,
				idle,
				connected,
				updating,
				xs.transportBytes,
			];
			holdOTA(ota);
			for (const figure of [...counts, ota.board.kBps, ota.board.tcpCopykBps, size.tbclient, size.ota])
				ok(Number.isFinite(figure) && figure > 0, stdout);
			const { startMs, firmware } = standin as Standin;
			for (const figure of [startMs, firmware.bytesPerSecond, firmware.tcpCopyBytesPerSecond])
				ok(figure > 0, stdout);
			for (const row of (standin as Standin).telemetry) {
				ok(row.standin.perSecond > 0, stdout);
				ok(row.mosquitto ? row.mosquitto.perSecond > 0 : standin.missing, stdout);
			}
			holdGateway(gateway);
			deepEqual(Object.keys(telemetry), ["node", "xs", "python", "mqttjs"]);
			const ran = Object.values<Rate>(telemetry).filter(({ reason }) => !reason);
			ok(telemetry.node.version && telemetry.xs.version && telemetry.mqttjs.version, stdout);
			for (const { messagesPerSecond: rate, cpuMicrosecondsPerMessage: cpu } of ran)
				ok(rate !== null && rate > 0 && cpu !== null && cpu >= 0, stdout);
		},
	);
});
