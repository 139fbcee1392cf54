// Moddable's desktop simulator without a desktop: one run of mcsim behind an xsbug port of its own, with an exit status.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { listen } from "./xsbug.ts";

/** How a run ended. */
export interface End {
	/** `exit`: the program traced `##EXIT status`; the others are what went wrong. */
	reason: "exit" | "abort" | "died" | "timeout" | "stopped";
	/** The traced status; 70 abort, 3 died, 4 timeout, 0 stopped. */
	status: number;
	/** XS's own words, the signal, ... */
	text: string;
}

/** What is run and where. */
export interface Run {
	/** SDK checkout. */
	moddable: string;
	/** X display, e.g. `:99`. */
	display: string;
	/** Absolute path of the host's `mc.so`. */
	library: string;
	/** Absolute path of a mod archive that replaces modules of the host. */
	archive?: string | undefined;
	/** Working directory of the program, and so the simulator's state directory. */
	directory: string;
	/** Default 60 000 ms; Infinity for none. */
	timeout?: number;
	onLine?(line: string): void;
}

const Statuses = { abort: 70, died: 3, timeout: 4, stopped: 0 } as const;
/** Environment that mcsim may have: nothing of the person's desktop session, in which a simulator may be running already. */
const Passed = ["PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"];

/** One machine from power-on to its end. */
export class Simulator {
	/** Resolves when the process and the port are gone. */
	readonly end: Promise<End>;
	#child: ChildProcess | undefined;
	#server: Server | undefined;
	#settle: (end: End) => void = () => undefined;
	#settled = false;
	#thrown = ""; // the last exception and where it came from
	#orphan = () => void this.#child?.kill("SIGKILL"); // a runner that breaks leaves no simulator behind

	/** Starts at once. Port and process belong to this object and end with it. */
	constructor(run: Run) {
		const settled = new Promise<End>((resolve) => {
			this.#settle = (end) => {
				this.#settled = true;
				resolve(end);
			};
		});
		const timeout = run.timeout ?? 60_000;
		const timer =
			timeout === Number.POSITIVE_INFINITY
				? undefined
				: setTimeout(() => this.#finish("timeout", `no end within ${timeout} ms`), timeout);
		this.end = this.#start(run)
			.then(() => settled)
			.finally(() => {
				clearTimeout(timer);
				return this.#clear();
			});
	}

	/** Ends the run as a power cut does. */
	stop(): Promise<End> {
		this.#finish("stopped", "");
		return this.end;
	}

	async #start(run: Run): Promise<void> {
		const { server, port } = await listen({
			onLine: (line) => this.#line(run, line),
			onBreak: (message, frames) => {
				this.#thrown = [message, ...frames].join("\n    ");
			},
			onDisconnect: () => this.#finish("abort", "the machine disconnected"),
		});
		this.#server = server;
		if (this.#settled) return;
		const files = run.archive === undefined ? [run.library] : [run.library, run.archive];
		this.#child = spawn(join(run.moddable, "build/bin/lin/release/mcsim"), files, {
			cwd: run.directory,
			env: environment(run, port),
			stdio: "ignore",
		});
		process.once("exit", this.#orphan);
		this.#child.once("error", (error) => this.#finish("died", error.message));
		this.#child.once("exit", (status, signal) =>
			this.#finish("died", `mcsim ended with ${signal ?? status}`),
		);
	}

	#line(run: Run, line: string): void {
		if (this.#settled) return;
		const marker = /^##EXIT (\d+)/.exec(line);
		if (marker) this.#finish("exit", line, Number(marker[1]));
		else run.onLine?.(line);
		if (line.startsWith("XS abort")) this.#finish("abort", `${line}: ${this.#thrown}`);
	}

	#finish(
		reason: End["reason"],
		text: string,
		status: number = reason === "exit" ? 0 : Statuses[reason],
	): void {
		if (!this.#settled) this.#settle({ reason, status, text });
	}

	async #clear(): Promise<void> {
		process.off("exit", this.#orphan);
		const child = this.#child;
		if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
			const gone = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGKILL"); // as a power cut: nothing is saved on the way out
			await gone;
		}
		this.#server?.close();
	}
}

/** mcsim keeps copies of library and archive in its configuration directory; every run gets one of its own. */
function environment({ display, directory }: Run, port: number): NodeJS.ProcessEnv {
	const own = join(directory, "mcsim");
	mkdirSync(own, { recursive: true });
	return {
		...Object.fromEntries(Passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
		HOME: own,
		XDG_CONFIG_HOME: own,
		DISPLAY: display,
		GDK_BACKEND: "x11",
		NO_AT_BRIDGE: "1",
		DBUS_SESSION_BUS_ADDRESS: "disabled:",
		XSBUG_HOST: "127.0.0.1",
		XSBUG_PORT: String(port),
	};
}
