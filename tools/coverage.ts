// `npm run coverage`: the Node specs under V8's coverage, one line per folder.
import { args } from "./args.ts";
import { coverageLines } from "./test/coverage.ts";
import { closingLines, sum } from "./test/results.ts";
import { output, tidy } from "./test/run.ts";
import { moduleSpecs, nodeSpecs } from "./test/steps.ts";

const options = args({
	command: "npm run coverage --",
	about: `Runs the Node specs and prints the branch coverage of each folder, as "modules/ota branches 97.50 %".
What runs inside XS only (hosts/virtual/guest) cannot be seen by V8 and is left out.`,
	options: { html: { help: "leave a browsable report in coverage/index.html" } },
});

output.stdout = 2;
const results = sum([await moduleSpecs(), await nodeSpecs()]);
if (results.failed) for (const line of closingLines(results)) console.error(line);
for (const line of await coverageLines(options.html)) console.log(line);
tidy();
process.exit(results.failed ? 1 : 0);
