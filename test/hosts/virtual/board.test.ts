import assert from "node:assert/strict";
import { Board, type BoardOptions } from "../../../hosts/virtual/board.ts";
import { bundle } from "../../../hosts/virtual/bundle.ts";
import { VirtualClock } from "../../../hosts/virtual/clock.ts";
import { writeFactoryImage, XSVersion } from "../../../hosts/virtual/factory.ts";
import { buildImage } from "../../../hosts/virtual/image.ts";
import type { Network, WireEvents } from "../../../hosts/virtual/network.ts";
import { workerBuilt } from "../../../hosts/virtual/worker.ts";

const imports = `
import { Digest } from "crypt";
import Link from "host/link";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import TCP from "../../hosts/virtual/guest/tcp.ts";
import Timer from "timer";
declare function trace(...values: unknown[]): void;
`;

const boards: Board[] = [];

/** A board on a virtual clock with a program in ota_0; `log` gets what it traces and why it resets. */
async function make(program: string, options: BoardOptions = {}) {
	const source = imports.replace("../../hosts", "./hosts") + program;
	const script = await bundle({ source, config: { title: "spec", version: "1.0.0", build: "b" } });
	const identity = { title: "spec", version: "1.0.0", target: "virtual", xs: XSVersion };
	const clock = new VirtualClock();
	const board = new Board({ clock, ...options });
	boards.push(board);
	writeFactoryImage(board.flash, buildImage({ identity, payload: Buffer.from(script) }));
	const log: string[] = [];
	board.on("trace", ({ text }) => log.push(text));
	board.on("reset", ({ reason, text }) => log.push(`${reason}: ${text.split("\n")[0]}`));
	board.on("off", () => log.push("off"));
	return { board, clock, log };
}

/** Runs a program that does something at its first boot; resolves with the log of two lives. */
async function lives(action: string, options: BoardOptions = {}): Promise<string[]> {
	const program = `trace(system.resetReason, "\\n"); if (system.resetReason === "POWERON") { ${action} }`;
	const { board, clock, log } = await make(program, options);
	board.powerOn();
	clock.advance(1000);
	board.close();
	return log;
}

/** One end of a connection that a spec holds in its hands. */
class Peer implements Network {
	events: WireEvents | undefined;
	received = Buffer.alloc(0);
	writes = 0;
	paused = false;

	connect(_address: string, _port: number, events: WireEvents) {
		this.events = events;
		return {
			write: (data: Uint8Array) => {
				this.writes += 1;
				this.received = Buffer.concat([this.received, data]);
			},
			queued: 0,
			pause: () => {
				this.paused = true;
			},
			resume: () => {
				this.paused = false;
			},
			close: () => undefined,
		};
	}
	resolve() {
		return () => undefined;
	}
}

