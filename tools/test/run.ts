// Runs one step of `npm test` in a process of its own and counts what came of it.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Line } from "../reporter.ts";
import { check, none, type Results } from "./results.ts";

/** The project's folder. Every child runs there. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** What this run writes down: results, and V8's record of coverage. A folder per process, so that two runs do not meet. */
export const scratch: string = join(root, ".test", String(process.pid));

/** Removes `scratch`. */
export const tidy = (): void => rmSync(scratch, { recursive: true, force: true });

/** Set by `--json`: what children print goes to stderr, so that stdout stays ours. */
export const output: { stdout: "inherit" | 2 } = { stdout: "inherit" };

/** Milliseconds; mocha ends hanging specs itself, this ends a process that hangs. The big numbers take their time. */
const patience = (): number => (process.env.TEST_LONG === "1" ? 7_200_000 : 1_200_000);

/** Runs a program to its end. Resolves with its status, or the signal's name, or the reason it could not start. */
export function run(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<number | string> {
	return new Promise((done) => {
		const stdio: ("ignore" | "inherit" | 2)[] = ["ignore", output.stdout, "inherit"];
		const child = spawn(file, args, { cwd: root, env: { ...process.env, ...env }, stdio });
		const timer = setTimeout(() => child.kill("SIGKILL"), patience());
		child.once("close", () => clearTimeout(timer));
		child.once("error", (error) => done(error.message));
		child.once("exit", (code, signal) => done(signal ?? code ?? 0));
	});
}

/** A program from node_modules/.bin whose status 0 is one passed check. */
export async function tool(name: string, program: string, args: string[]): Promise<Results> {
	const status = await run(join(root, "node_modules", ".bin", program), args);
	if (typeof status === "string") console.error(`${program}: ${status}`);
	return check(name, status === 0);
}

/** `--only`: spec files whose path does not contain it stay out. */
export const filter: { only: string } = { only: "" };

/** Spec files below the folders, sorted. Folders that do not exist hold none. */
export async function specsIn(...folders: string[]): Promise<string[]> {
	const found = await Promise.all(
		folders
			.filter((folder) => existsSync(join(root, folder)))
			.map(async (folder) =>
				(await readdir(join(root, folder), { recursive: true }))
					.filter((file) => file.endsWith(".test.ts"))
					.map((file) => join(folder, file)),
			),
	);
	return found
		.flat()
		.filter((file) => file.includes(filter.only))
		.sort();
}

/** How a group of specs is run. */
export interface SpecOptions {
	/** Milliseconds per spec. */
	timeout: number;
	/** Environment besides our own. */
	env?: NodeJS.ProcessEnv;
}

/** Runs spec files in one mocha process. A process that breaks off counts as one failure besides what it had counted. */
export async function specs(name: string, files: string[], options: SpecOptions): Promise<Results> {
	if (!files.length) return none();
	const results = join(scratch, `${name.replaceAll(/\W+/g, "-")}.jsonl`);
	mkdirSync(scratch, { recursive: true });
	const node = ["--enable-source-maps", "--import", "./tools/ts.mjs", "tools/test/specs.ts"];
	const env = { ...options.env, SPEC_RESULTS: results };
	const status = await run(process.execPath, [...node, String(options.timeout), ...files], env);
	const lines = existsSync(results) ? readFileSync(results, "utf8") : "";
	return count(name, lines, status);
}

/** Counts the reporter's lines; `status` is how the process ended. */
export function count(name: string, text: string, status: number | string): Results {
	const lines = text
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line) as Line);
	const results = none();
	for (const line of lines) {
		if (line.event === "pass") results.passed += 1;
		else if (line.event === "skip") results.skipped.push({ count: 1, reason: line.reason ?? line.title });
		else if (line.event === "fail") results.failures.push(`${line.file}: ${line.title}`);
	}
	results.failed = results.failures.length;
	const complete = lines.at(-1)?.event === "end";
	if (complete && (status === 0 || results.failed)) return results;
	const reason = complete ? "specs passed, but the process" : "broke off: the process";
	return {
		...results,
		failed: results.failed + 1,
		failures: [...results.failures, `${name} ${reason} ended with ${status}`],
	};
}
