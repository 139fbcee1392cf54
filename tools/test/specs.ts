// Runs spec files in this process: `specs.ts TIMEOUT FILE...`, timeout in milliseconds. Results go to the file SPEC_RESULTS names;
// SPEC_TAG leaves out every spec whose full title does not contain it.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import Mocha from "mocha";
import Reporter from "../reporter.ts";

const Grace = 5000; // ms that open handles get to close by themselves after the last spec

const [timeout = "2000", ...files] = process.argv.slice(2);
const mocha = new Mocha({
	reporter: Reporter as unknown as Mocha.ReporterConstructor,
	timeout: Number(timeout),
});
if (process.env.SPEC_TAG) mocha.fgrep(process.env.SPEC_TAG);

/** Mocha's own loader tries `require` first, and then hides why an `import` failed. */
async function load(file: string): Promise<void> {
	const path = resolve(file);
	mocha.suite.emit("pre-require", globalThis, path, mocha);
	await import(pathToFileURL(path).href);
}

if (existsSync("test/setup.ts")) await load("test/setup.ts");
for (const file of files) await load(file);

mocha.run((failures) => {
	process.exitCode = failures ? 1 : 0;
	setTimeout(() => {
		console.error(`The specs left something open: ${process.getActiveResourcesInfo().join(", ")}`);
		process.exit(1);
	}, Grace).unref();
});
