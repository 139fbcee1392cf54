// Python programs that use ThingsBoard's own SDK.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { root } from "./program.ts";

/** A Python that has tb-mqtt-client: `PYTHON` (or `TB_PYTHON`), else python3 on the path; `undefined` where neither has. */
export function pythonWithSdk(): string | undefined {
	const python = process.env.TB_PYTHON ?? process.env.PYTHON ?? "python3";
	const { status } = spawnSync(python, ["-c", "import tb_device_mqtt, tb_gateway_mqtt"]);
	return status === 0 ? python : undefined;
}

/** A running Python program of `test/python`. */
export class PythonProgram {
	#child: ChildProcessWithoutNullStreams;
	#lines: unknown[] = [];
	#wake: () => void = () => undefined;
	#over = false;
	/** What it wrote to stderr. */
	errors = "";

	constructor(python: string, script: string, args: (string | number)[], cwd = root) {
		this.#child = spawn(python, ["-u", `${root}/test/python/${script}`, ...args.map(String)], { cwd });
		this.#child.stderr.on("data", (data) => {
			this.errors += data;
		});
		createInterface(this.#child.stdout).on("line", (line) => {
			if (line.startsWith("{")) this.#lines.push(JSON.parse(line));
			this.#wake();
		});
		this.#child.once("close", () => {
			this.#over = true;
			this.#wake();
		});
	}

	/** The next line of JSON. Throws when the program ended without it. */
	async next(): Promise<unknown> {
		while (!this.#lines.length && !this.#over) await this.#turn();
		if (this.#lines.length) return this.#lines.shift();
		throw new Error(`Python: expected a line of JSON, the program ended: ${this.errors}`);
	}

	/** The value of the first event of that name that was not taken yet; events of other names keep waiting. */
	async event(name: string): Promise<unknown> {
		for (;;) {
			const at = this.#lines.findIndex((line) => Object.hasOwn(line as object, name));
			if (at >= 0) return (this.#lines.splice(at, 1)[0] as Record<string, unknown>)[name];
			if (this.#over) throw new Error(`Python: expected ${name}, the program ended: ${this.errors}`);
			await this.#turn();
		}
	}

	write(line: string): void {
		this.#child.stdin.write(`${line}\n`);
	}

	/** Ends its stdin and waits for its end; gives its exit status. */
	async end(): Promise<number | null> {
		this.#child.stdin.end();
		while (!this.#over) await this.#turn();
		return this.#child.exitCode;
	}

	kill(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	get over(): boolean {
		return this.#over;
	}

	#turn(): Promise<void> {
		return new Promise((done) => {
			this.#wake = done;
		});
	}
}
