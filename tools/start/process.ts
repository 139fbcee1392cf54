// The two processes behind `npm start`: the stand-in ThingsBoard and the board. Both talk JSON lines on stdout.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One line a child said: `event` tells what the rest means. */
export interface Event {
	event?: string;
	[key: string]: unknown;
}

/** A program of ours in a process of its own. */
export class Program {
	readonly child: ChildProcess;
	/** Resolves with the exit status, or the signal's name, once the process is gone. */
	readonly gone: Promise<number | string>;

	/** `onEvent` gets every JSON line; other lines go to stderr untouched. */
	constructor(file: string, args: string[], onEvent: (event: Event) => void) {
		this.child = spawn(process.execPath, ["--import", "./tools/ts.mjs", file, ...args], {
			cwd: root,
			stdio: ["pipe", "pipe", "inherit"],
		});
		this.gone = new Promise((resolve) =>
			this.child.once("exit", (code, signal) => resolve(signal ?? code ?? 0)),
		);
		if (this.child.stdout)
			createInterface({ input: this.child.stdout }).on("line", (line) => {
				if (line.startsWith("{")) onEvent(JSON.parse(line) as Event);
				else process.stderr.write(`${line}\n`);
			});
	}

	/** Asks the program to end and waits; after 3 s it is killed. */
	async end(): Promise<void> {
		this.child.kill("SIGTERM");
		const timer = setTimeout(() => this.child.kill("SIGKILL"), 3000);
		await this.gone;
		clearTimeout(timer);
	}
}

/** The stand-in as a process: started when its ports are known. */
export async function startServer(
	args: string[],
): Promise<{ program: Program; url: string; mqttPort: number; mqttsPort: number | undefined }> {
	let ready: (event: Event) => void = () => undefined;
	const first = new Promise<Event>((resolve) => {
		ready = resolve;
	});
	const program = new Program("thingsboard/main.ts", ["--json", "--until-stdin-ends", ...args], (event) =>
		ready(event),
	);
	const early = program.gone.then((status): Event => {
		throw new Error(`stand-in ThingsBoard: expected it to listen, it ended with ${status}`);
	});
	early.catch(() => undefined); // once it listens, its end is no news for us
	const { url, mqttPort, mqttsPort } = await Promise.race([first, early]);
	const tls = typeof mqttsPort === "number" ? mqttsPort : undefined;
	return { program, url: String(url), mqttPort: Number(mqttPort), mqttsPort: tls };
}
