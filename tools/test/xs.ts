// Runs the module specs inside XS: `xs.ts RESULTS TEXT`. RESULTS is the file for the outcome, TEXT what a spec file's path contains.
import { writeFileSync } from "node:fs";
import { runXSSpecs, specFiles } from "../../test/xs/run.ts";
import { compiler } from "../xs.ts";
import { none, type Results } from "./results.ts";

/** Of what specs trace only the seeds of random ones matter: failures carry their own text. */
function printSeed(text: string): void {
	if (/\bseed\b/.test(text)) process.stdout.write(`  ${text.trim()}\n`);
}

const [out = "", only = ""] = process.argv.slice(2);
const files = specFiles().filter((file) => file.includes(only));
const { passed, failed, failures, skipped, reason } = await runXSSpecs(files, printSeed);

for (const { name, text } of failures) console.log(`  ✗ ${name}\n    ${text.replaceAll("\n", "\n    ")}\n`);

const results: Results = {
	passed,
	failed,
	skipped: [{ count: skipped, reason: reason ?? "skipped inside XS by the spec itself" }],
	failures: failures.map(({ name }) => `inside XS: ${name}`),
};
// Where XS can be had, a spec that does not run in it is a hole that nobody would see.
if (skipped && !failed && process.env.CI === "true" && compiler()) {
	results.failed = 1;
	results.failures.push(
		`inside XS: expected every spec to run where CI=true and a C compiler is there, ${skipped} were skipped`,
	);
}
writeFileSync(out, JSON.stringify(files.length ? results : none()));
