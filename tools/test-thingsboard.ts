// `npm run test:thingsboard`: the end-to-end specs tagged @real, against the ThingsBoard that TB_URL names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { args } from "./args.ts";
import { clean } from "./peer/clean.ts";
import { RestClient } from "./peer/rest.ts";
import { closingLines, type Results } from "./test/results.ts";
import { filter, output, root, specs, specsIn, tidy } from "./test/run.ts";

const tag = "@real";
const timeout = 120_000; // ms a spec may take on a server far away

const options = args({
	command: "TB_URL=… TB_USER=… TB_PASSWORD=… npm run test:thingsboard --",
	about: `Runs the end-to-end specs tagged ${tag} against any ThingsBoard, as its tenant administrator. They use only public
surface (REST and MQTT), put a prefix of their own before every name, and delete what they made.

  TB_URL       REST, e.g. https://thingsboard.example or http://127.0.0.1:8080
  TB_USER      a tenant administrator's name
  TB_PASSWORD  and password
  TB_MQTT      MQTT as HOST, HOST:PORT or mqtts://HOST[:PORT]; default: the host of TB_URL, port 1883

Status 0 when all passed, 1 when one failed, 2 when the server is not named or does not let us in.`,
	options: {
		only: { help: "only spec files whose path contains TEXT", value: "TEXT", default: "" },
		clean: { help: "only delete what killed runs have left behind, conformance's too" },
		json: { help: "one JSON object on stdout, everything else on stderr" },
	},
});

/** @throws Error that says what is missing, or why the server cannot be used. */
async function check(): Promise<RestClient> {
	const { TB_URL, TB_USER, TB_PASSWORD } = process.env;
	const missing = Object.entries({ TB_URL, TB_USER, TB_PASSWORD }).flatMap(([name, value]) =>
		value ? [] : [name],
	);
	if (!TB_URL || !TB_USER || !TB_PASSWORD)
		throw new Error(`expected TB_URL, TB_USER and TB_PASSWORD in the environment, missing: ${missing.join(", ")}
The same specs run against the stand-in in npm test. All options: npm run test:thingsboard -- --help`);
	const rest = new RestClient(TB_URL);
	await rest.login(TB_USER, TB_PASSWORD);
	return rest;
}

async function run(): Promise<Results> {
	const files = (await specsIn("test/e2e")).filter((file) =>
		readFileSync(join(root, file), "utf8").includes(tag),
	);
	return specs(`against ${process.env.TB_URL}`, files, { timeout, env: { SPEC_TAG: tag } });
}

try {
	if (options.json) output.stdout = 2;
	filter.only = options.only;
	const rest = await check();
	console.error(`ThingsBoard ${rest.url}`);
	if (options.clean) {
		const deleted = await clean(rest);
		console.log(
			options.json ? JSON.stringify({ deleted }) : `${deleted.length} deleted\n${deleted.join("\n")}`,
		);
		process.exit(0);
	}
} catch (error) {
	console.error(`test:thingsboard: ${(error as Error).message}`);
	process.exit(2);
}
const results = await run();
tidy();
if (options.json) console.log(JSON.stringify(results));
else console.log(`\n${closingLines(results).join("\n")}`);
process.exitCode = results.failed || !results.passed ? 1 : 0;
