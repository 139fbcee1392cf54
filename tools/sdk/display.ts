// A screen for a program that insists on one: Xvfb on a display number that it chooses itself.
import { type ChildProcess, spawn } from "node:child_process";

/** A virtual X display. */
export class Display {
	readonly name: string;
	#child: ChildProcess;
	#orphan = () => void this.#child.kill("SIGKILL");

	constructor(name: string, child: ChildProcess) {
		this.name = name;
		this.#child = child;
		process.once("exit", this.#orphan); // or it would outlive a runner that breaks
	}
	close(): void {
		process.off("exit", this.#orphan);
		this.#child.kill("SIGTERM");
	}
}

/** Starts Xvfb; rejects when it is missing or tells no display number within 10 s. */
export function openDisplay(): Promise<Display> {
	return new Promise((resolve, reject) => {
		const args = ["-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"];
		const child = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
		const fail = (text: string) => {
			clearTimeout(timer);
			child.kill("SIGKILL");
			reject(new Error(`Xvfb: expected a display number, ${text}`));
		};
		const timer = setTimeout(() => fail("got none within 10 s"), 10_000);
		child.once("error", (error) => fail(`${error.message} (apt-get install xvfb)`));
		child.once("exit", (status) => fail(`it ended with ${status}`));
		child.stdio[3]?.once("data", (data: Buffer) => {
			clearTimeout(timer);
			child.removeAllListeners("exit");
			resolve(new Display(`:${data.toString().trim()}`, child));
		});
	});
}
