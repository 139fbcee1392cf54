// `npm run test:sdk`: what only the Moddable SDK can show. The last line is `N passed, N failed`.
import { args } from "./args.ts";
import { findSDK, sdkVersion } from "./sdk/sdk.ts";
import { closingLines, sum } from "./test/results.ts";
import { filter, specs, specsIn, tidy } from "./test/run.ts";

const Timeout = 300_000; // ms per spec: builds of the whole application, an update at the simulator's 75 KB/s

const options = args({
	command: "MODDABLE=/path/to/moddable npm run test:sdk --",
	about: `Builds main.ts for Moddable's desktop simulator and plays the whole scenario in it, headless, against the stand-in;
runs our specs over the SDK's own MQTT client; generates the ESP32 build (no ESP-IDF needed) and compares it.`,
	options: { only: { help: "spec files whose path contains TEXT", value: "TEXT", default: "" } },
});

/** These run the SDK's JavaScript on Node over fakes of its modules; the others run its tools and the simulator. */
const onNode = (file: string): boolean => file.endsWith("mqtt.test.ts");

async function main(): Promise<number> {
	const sdk = findSDK();
	console.log(`Moddable SDK ${sdkVersion(sdk)} in ${sdk.moddable}\n`);
	filter.only = options.only;
	const files = await specsIn("test/sdk");
	const fakes = { ...sdk.environment, TS_PATHS: "test/paths.json" };
	const results = sum([
		await specs("SDK files on Node", files.filter(onNode), { timeout: Timeout, env: fakes }),
		await specs(
			"SDK tools",
			files.filter((file) => !onNode(file)),
			{ timeout: Timeout, env: sdk.environment },
		),
	]);
	tidy();
	if (results.failures.length) console.log(`\nFailed\n  ${results.failures.join("\n  ")}`);
	console.log(`\n${closingLines(results).join("\n")}`);
	return results.failed || !results.passed ? 1 : 0;
}

main().then(
	(status) => {
		process.exitCode = status;
	},
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	},
);
