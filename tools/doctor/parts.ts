// What the project can make use of on a machine, how each thing is recognised, what it is for and where it comes from.
import { readdirSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { workerBinary } from "../../hosts/virtual/worker.ts";
import { ask, atLeast, text, which } from "./ask.ts";

/** One thing a machine has or lacks. */
export interface Part {
	name: string;
	/** It is there, and new enough. */
	found: boolean;
	/** Version, or the best it says about itself. */
	version?: string;
	/** What does not work without it. */
	neededFor: string;
	/** `npm start` or `npm test` does not work without it. */
	required: boolean;
	/** What to do about it; only when it is missing. */
	cure?: string;
}

const board = "an ESP32 build";
const everyday = "npm start, npm test";
const Node = "20.6";

function part(
	name: string,
	version: string | undefined,
	neededFor: string,
	required: boolean,
	cure: string,
): Part {
	const found = version !== undefined;
	return { name, found, ...(found ? { version } : { cure }), neededFor, required };
}

function node(): Part {
	const { node: version } = process.versions;
	const cure = `Node ${version} is too old: install ${Node} or newer (20 and 22 are tried) from nodejs.org`;
	return part("node", atLeast(version, Node) ? version : undefined, everyday, true, cure);
}

function engine(): Part[] {
	const binary = workerBinary();
	const version = binary ? ask(binary, ["-v"], /XS \d+(?:\.\d+)+/) : undefined;
	const built = version !== undefined;
	const compile = built ? "npm run xs (worker is built already)" : "building the XS worker";
	const tools = "apt install build-essential (Debian, Ubuntu), xcode-select --install (macOS)";
	const worker = "npm run xs builds it; if it says the package is missing: npm ci --include=optional";
	return [
		part("XS worker", version, `${everyday}: the virtual board's engine`, true, worker),
		part("cc", ask("cc", ["--version"], /.+/), compile, !built, tools),
		part("make", ask("make", ["--version"], /[\d.]+/), compile, !built, tools),
		part(
			"mkfifo",
			which("mkfifo"),
			`${everyday}: the wire to the XS worker`,
			true,
			"Linux or macOS; on Windows use WSL",
		),
	];
}

function chromium(): string | undefined {
	const names = ["chromium", "chromium-browser", "google-chrome"];
	return names.map((name) => ask(name, ["--version"])).find(Boolean);
}

/** The SDK's version; where it is missing Python names its own in the path of what it complains of. */
export function pythonSDK(python: string): string | undefined {
	const script = "from importlib.metadata import version; print('SDK', version('tb-mqtt-client'))";
	return ask(python, ["-c", script], /^SDK (\d\S*)$/m);
}

function witnesses(): Part[] {
	const esptool =
		ask("esptool", ["version"]) ??
		ask("esptool.py", ["version"]) ??
		ask("python3", ["-m", "esptool", "version"], /v(\d[\d.]+)/);
	return [
		part(
			"python3",
			ask("python3", ["--version"]),
			"esptool, Python SDK",
			false,
			"apt install python3, or python.org",
		),
		part(
			"esptool",
			esptool,
			"specs that let Espressif's own tool judge our images",
			false,
			"python3 -m pip install esptool",
		),
		part(
			"Python SDK",
			pythonSDK(process.env.PYTHON ?? "python3"),
			"specs and bench with ThingsBoard's own Python SDK",
			false,
			"pip install tb-mqtt-client in a virtual environment, and PYTHON=its python",
		),
		part("Chromium", chromium(), "specs of web pages", false, "apt install chromium"),
		part(
			"mosquitto",
			ask("mosquitto", ["-h"], /version ([\d.]+)/),
			"the client on a foreign broker, specs with mosquitto's clients, the bench beside it",
			false,
			"apt install mosquitto mosquitto-clients",
		),
	];
}

/** XS release of an SDK, from its sources: the header counts compiled-in features for the minor number, so only the major is read. */
function sdkEngine(sdk: string): string {
	const major = /define XS_MAJOR_VERSION (\d+)/.exec(text(join(sdk, "xs/sources/xsCommon.h")) ?? "")?.[1];
	return major ? ` (XS ${major})` : "";
}

function sdk(): Part[] {
	const use = "npm run test:sdk";
	const both = `${use}, ${board}`;
	const folder = process.env.MODDABLE;
	const version = folder ? text(join(folder, "tools/VERSION")) : undefined;
	const wanted = "install Moddable SDK 8.2.3 (moddable.com, Getting Started) and export MODDABLE=its folder";
	const tools = folder ? "export PATH=$PATH:$MODDABLE/build/bin/lin/release (mac: bin/mac/release)" : wanted;
	const display = process.env.DISPLAY ? ` (DISPLAY ${process.env.DISPLAY} is set)` : "";
	return [
		part("MODDABLE", version && folder ? version + sdkEngine(folder) : undefined, both, false, wanted),
		part("mcconfig", which("mcconfig"), both, false, tools),
		part(
			"tsc",
			ask("tsc", ["--version"]),
			`${use}: mcconfig calls it, 6 or 7`,
			false,
			"npm ci, and start by npm run (or put node_modules/.bin on PATH)",
		),
		part("Xvfb", which("Xvfb"), `${use} without a screen${display}`, false, "apt install xvfb"),
	];
}

/** Release of an ESP-IDF, from the file that its build reads: v6.0 or a fix of it, as the SDK expects. */
function idf(): string | undefined {
	const folder = process.env.IDF_PATH;
	const cmake = folder && text(join(folder, "tools/cmake/version.cmake"));
	if (!cmake) return undefined;
	const numbers = ["MAJOR", "MINOR", "PATCH"].map(
		(name) => new RegExp(`IDF_VERSION_${name} (\\d+)`).exec(cmake)?.[1] ?? "?",
	);
	return numbers[0] === "6" && numbers[1] === "0" ? numbers.join(".") : undefined;
}

/** A board on USB shows as one of these. */
function serialPort(): string | undefined {
	const shape = platform() === "darwin" ? /^cu\.(usb|SLAB|wch)/ : /^tty(USB|ACM)\d/;
	const found = readdirSync("/dev").find((name) => shape.test(name));
	return found && `/dev/${found}`;
}

function esp32(): Part[] {
	const env = "install ESP-IDF v6.0 (docs/esp32.md) and source its export.sh";
	const compiler = (name: string) => ask(name, ["--version"], /\d+\.\d+\.\d+/);
	return [
		part("IDF_PATH", idf(), board, false, env),
		part("idf.py", ask("idf.py", ["--version"], /v\d[\w.-]+/), board, false, env),
		part("xtensa gcc", compiler("xtensa-esp32-elf-gcc"), `${board} (ESP32, S3)`, false, env),
		part("riscv gcc", compiler("riscv32-esp-elf-gcc"), `${board} (C3)`, false, env),
		part(
			"serial port",
			serialPort(),
			"flashing a board",
			false,
			"plug the board in; some need a driver (CP210x, CH34x)",
		),
	];
}

/** Everything, in the order a newcomer needs it. */
export function parts(): Part[] {
	const npm = part("npm", ask("npm", ["--version"]), everyday, true, "comes with Node: nodejs.org");
	return [node(), npm, ...engine(), ...witnesses(), ...sdk(), ...esp32()];
}
