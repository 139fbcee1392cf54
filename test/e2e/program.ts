// Runs one of the project's programs to its end, for specs that look at it from outside.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a program printed and how it ended. */
export interface Ended {
	/** Exit status, or the signal's name. */
	status: number | string;
	/** stdout and stderr, in the order of arrival. */
	text: string;
}

/** Starts `file` with `args`; `onText` sees everything printed so far and may end the program by `kill`. */
export function run(
	file: string,
	args: string[],
	onText?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
	const child = spawn(process.execPath, ["--import", "./tools/ts.mjs", file, ...args], {
		cwd: root,
		stdio: ["pipe", "pipe", "pipe"],
	});
	let text = "";
	const take = (data: Buffer): void => {
		text += data;
		onText?.(text, (signal) => child.kill(signal));
	};
	child.stdout.on("data", take);
	child.stderr.on("data", take);
	return new Promise((resolve) =>
		child.once("close", (code, signal) => resolve({ status: signal ?? code ?? 0, text })),
	);
}
