import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, atLeast, which } from "../../tools/doctor/ask.ts";
import { type Part, pythonSDK } from "../../tools/doctor/parts.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

const names = [
	"node",
	"npm",
	"XS worker",
	"cc",
	"make",
	"mkfifo",
	"python3",
	"esptool",
	"Python SDK",
	"Chromium",
	"mosquitto",
];
const sdk = ["MODDABLE", "mcconfig", "tsc", "Xvfb"];
const esp32 = ["IDF_PATH", "idf.py", "xtensa gcc", "riscv gcc", "serial port"];

function doctor(env: NodeJS.ProcessEnv) {
	const node = ["--import", "./tools/ts.mjs", "tools/doctor.ts", "--json"];
	const { stdout, status } = spawnSync(process.execPath, node, { cwd: root, env, encoding: "utf8" });
	return { status, report: JSON.parse(stdout) as { ok: boolean; system: string; parts: Part[] } };
}

describe("tools/doctor", function () {
	this.timeout(60_000);

	it("--json names every part, with a cure for each that is missing and a version for each that is there", () => {
		const { status, report } = doctor(process.env);
		deepEqual(
			report.parts.map(({ name }) => name),
			[...names, ...sdk, ...esp32],
		);
		for (const { name, found, version, cure, neededFor } of report.parts) {
			ok(neededFor, name);
			ok(found ? version && !cure : cure && !version, name);
		}
		equal(status, report.ok ? 0 : 1);
	});

	it("ends with 1 where the machine has no PATH, and says what is needed", () => {
		const { status, report } = doctor({ PATH: "" });
		equal(status, 1);
		equal(report.ok, false);
		const missing = report.parts.filter(({ found, required }) => required && !found).map(({ name }) => name);
		includes(missing.join(), "mkfifo");
		includes(missing.join(), "npm");
	});

	it("never calls for the SDK: npm test works without it", () => {
		const { report } = doctor({ PATH: process.env.PATH });
		const part = report.parts.find(({ name }) => name === "MODDABLE");
		equal(part?.found, false);
		equal(part?.required, false);
		includes(part?.cure ?? "", "8.2.3");
	});

	it("tells what an ESP32 build still needs, and takes no other release of ESP-IDF for the right one", () => {
		const folder = mkdtempSync(join(tmpdir(), "idf-"));
		const release = (minor: number) => {
			mkdirSync(join(folder, "tools/cmake"), { recursive: true });
			const lines = [6, minor, 1].map(
				(value, index) => `set(IDF_VERSION_${["MAJOR", "MINOR", "PATCH"][index]} ${value})`,
			);
			writeFileSync(join(folder, "tools/cmake/version.cmake"), lines.join("\n"));
			const { report } = doctor({ PATH: process.env.PATH, IDF_PATH: folder });
			return report.parts.find(({ name }) => name === "IDF_PATH");
		};
		equal(release(0)?.version, "6.0.1");
		includes(release(1)?.cure ?? "", "v6.0");
		rmSync(folder, { recursive: true });
	});

	it("tells the Python SDK's version, and takes none for one from a traceback", () => {
		const folder = mkdtempSync(join(tmpdir(), "python-"));
		const python = (text: string): string => {
			const file = join(folder, "python");
			writeFileSync(file, `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
			return file;
		};
		equal(pythonSDK(python("SDK 1.13.14")), "1.13.14");
		equal(pythonSDK(python('File "/pyenv/versions/3.11.7/lib/python3.11/importlib/metadata"')), undefined);
		rmSync(folder, { recursive: true });
	});

	it("has one column for what was found, whatever a part is called", () => {
		const node = ["--import", "./tools/ts.mjs", "tools/doctor.ts"];
		const { stdout } = spawnSync(process.execPath, node, { cwd: root, encoding: "utf8" });
		const rows = stdout.split("\n").filter((line) => /^ {2}[✓✗-] /.test(line));
		const longest = Math.max(...[...names, ...sdk, ...esp32].map((name) => name.length));
		equal(rows.length, names.length + sdk.length + esp32.length);
		for (const row of rows) ok(/^ \S/.test(row.slice(4 + longest)), row);
	});

	it("compares versions by number", () => {
		ok(atLeast("20.6.0", "20.6"));
		ok(atLeast("22.1.0", "20.6"));
		ok(!atLeast("20.5.9", "20.6"));
		ok(!atLeast("9.9.9", "20.6"));
	});

	it("takes a program that is not there for missing", () => {
		equal(which("no-such-program"), undefined);
		equal(ask("no-such-program", []), undefined);
	});
});
