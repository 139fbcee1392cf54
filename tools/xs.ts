/** `npm run xs`: builds the XS worker of @agoric/xsnap when it is missing, by running the package's own build. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { workerBinary, workerBuilt } from "../hosts/virtual/worker.ts";

const require = createRequire(import.meta.url);

/** Name of a C compiler that answers here, or undefined. The worker's build calls `cc`. */
export function compiler(): string | undefined {
	return answers("cc") ? "cc" : undefined;
}

const answers = (program: string): boolean =>
	spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

/** Folder of the package, or undefined when npm left it out. */
function packageFolder(): string | undefined {
	try {
		return join(dirname(require.resolve("@agoric/xsnap")), "..");
	} catch {
		return undefined;
	}
}

/** The environment that the package's published build wants, from its build.env (KEY=value lines). */
function environment(folder: string): NodeJS.ProcessEnv {
	const lines = readFileSync(join(folder, "build.env"), "utf8").split("\n");
	const pairs = lines.map((line) => /^([A-Z_]+)=(.*)$/.exec(line)).filter((match) => match !== null);
	const unquoted = (value = ""): string => value.replace(/^'(.*)'$/, "$1");
	return { ...process.env, ...Object.fromEntries(pairs.map(([, key, value]) => [key, unquoted(value)])) };
}

/** Builds the worker. @throws Error that says what is missing and where it comes from. */
export function buildWorker(): void {
	const folder = packageFolder();
	if (!folder)
		throw new Error(
			"XS worker: expected the optional package @agoric/xsnap, it is not installed (run: npm ci)",
		);
	const missing = ["make", "cc"].filter((program) => !answers(program));
	if (missing.length)
		throw new Error(
			`XS worker: expected make and a C compiler (cc), missing: ${missing.join(", ")}. Debian: apt install build-essential; macOS: xcode-select --install`,
		);
	const { status } = spawnSync(process.execPath, ["src/build.js"], {
		cwd: folder,
		env: environment(folder),
		stdio: "inherit",
	});
	if (status !== 0)
		throw new Error(`XS worker: its build ended with status ${status}; the lines above say why`);
	if (!existsSync(workerBinary() ?? ""))
		throw new Error("XS worker: the build ended well but left no xsnap-worker");
}

function main(): void {
	if (workerBuilt()) {
		console.log("XS worker: already built.");
		return;
	}
	console.log("XS worker: building it from the sources in @agoric/xsnap (about a minute) …");
	buildWorker();
	console.log("XS worker: built.");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	try {
		main();
	} catch (error) {
		console.error((error as Error).message);
		process.exitCode = 1;
	}
}
