/**
 * One XS machine: an `xsnap-worker` process that speaks netstrings over two blocking FIFOs.
 * Blocking is the point: a delivery is an ordinary function call. When `deliver` returns, the guest has run to the end, its
 * promise jobs too, and every call it made into Node has been answered. Events cannot nest, and no spec has to wait.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FrameReader, writeFrame } from "./frames.ts";

const METER_END = 1;
const EXIT = "X";

/** Exit statuses of the worker, in the words of XS. */
const reasons: Record<number, string> = {
	11: "memory full",
	12: "stack overflow",
	15: "unhandled exception",
	16: "not enough keys",
	17: "too much computation",
};

/** The worker process has ended. `code` is its exit status (128 + n after signal n), `message` what XS calls it. */
export class Crash extends Error {
	/** Too much computation: the limit of a delivery was reached. */
	static readonly COMPUTATION = 17;
	readonly code: number;
	constructor(code: number) {
		super(reasons[code] ?? `the XS worker ended with status ${code}`);
		this.code = code;
	}
}

/** An exception left a script of the guest; the machine itself is still usable. `message` is String(exception). */
export class GuestError extends Error {}

/** What XS counts. All three are exact and the same in every run of the same deliveries. */
export interface Meter {
	/** Byte codes run by the last delivery; native functions and garbage collection are not in it. */
	compute: number;
	/** Bytes taken from the operating system since the start, in steps of 4 MiB. */
	allocate: number;
	/** Slots in use, garbage included; after a collection live slots. A slot is 32 bytes here and 16 on ESP32. */
	currentHeapCount: number;
}

export interface WorkerOptions {
	/** Answers a call of the guest. What it throws leaves `deliver`; the guest then never gets an answer: close the worker. */
	onCall(request: Buffer): Uint8Array;
	/** Byte codes a delivery may run, 0 = no limit; about 400 a microsecond. Default 100 million. */
	computeLimit?: number;
	/** KiB of data the process may have; it starts with 41 MiB. Default 100 000. Linux only. */
	memory?: number;
	/** Path of the worker; default `workerBinary()`. */
	binary?: string;
}

/** Where the package @agoric/xsnap keeps its worker once compiled, or undefined when the package is not installed. */
export function workerBinary(): string | undefined {
	try {
		const entry = createRequire(import.meta.url).resolve("@agoric/xsnap");
		const system = process.platform === "darwin" ? "mac" : "lin";
		const native = join(dirname(entry), "..", "xsnap-native", "xsnap", "build", "bin");
		return join(native, system, "release", "xsnap-worker");
	} catch {
		return undefined;
	}
}

/** Whether the XS worker is compiled: `npm run xs` makes it so. */
export function workerBuilt(): boolean {
	const binary = workerBinary();
	return binary !== undefined && existsSync(binary);
}

export class Worker {
	readonly #process: ChildProcess;
	readonly #onCall: (request: Buffer) => Uint8Array;
	#reader: FrameReader | undefined;
	#output = -1;
	#ended = false;
	meter: Meter = { compute: 0, allocate: 0, currentHeapCount: 0 };

	/** @throws Error when the worker is not built. */
	constructor({ onCall, computeLimit = 1e8, memory = 100_000, binary = workerBinary() }: WorkerOptions) {
		if (!binary || !existsSync(binary))
			throw new Error("XS worker: expected a compiled xsnap-worker, found none (run: npm run xs)");
		this.#onCall = onCall;
		const { up, down } = fifos();
		const limit = computeLimit ? ["-l", String(computeLimit), "-i", "1000"] : [];
		// The shell stays as parent and reports the exit status in a frame of its own, so that a crash is known at once, not at
		// the next turn of Node's event loop. A group of its own lets close() end both.
		const script = `ulimit -d ${memory} 2>/dev/null; "$0" "$@" 2>/dev/null; printf '4:${EXIT}%03d,' $? >&4`;
		this.#process = spawn("sh", ["-c", script, binary, ...limit], {
			stdio: ["ignore", "ignore", "inherit", down.read, up.write],
			detached: true,
		});
		this.#process.on("error", () => undefined);
		closeSync(down.read);
		closeSync(up.write);
		this.#reader = new FrameReader(up.read);
		this.#output = down.write;
	}

	/** Process id of the worker's shell: its process group. */
	get pid(): number | undefined {
		return this.#process.pid;
	}

	/** Runs a script. @throws GuestError, Crash, or whatever `onCall` throws. */
	evaluate(source: string): Buffer {
		return this.#request("e", Buffer.from(source));
	}

	/** Calls `globalThis.handleCommand(ArrayBuffer)` in the guest. @throws as `evaluate`. */
	deliver(event: Uint8Array): Buffer {
		return this.#request("?", event);
	}

	/** Writes the heap to a file; garbage is collected first, the machine goes on. */
	snapshot(path: string): void {
		this.#request("w", Buffer.from(path));
	}

	/** Power off, at once and whatever the guest is doing. Idempotent. */
	close(): void {
		if (!this.#reader) return;
		this.#reader.close();
		this.#reader = undefined;
		closeSync(this.#output);
		try {
			if (this.#process.pid) process.kill(-this.#process.pid, "SIGKILL");
		} catch {
			// the group is gone already
		}
	}

	#request(kind: string, body: Uint8Array): Buffer {
		if (!this.#reader || this.#ended) throw new Error("XS worker: expected a running machine, it is closed");
		this.#send(kind, body);
		for (;;) {
			const message = this.#reader.next();
			switch (message ? String.fromCharCode(message[0] ?? 0) : EXIT) {
				case "?":
					this.#send("/", this.#onCall(message?.subarray(1) ?? Buffer.alloc(0)));
					break;
				case ".":
					return this.#done(message ?? Buffer.alloc(0));
				case "!":
					throw new GuestError(message?.toString("utf8", 1));
				case EXIT:
					this.#ended = true;
					throw new Crash(message ? Number(message.toString("latin1", 1)) : 137);
			}
		}
	}

	#done(message: Buffer): Buffer {
		const end = message.indexOf(METER_END);
		this.meter = JSON.parse(message.toString("latin1", 1, end));
		return message.subarray(end + 1);
	}

	#send(kind: string, body: Uint8Array): void {
		try {
			writeFrame(this.#output, kind, body);
		} catch (error) {
			// The worker is gone: the next frame, from its shell, says why.
			if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
		}
	}
}

interface Ends {
	read: number;
	write: number;
}

function fifos(): { up: Ends; down: Ends } {
	const folder = mkdtempSync(join(tmpdir(), "xs-"));
	try {
		const paths = [join(folder, "up"), join(folder, "down")] as const;
		execFileSync("mkfifo", paths);
		return { up: open(paths[0]), down: open(paths[1]) };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Opening one end alone would block until the other is open; a helper that is both lets the two real ends come. */
function open(path: string): Ends {
	const helper = openSync(path, constants.O_RDWR);
	const read = openSync(path, constants.O_RDONLY);
	const write = openSync(path, constants.O_WRONLY);
	closeSync(helper);
	return { read, write };
}
