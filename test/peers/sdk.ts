// Drives test/peers/sdk.py: ThingsBoard's Python SDK in a process of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const python = process.env.PYTHON ?? "python3";
const program = fileURLToPath(new URL("sdk.py", import.meta.url));

/** Whether Python has the SDK. Importing it can take a while the first time: it fetches what it lacks. */
export const sdkThere =
	spawnSync(python, ["-c", "import tb_device_mqtt, tb_gateway_mqtt"], { timeout: 30_000 }).status === 0;

/** An argument that becomes a function; its calls come as events of that name. */
export const callback = (name: string): object => ({ callback: name });

interface Line {
	id?: number;
	result?: unknown;
	error?: string;
	event?: string;
	args?: unknown[];
}

/** One client of the SDK. */
export class Sdk {
	#child: ChildProcess;
	#events: Line[] = [];
	#answers = new Map<number, (line: Line) => void>();
	#nextId = 1;
	#wake: () => void = () => undefined;

	constructor(kind: "device" | "gateway" | "provision", port: number, token = "", chunkSize = 0) {
		const args = [program, kind, String(port), token, String(chunkSize)];
		this.#child = spawn(python, args, { stdio: ["pipe", "pipe", "inherit"] });
		if (this.#child.stdout)
			createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(JSON.parse(line)));
	}

	/** Calls a method; the result of something published is 0 once it is acknowledged. Throws what the SDK threw. */
	async call(name: string, ...args: unknown[]): Promise<unknown> {
		const id = this.#nextId++;
		const answer = new Promise<Line>((done) => this.#answers.set(id, done));
		this.#child.stdin?.write(`${JSON.stringify({ id, call: name, args })}\n`);
		const { result, error } = await answer;
		if (error !== undefined) throw new Error(`Python SDK: ${name}: ${error}`);
		return result;
	}

	/** The arguments of the next event of that name. */
	async event(name: string): Promise<unknown[]> {
		for (;;) {
			const at = this.#events.findIndex(({ event }) => event === name);
			const [line] = at < 0 ? [] : this.#events.splice(at, 1);
			if (line) return line.args ?? [];
			await new Promise<void>((done) => {
				this.#wake = done;
			});
		}
	}

	/** Disconnects and waits for the process to end. */
	async end(): Promise<void> {
		const gone = once(this.#child, "exit");
		this.#child.stdin?.end();
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
		await gone;
		clearTimeout(timer);
	}

	#take(line: Line): void {
		if (line.event) this.#events.push(line);
		else if (line.id) this.#answers.get(line.id)?.(line);
		this.#wake();
	}
}
