// Branch coverage per folder, from what V8 recorded while the Node specs ran.
import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { transformSync } from "esbuild";
import { check, type Results, sum } from "./results.ts";
import { root, run, scratch } from "./run.ts";

/** The folders that are reported, one line each. */
export const folders = [
	"modules/tbclient",
	"modules/ota",
	"modules/gateway",
	"modules/service",
	"hosts/guards",
	"hosts/log",
	"hosts/virtual",
	"thingsboard",
];

/** The folders whose every branch is to be taken by the Node specs; `npm test` fails below that. */
export const complete: readonly string[] = ["modules/ota", "modules/tbclient"];

/** Runs only inside XS, where V8 sees nothing: left out of `hosts/virtual`. */
const guest = "hosts/virtual/guest";

/** Where V8 writes: environment variable `NODE_V8_COVERAGE` of the specs. */
export const recorded: string = join(scratch, "v8");

/** Covered and existing branches. */
export interface Branches {
	covered: number;
	total: number;
}

/** `modules/ota branches 97.50 %`. Nothing at all for a folder that holds no code yet. */
export function coverageLine(folder: string, { covered, total }: Branches): string[] {
	return total ? [`${folder} branches ${((100 * covered) / total).toFixed(2)} %`] : [];
}

/** c8's json-summary: its keys are absolute file names. */
export type Summary = Record<string, { branches: Branches }>;

/** The files of one folder of the project that hold code, by name. */
function filesOf(summary: Summary, folder: string): [name: string, branches: Branches][] {
	return Object.entries(summary)
		.map(([file, { branches }]): [string, Branches] => [relative(root, file).replaceAll(sep, "/"), branches])
		.filter(([name]) => name.startsWith(`${folder}/`) && !name.startsWith(`${guest}/`))
		.filter(([name]) => hasCode(join(root, name)));
}

/** Adds up the files of one folder. */
export function fold(summary: Summary, folder: string): Branches {
	const sum = { covered: 0, total: 0 };
	for (const [, { covered, total }] of filesOf(summary, folder)) {
		sum.covered += covered;
		sum.total += total;
	}
	return sum;
}

/** One check per folder of `complete`; its name tells which files leave branches out. Nothing measured is a failure too. */
export function gate(summary: Summary): Results {
	return sum(
		complete.map((folder) => {
			const { covered, total } = fold(summary, folder);
			const gaps = filesOf(summary, folder)
				.filter(([, branches]) => branches.covered < branches.total)
				.map(([name, branches]) => `${name} ${branches.covered} of ${branches.total}`);
			const found = gaps.join(", ") || `${covered} of ${total}`;
			return check(`${folder} branches 100 %: got ${found}`, total > 0 && covered === total);
		}),
	);
}

/** A file of types alone leaves nothing to cover. What cannot be read as TypeScript is for the type check to tell. */
function hasCode(file: string): boolean {
	try {
		return (
			transformSync(readFileSync(file, "utf8"), {
				loader: "ts",
				minify: true,
				logLevel: "silent",
			}).code.trim() !== ""
		);
	} catch {
		return true;
	}
}

/**
 * What this process had recorded, by file; files that no spec loaded count as uncovered. Undefined when nothing was recorded.
 * With `html` a browsable report is left in `coverage/`.
 */
export async function measured(html = false): Promise<Summary | undefined> {
	if (!existsSync(recorded)) return undefined;
	const reports = html ? join(root, "coverage") : join(scratch, "report");
	const args = [
		...["report", "--all", "--temp-directory", recorded],
		...["--reports-dir", reports, "--extension", ".ts"],
	];
	for (const folder of present()) args.push("--src", folder, "--include", `${folder}/**/*.ts`);
	for (const reporter of ["json-summary", ...(html ? ["html"] : [])]) args.push("--reporter", reporter);
	const status = await run(join(root, "node_modules", ".bin", "c8"), args);
	if (status !== 0) throw new Error(`c8 report: expected status 0, got ${status}`);
	return JSON.parse(readFileSync(join(reports, "coverage-summary.json"), "utf8"));
}

const present = (): string[] => folders.filter((folder) => existsSync(join(root, folder)));

/** One line per folder. Folders that hold no code yet are left out. */
export function coverageLines(summary: Summary): string[] {
	return present().flatMap((folder) => coverageLine(folder, fold(summary, folder)));
}
