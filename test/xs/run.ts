/**
 * The specs of test/modules inside the real XS engine: `node --import ./tools/ts.mjs test/xs/run.ts [--trace] [spec files]`.
 * All spec files become one script. Timers and time are told (test/fakes); digests come from the board.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Region, Slots } from "../../hosts/contract.ts";
import { bundle } from "../../hosts/virtual/bundle.ts";
import type { Storage } from "../../hosts/virtual/calls.ts";
import { VirtualClock } from "../../hosts/virtual/clock.ts";
import { Machine } from "../../hosts/virtual/machine.ts";
import { RealNetwork } from "../../hosts/virtual/network.ts";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { compiler } from "../../tools/xs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ComputeLimit = 1e9; // byte codes per spec: about 2.5 s

/** What came of the specs. */
export interface XSResults {
	passed: number;
	failed: number;
	/** Name and text of each failure. */
	failures: { name: string; text: string }[];
	/** Specs that said so themselves, or all of them when there is no XS worker. */
	skipped: number;
	/** Why all were skipped. */
	reason?: string;
}

interface Report {
	handle?: number;
	names?: string[];
	index?: number;
	outcome?: "passed" | "failed" | "skipped";
	text?: string;
}

/** Spec files below test/modules. */
export function specFiles(): string[] {
	return readdirSync(join(root, "test/modules"), { recursive: true, encoding: "utf8" })
		.filter((file) => file.endsWith(".test.ts"))
		.map((file) => join(root, "test/modules", file))
		.sort();
}

/** The specs as one script. @throws Error with esbuild's messages */
function script(files: string[]): Promise<string> {
	const imports = files.map((file) => `import ${JSON.stringify(`./${relative(root, file)}`)};`);
	const first = ['import "./test/xs/random.ts";', 'import { publish } from "./test/xs/mocha-lite.ts";'];
	const source = [...first, ...imports, "publish();"].join("\n");
	const fakes = JSON.parse(readFileSync(join(root, "test/paths.json"), "utf8")) as Record<string, [string]>;
	const modules = Object.fromEntries(
		Object.entries(fakes)
			.filter(([specifier]) => !["crypt", "host/signature"].includes(specifier))
			.map(([specifier, [file]]) => [specifier, file]),
	);
	const config = { title: "specs", version: "0.0.0", build: randomBytes(4).toString("hex") };
	return bundle({ source, modules, config });
}

/** A machine without flash: specs of modules bring their own fakes. */
class SpecMachine {
	readonly reports: Report[] = [];
	reset = "";
	readonly #machine: Machine;

	constructor(text: string, print: (line: string) => void) {
		this.#machine = new Machine({
			script: text,
			clock: new VirtualClock(),
			network: new RealNetwork(),
			slots: {} as Slots,
			storage: {} as Storage,
			region: {} as Region,
			mods: {} as Region,
			mod: undefined,
			boot: { resetReason: "POWERON", bootId: 1, address: "127.0.0.1", RSSI: -50, time: Date.UTC(2025, 0) },
			linkUp: true,
			worker: { computeLimit: ComputeLimit },
			onTrace: (line) => {
				if (line.startsWith("\u0001")) this.reports.push(JSON.parse(line.slice(1)) as Report);
				else print(line);
			},
			onReset: ({ reason, message }) => {
				this.reset = `${reason} ${message}`;
			},
		});
		this.#machine.run();
	}

	/** Runs one spec to its end. */
	run(handle: number, index: number): Report {
		this.#machine.send(handle, index);
		const report = this.reports.find((one) => one.index === index);
		if (report) return report;
		const text = this.reset || "the spec waits for something that never happens inside XS";
		return { index, outcome: "failed", text };
	}

	close(): void {
		this.#machine.close();
	}
}

/** Without a worker all specs are skipped; where CI could have built one, that is a failure. */
function unbuilt(files: number): XSResults {
	const reason = "the XS worker is not built (npm run xs)";
	const none = { passed: 0, failed: 0, failures: [], skipped: files, reason };
	if (process.env.CI !== "true" || !compiler()) return none;
	return {
		...none,
		failed: 1,
		failures: [{ name: "XS worker", text: `${reason}, although CI=true and a compiler is there` }],
	};
}

/**
 * Runs spec files (default: all of test/modules) inside XS. A spec that ends the machine (endless loop, memory, recursion) is one
 * failure; the others go on in a fresh machine. `print` gets what the specs trace.
 */
export async function runXSSpecs(
	files: string[] = specFiles(),
	print: (line: string) => void = () => undefined,
): Promise<XSResults> {
	if (!workerBuilt()) return unbuilt(files.length);
	const results: XSResults = { passed: 0, failed: 0, failures: [], skipped: 0 };
	const fail = (name: string, text: string) => {
		results.failed += 1;
		results.failures.push({ name, text });
	};
	let text: string;
	try {
		text = await script(files);
	} catch (error) {
		fail("bundle of the specs", (error as Error).message);
		return results;
	}
	let machine = new SpecMachine(text, print);
	const { handle = 0, names = [] } = machine.reports[0] ?? {};
	if (!handle) fail("loading the specs", machine.reset);
	for (const [index, name] of names.entries()) {
		if (machine.reset) {
			machine.close();
			machine = new SpecMachine(text, print);
		}
		const { outcome, text: problem = "" } = machine.run(handle, index);
		if (outcome === "failed") fail(name, problem);
		else if (outcome === "skipped") results.skipped += 1;
		else results.passed += 1;
	}
	machine.close();
	return results;
}

async function main(): Promise<void> {
	const args = process.argv.slice(2);
	const files = args.filter((arg) => arg !== "--trace").map((file) => resolve(file));
	const print = (line: string) => void (args.includes("--trace") && process.stdout.write(line));
	const results = await runXSSpecs(files.length ? files : undefined, print);
	for (const { name, text } of results.failures)
		console.log(`  ✗ ${name}\n    ${text.replaceAll("\n", "\n    ")}`);
	if (results.skipped) console.log(`${results.skipped} skipped: ${results.reason ?? "by themselves"}`);
	console.log(`${results.passed} passed, ${results.failed} failed`);
	process.exitCode = results.failed ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
