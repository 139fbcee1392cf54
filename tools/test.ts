// `npm test`: everything that needs no SDK. The last line is `N passed, N failed`.
import { args } from "./args.ts";
import { coverageLines, forget } from "./test/coverage.ts";
import { check, closingLines, none, type Results, skips, sum } from "./test/results.ts";
import { output } from "./test/run.ts";
import { type Step, steps } from "./test/steps.ts";

const options = args({
	command: "npm test --",
	about: `Types, lint, specs on Node, the same module specs inside XS, then virtual board against stand-in.
Ends with "N skipped: reasons" (when something was) and "N passed, N failed". With CI=true and a C compiler
specs that XS skips are a failure.`,
	options: {
		fast: { help: "without XS and without the end-to-end suite" },
		long: { help: "the big numbers: sets TEST_LONG=1 for every spec" },
		json: { help: "one JSON object on stdout, everything else on stderr" },
	},
});

const say = (line: string): void => (options.json ? console.error(line) : console.log(line));

/** A step that itself breaks is a failure, never the end of the run. */
async function play({ name, run }: Step): Promise<Results> {
	say(`\n${name}`);
	try {
		const results = await run();
		say(
			`  ${results.passed} passed, ${results.failed} failed${skips(results) ? `, ${skips(results)} skipped` : ""}`,
		);
		return results;
	} catch (error) {
		say(`  ${error instanceof Error ? error.stack : error}`);
		return check(name, false);
	}
}

async function main(): Promise<number> {
	if (options.json) output.stdout = 2;
	if (options.long) process.env.TEST_LONG = "1";
	forget();
	let total = none();
	for (const step of steps(options.fast)) total = sum([total, await play(step)]);
	const coverage = await coverageLines();
	say("\nCoverage of the specs on Node");
	for (const line of coverage) say(line);
	if (total.failures.length) say("\nFailed");
	for (const failure of total.failures) say(`  ${failure}`);
	if (options.json) console.log(JSON.stringify({ ...total, coverage }));
	else console.log(`\n${closingLines(total).join("\n")}`);
	return total.failed || !total.passed ? 1 : 0;
}

process.exitCode = await main();
