// `npm test`: everything that needs no SDK. The last line is `N passed, N failed`.
import { args } from "./args.ts";
import { coverageLines, gate, measured } from "./test/coverage.ts";
import { check, closingLines, none, type Results, skips, sum } from "./test/results.ts";
import { filter, output, tidy } from "./test/run.ts";
import { type Step, steps } from "./test/steps.ts";

const options = args({
	command: "npm test --",
	about: `Types, lint, specs on Node, the same module specs inside XS, then virtual board against stand-in.
Ends with "N skipped: reasons" (when something was) and "N passed, N failed". With CI=true and a C compiler
specs that XS skips are a failure.`,
	options: {
		fast: { help: "without XS and without the end-to-end suite" },
		long: { help: "the big numbers: sets TEST_LONG=1 for every spec" },
		only: { help: "only spec files whose path contains TEXT", value: "TEXT", default: "" },
		json: { help: "one JSON object on stdout, everything else on stderr" },
	},
});

const say = (line: string): void => (options.json ? console.error(line) : console.log(line));

function brief(results: Results): string {
	const skipped = skips(results);
	return `  ${results.passed} passed, ${results.failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}

/** A step that itself breaks is a failure, never the end of the run. */
async function play({ name, run }: Step): Promise<Results> {
	say(`\n${name}`);
	const began = Date.now();
	try {
		const results = await run();
		if (results.passed || results.failed || skips(results)) say(brief(results));
		return results;
	} catch (error) {
		say(`  ${error instanceof Error ? error.stack : error}`);
		return check(name, false);
	} finally {
		say(`  ${seconds(began)} s`);
	}
}

const seconds = (began: number): number => Math.round((Date.now() - began) / 1000);

/** Types and lint are not specs: a run of those alone has shown nothing. */
const ran = ({ passed, failed }: Results): boolean => passed + failed > 0;

const coverage: string[] = [];

/** A part of the specs covers a part: only a whole run is held to it. */
async function cover(): Promise<Results> {
	const summary = (await measured()) ?? {};
	coverage.push(...coverageLines(summary));
	for (const line of coverage) say(line);
	return filter.only ? none() : gate(summary);
}

async function main(): Promise<Results> {
	if (options.json) output.stdout = 2;
	if (options.long) process.env.TEST_LONG = "1";
	filter.only = options.only;
	const all: Results[] = [];
	for (const step of [...steps(options.fast), { name: "Coverage of the specs on Node", run: cover }])
		all.push(await play(step));
	if (!all.slice(2).some(ran)) all.push(check("expected at least one spec to run, none did", false));
	const results = sum(all);
	if (results.failures.length) say(`\nFailed\n  ${results.failures.join("\n  ")}`);
	return results;
}

const began = Date.now();
process.once("SIGINT", () => {
	tidy();
	process.exit(130);
});
const results = await main();
tidy();
say(`\n${seconds(began)} s in all`);
if (options.json) console.log(JSON.stringify({ ...results, coverage }));
else console.log(`\n${closingLines(results).join("\n")}`);
process.exitCode = results.failed || !results.passed ? 1 : 0;
