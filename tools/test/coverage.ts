// Branch coverage per folder, from what V8 recorded while the Node specs ran.
import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { transformSync } from "esbuild";
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

/** Adds up c8's json-summary, whose keys are absolute file names, for one folder of the project. */
export function fold(summary: Record<string, { branches: Branches }>, folder: string): Branches {
	const sum = { covered: 0, total: 0 };
	for (const [file, { branches }] of Object.entries(summary)) {
		const name = relative(root, file).replaceAll(sep, "/");
		if (!name.startsWith(`${folder}/`) || name.startsWith(`${guest}/`) || !hasCode(file)) continue;
		sum.covered += branches.covered;
		sum.total += branches.total;
	}
	return sum;
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
 * The coverage lines of what this process had recorded; files that no spec loaded count as uncovered.
 * With `html` a browsable report is left in `coverage/`. Folders that hold no code yet are left out.
 */
export async function coverageLines(html = false): Promise<string[]> {
	if (!existsSync(recorded)) return [];
	const reports = html ? join(root, "coverage") : join(scratch, "report");
	const present = folders.filter((folder) => existsSync(join(root, folder)));
	const args = [
		"report",
		"--all",
		"--temp-directory",
		recorded,
		"--reports-dir",
		reports,
		"--extension",
		".ts",
	];
	for (const folder of present) args.push("--src", folder, "--include", `${folder}/**/*.ts`);
	for (const reporter of ["json-summary", ...(html ? ["html"] : [])]) args.push("--reporter", reporter);
	const status = await run(join(root, "node_modules", ".bin", "c8"), args);
	if (status !== 0) throw new Error(`c8 report: expected status 0, got ${status}`);
	const summary = JSON.parse(readFileSync(join(reports, "coverage-summary.json"), "utf8"));
	return present.flatMap((folder) => coverageLine(folder, fold(summary, folder)));
}
