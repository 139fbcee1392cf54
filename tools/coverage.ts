// `npm run coverage`: the Node specs under V8's coverage, one line per folder.
import { args } from "./args.ts";
import { coverageLines, gate, measured } from "./test/coverage.ts";
import { closingLines, sum } from "./test/results.ts";
import { output, tidy } from "./test/run.ts";
import { moduleSpecs, nodeSpecs } from "./test/steps.ts";

const options = args({
	command: "npm run coverage --",
	about: `Runs the Node specs and prints the branch coverage of each folder, as "modules/ota branches 97.50 %".
What runs inside XS only (hosts/virtual/guest) cannot be seen by V8 and is left out. Ends with 1 when a folder that
is to be covered whole (modules/ota, modules/tbclient) is not.`,
	options: { html: { help: "leave a browsable report in coverage/index.html" } },
});

output.stdout = 2;
const specs = sum([await moduleSpecs(), await nodeSpecs()]);
const summary = (await measured(options.html)) ?? {};
const results = sum([specs, gate(summary)]);
for (const failure of results.failures) console.error(failure);
if (results.failed) for (const line of closingLines(results)) console.error(line);
for (const line of coverageLines(summary)) console.log(line);
tidy();
process.exit(results.failed ? 1 : 0);
