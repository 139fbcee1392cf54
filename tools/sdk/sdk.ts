// Calls of the Moddable SDK's own tools, always `-t build`: the stock targets end every other simulator of this machine.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout of this project. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** An SDK checkout whose tools are built. */
export interface SDK {
	/** `MODDABLE`. */
	moddable: string;
	environment: NodeJS.ProcessEnv;
}

const Tools = ["mcconfig", "mcrun", "xsc", "xsl", "xsid", "mcsim"];

/** Takes the SDK from `MODDABLE`; throws an Error that says what is missing and how to get it. */
export function findSDK(): SDK {
	const { MODDABLE: moddable } = process.env;
	if (!moddable)
		throw new Error(
			"MODDABLE: expected the path of a Moddable SDK 8.2.3 checkout, it is not set. docs/sdk.md tells how to get one.",
		);
	const bin = join(moddable, "build/bin/lin/release");
	const missing = Tools.filter((tool) => !existsSync(join(bin, tool)));
	if (missing.length)
		throw new Error(
			`${bin}: expected the SDK's tools, missing: ${missing.join(", ")}. Build them: docs/sdk.md.`,
		);
	const path = [bin, join(root, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
	return { moddable, environment: { ...process.env, MODDABLE: moddable, PATH: path } };
}

/** The SDK's own version. */
export function sdkVersion({ moddable }: SDK): string {
	return readFileSync(join(moddable, "tools/VERSION"), "utf8").trim();
}

/** Runs a program of the SDK; rejects with the end of what it printed when it fails. Resolves with all of it. */
export function run(sdk: SDK, directory: string, command: string, args: string[]): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			cwd: directory,
			env: sdk.environment,
			stdio: ["ignore", "pipe", "pipe"],
		});
		let output = "";
		for (const stream of [child.stdout, child.stderr])
			stream.on("data", (data: Buffer) => {
				output += data;
			});
		child.once("error", reject);
		child.once("close", (status) => {
			if (status === 0) return resolve(output);
			const tail = output.split("\n").slice(-25).join("\n");
			reject(new Error(`${command} ${args.join(" ")}: expected status 0, got ${status}\n${tail}`));
		});
	});
}

/** The one file of that name below `directory`, whatever mcconfig called the application's directory. */
export function find(directory: string, name: string): string {
	const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
		(file) => file === name || file.endsWith(`/${name}`),
	);
	const [only] = files;
	if (files.length !== 1 || only === undefined)
		throw new Error(`${directory}: expected one ${name}, got ${files.length}: ${files.join(", ")}`);
	return join(directory, only);
}

/** Builds a manifest's application for the simulator, with debugging: only such builds trace. Returns `mc.so`'s path. */
export async function buildHost(
	sdk: SDK,
	manifest: string,
	output: string,
	config: Record<string, string> = {},
): Promise<string> {
	mkdirSync(output, { recursive: true });
	const values = Object.entries(config).map(([name, value]) => `${name}=${value}`);
	await run(sdk, root, "mcconfig", [
		"-d",
		"-m",
		"-p",
		"lin",
		"-t",
		"build",
		"-o",
		output,
		manifest,
		...values,
	]);
	return find(join(output, "bin/lin/mc/debug"), "mc.so");
}

/**
 * Generates the ESP32 build of the project without compiling it (no `-m`), which needs no ESP-IDF. Returns the directory that
 * holds `modules`, `mc.ffi.c` and `xsProj-esp32`.
 */
export async function generateESP32(
	sdk: SDK,
	target: string,
	output: string,
	manifest = join(root, "manifest.json"),
): Promise<string> {
	rmSync(output, { recursive: true, force: true });
	mkdirSync(output, { recursive: true });
	const platform = `esp32:${join(root, "hosts/esp32", target)}`;
	await run(sdk, root, "mcconfig", ["-d", "-p", platform, "-o", output, manifest]);
	return dirname(find(join(output, "tmp"), "mc.ffi.c"));
}

/**
 * Builds a mod archive that replaces the module `app` by `source`. `ballast` random bytes ride along as a resource, as fonts
 * and pictures do in a real one. Returns the path of the `.xsa`.
 */
export async function buildMod(sdk: SDK, source: string, output: string, ballast = 0): Promise<string> {
	rmSync(output, { recursive: true, force: true });
	mkdirSync(join(output, "app"), { recursive: true });
	writeFileSync(join(output, "app/app.ts"), source);
	writeFileSync(join(output, "app/ballast.dat"), randomBytes(ballast));
	writeFileSync(join(output, "app/manifest.json"), JSON.stringify(modManifest(sdk), undefined, "\t"));
	const args = ["-d", "-m", "-p", "lin", "-t", "build", "-o", output, join(output, "app/manifest.json")];
	await run(sdk, root, "mcrun", args);
	return find(join(output, "bin/lin/mc/debug"), "mc.xsa");
}

/** The application's own compiler settings. What the mod imports is the host's: the compiler must find it, the archive not carry it. */
function modManifest({ moddable }: SDK): unknown {
	const { typescript } = JSON.parse(readFileSync(join(root, "manifest.json"), "utf8"));
	typescript.tsconfig.compilerOptions.paths = {
		"host/contract": [join(root, "hosts/contract")],
		"host/pins": [join(root, "hosts/simulator/pins")],
		timer: [join(moddable, "typings/timer")],
	};
	return {
		include: ["$(MODDABLE)/examples/manifest_mod.json"],
		modules: { "*": "./app" },
		data: { "*": "./ballast" },
		typescript,
	};
}