(workerBuilt() ? describe : describe.skip)("virtual board", function () {
	this.timeout(20_000);
	afterEach(() => {
		for (const board of boards.splice(0)) board.close();
	});

	it("restarts on system.restart() with reason SW, and nothing after it runs", async () => {
		assert.deepEqual(await lives(`system.restart(); trace("after\\n");`), [
			"POWERON",
			"SW: restart",
			"SW",
			"off",
		]);
	});

	it("panics on an exception that escapes the program", async () => {
		const log = await lives(`throw new Error("boom");`);
		assert.deepEqual(log, ["POWERON", "PANIC: unhandled exception: Error: boom", "PANIC", "off"]);
	});

	it("panics on an exception that escapes a callback", async () => {
		const log = await lives(`Timer.set(() => { throw new Error("boom"); }, 10);`);
		assert.deepEqual(log, ["POWERON", "PANIC: unhandled exception: Error: boom", "PANIC", "off"]);
	});

	it("panics on a rejection that nobody handles", async () => {
		const log = await lives(`Timer.set(() => { Promise.reject(new Error("boom")); }, 10);`);
		assert.deepEqual(log, ["POWERON", "PANIC: unhandled exception: Error: boom", "PANIC", "off"]);
	});

	it("is reset by the watchdog out of an endless loop", async () => {
		const log = await lives(`Timer.set(() => { for (;;); }, 10);`, { worker: { computeLimit: 1e6 } });
		assert.deepEqual(log, ["POWERON", "TASK_WDT: too much computation", "TASK_WDT", "off"]);
	});

	it("panics when the stack overflows", async () => {
		const log = await lives(`const f = (): number => f() + 1; Timer.set(() => { f(); }, 10);`);
		assert.deepEqual(log, ["POWERON", "PANIC: stack overflow", "PANIC", "off"]);
	});

	it("panics when live slots exceed the heap limit, and not on garbage", async () => {
		const keep = `const all: object[] = []; Timer.repeat(() => { for (let i = 0; i < 500; i++) all.push({ i }); }, 10);`;
		const [, reset] = await lives(keep, { heapSlots: 8000 });
		assert.match(String(reset), /^PANIC: memory full: expected at most 8000 slots, \d+ are in use$/);
		const drop = `Timer.repeat(() => { for (let i = 0; i < 500; i++) ({ i }); }, 10);`;
		assert.deepEqual(await lives(drop, { heapSlots: 8000 }), ["POWERON", "off"]);
	});

	it("gives digests, and refuses unknown ones in the SDK's words", async () => {
		const log = await lives(`
			const digest = new Digest("SHA256");
			digest.write(ArrayBuffer.fromString("abc"));
			trace([...new Uint8Array(digest.close(), 0, 4)].join(), "\\n");
			try { new Digest("sha256"); } catch (error) { trace(error, "\\n"); }`);
		assert.deepEqual(log.slice(1, 3), ["186,120,22,191", "Error: crypt: unsupported digest"]);
	});

	it("keeps the chip's code and name on errors of slots and store", async () => {
		const log = await lives(`
			const tell = (action: () => void) => { try { action(); } catch (error) { const { code, codeName } = error as { code: number; codeName: string }; trace(code, " ", codeName, "\\n"); } };
			tell(() => slots.erase(1, 65536));
			tell(() => new Store("a name that is too long"));
			tell(() => new Store("tb").set("x", 1.5));`);
		assert.deepEqual(log.slice(1, 4), [
			"258 ESP_ERR_INVALID_ARG",
			"4361 ESP_ERR_NVS_KEY_TOO_LONG",
			"258 ESP_ERR_INVALID_ARG",
		]);
	});

	it("keeps what is stored over a power cut", async () => {
		const program = `const store = new Store("tb"); const count = Number(store.get("n") ?? 0) + 1; store.set("n", count); trace(count, " ", system.resetReason, "\\n");`;
		const { board, clock, log } = await make(program);
		for (let life = 0; life < 2; life++) {
			board.powerOn();
			clock.advance(1000);
			board.powerCut();
		}
		assert.deepEqual(log, ["1 POWERON", "off", "2 POWERON", "off"]);
	});

	it("stays off after a cut in a flash command until the power is back", async () => {
		const program = `if (slots.next.state !== "INVALID") Timer.set(() => { slots.erase(0, 65536); trace("erased\\n"); }, 10);`;
		const { board, clock, log } = await make(program);
		board.powerOn();
		clock.advance(105);
		board.flash.cutAt(1, "torn");
		clock.advance(1000);
		assert.deepEqual(log, ["off"]);
		board.powerOn();
		clock.advance(1000);
		assert.deepEqual(log, ["off", "erased"]);
	});

	it("passes hours of timers exactly", async () => {
		const { board, clock, log } = await make(
			`let n = 0; Timer.repeat(() => { n += 1; if (n % 1200 === 0) trace(n, " ", system.uptime, "\\n"); }, 1000);`,
		);
		board.powerOn();
		clock.advance(100 + 3_600_000);
		assert.deepEqual(log, ["1200 1200000", "2400 2400000", "3600 3600000"]);
	});

	it("tells the link's state, its changes and the real time, each once", async () => {
		const { board, clock, log } = await make(
			`new Link({ onChanged(up) { trace(up, " ", this.address, "\\n"); }, onClock() { trace(new Date().toISOString(), "\\n"); } });
			trace(new Date().getUTCFullYear(), "\\n");`,
			{ clockKnown: false },
		);
		board.powerOn();
		clock.advance(1000);
		board.setLink(false);
		board.setLink(false);
		board.setClock();
		board.setLink(true);
		assert.deepEqual(log, [
			"1970",
			"true 127.0.0.1",
			"false undefined",
			"2025-01-01T00:00:01.000Z",
			"true 127.0.0.1",
		]);
	});

	it("shows the guest at most a receive window, holds the sender back, and loses nothing", async () => {
		const network = new Peer();
		const { board, clock, log } = await make(
			`let sum = 0, most = 0;
			new TCP({ address: "10.0.0.1", port: 1883,
				onReadable(count) { most = Math.max(most, count); while (count > 0) { const got = (this as TCP).read(new Uint8Array(1000)) as number; sum += got; count -= got; } if (sum === 10000) trace(sum, " ", most, "\\n"); },
				onError() { trace("closed\\n"); } });`,
			{ network, receiveWindow: 3000 },
		);
		board.powerOn();
		clock.advance(100);
		network.events?.onOpen();
		network.events?.onData(new Uint8Array(10_000));
		assert.equal(network.paused, true);
		network.events?.onEnd();
		clock.advance(10);
		assert.deepEqual(log, ["10000 3000", "closed"]);
	});

	it("sends what is written in one event together, in order, also before close and when room gets scarce", async () => {
		const network = new Peer();
		const { board, clock, log } = await make(
			`const text = (s: string) => ArrayBuffer.fromString(s);
			const socket = new TCP({ address: "10.0.0.1", port: 1883, onWritable(count) {
				const room = [socket.write(text("a"), { more: true }), socket.write(text("b")), socket.write(text("c"))];
				trace(count, " ", room, "\\n");
				Timer.set(() => { socket.write(text("d")); trace(socket.write(new ArrayBuffer(5000)), "\\n"); socket.write(text("e")); socket.close(); }, 10);
			} });`,
			{ network },
		);
		board.powerOn();
		clock.advance(100);
		network.events?.onOpen();
		assert.deepEqual([network.writes, network.received.toString()], [1, "abc"]);
		clock.advance(10);
		assert.equal(network.received.toString().replaceAll("\0", ""), "abcde");
		assert.equal(network.received.length, 5005);
		assert.deepEqual(log, ["5744 0,5742,5741", "5744"]); // with little room left the board is asked
		assert.equal(network.writes, 3);
	});

	it("ends connections when the link goes down", async () => {
		const network = new Peer();
		const { board, clock, log } = await make(
			`new TCP({ address: "10.0.0.1", port: 1883, onWritable(count) { trace(count, "\\n"); (this as TCP).write(ArrayBuffer.fromString("hello")); }, onError() { trace("closed\\n"); } });`,
			{ network },
		);
		board.powerOn();
		clock.advance(100);
		network.events?.onOpen();
		board.setLink(false);
		clock.advance(1000);
		assert.equal(network.received.toString(), "hello");
		assert.deepEqual(log, ["5744", "closed"]);
	});
});
