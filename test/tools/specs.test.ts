import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { count, root } from "../../tools/test/run.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

/** Runs one made-up spec file as `npm test` would, and counts it. */
function play(source: string) {
	const folder = mkdtempSync(join(tmpdir(), "specs-"));
	const [file, results] = [join(folder, "made-up.test.ts"), join(folder, "results.jsonl")];
	writeFileSync(file, source);
	const node = ["--import", "./tools/ts.mjs", "tools/test/specs.ts", "2000", file];
	const env = { ...process.env, SPEC_RESULTS: results };
	const { stdout, stderr, status, signal } = spawnSync(process.execPath, node, {
		cwd: root,
		env,
		encoding: "utf8",
	});
	const lines = existsSync(results) ? readFileSync(results, "utf8") : "";
	rmSync(folder, { recursive: true });
	return { output: stdout + stderr, results: count("made-up", lines, signal ?? status ?? 0) };
}

describe("tools/test: a spec file", function () {
	this.timeout(30_000);

	it("is one line when all is well, and counts passes and skips", () => {
		const { output, results } = play(`
			describe("a thing", () => {
				it("works", () => {});
				it("works elsewhere (needs a moon)");
			});`);
		equal(results.passed, 1);
		equal(results.failed, 0);
		deepEqual(results.skipped, [{ count: 1, reason: "needs a moon" }]);
		ok(/✓ \S*made-up\.test\.ts 1, 1 skipped\n$/.test(output), output);
	});

	it("shows a failure in full: name, message, place", () => {
		const { output, results } = play(`
			describe("a thing", () => {
				it("holds", () => { throw new Error("expected 1, got 2"); });
				it("works", () => {});
			});`);
		equal(results.passed, 1);
		equal(results.failed, 1);
		includes(output, "✗ a thing holds");
		includes(output, "expected 1, got 2");
		includes(output, "made-up.test.ts:3");
	});

	it("counts a hook that failed", () => {
		const { results } = play(`
			describe("a thing", () => {
				beforeEach(() => { throw new Error("no ground to stand on"); });
				it("works", () => {});
			});`);
		deepEqual([results.passed, results.failed], [0, 1]);
	});

	it("that does not load is a failure, with its error shown", () => {
		const { output, results } = play(`import "./nowhere.ts";`);
		deepEqual([results.passed, results.failed], [0, 1]);
		includes(output, "nowhere.ts");
	});

	it("whose process dies is a failure beside what had passed", () => {
		const { results } = play(`
			describe("a thing", () => {
				it("works", () => {});
				it("kills", () => process.kill(process.pid, "SIGKILL"));
			});`);
		deepEqual([results.passed, results.failed], [1, 1]);
		includes(results.failures[0] ?? "", "SIGKILL");
	});

	it("that leaves a handle open is a failure that names it", () => {
		const { output, results } = play(`it("works", () => { setInterval(() => {}, 1000); });`);
		deepEqual([results.passed, results.failed], [1, 1]);
		includes(output, "Timeout");
	});
});
