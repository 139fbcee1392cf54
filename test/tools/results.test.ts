import { reasonOf } from "../../tools/reporter.ts";
import { check, closingLines, none, sum } from "../../tools/test/results.ts";
import { count } from "../../tools/test/run.ts";
import { unjudged } from "../../tools/test/steps.ts";
import { deepEqual, equal, includes } from "../assert.ts";

const lines = (...events: object[]) => events.map((event) => JSON.stringify(event)).join("\n");
const pass = { event: "pass", title: "a", file: "a.test.ts" };
const skip = { event: "skip", title: "b", file: "a.test.ts", reason: "needs MODDABLE" };
const fail = { event: "fail", title: "c", file: "a.test.ts" };
const end = { event: "end" };

describe("tools/test: closing lines", () => {
	it("say only what passed and failed when nothing was skipped", () => {
		deepEqual(closingLines(sum([check("types", true), check("lint", false)])), ["1 passed, 1 failed"]);
	});

	it("name each reason for skipping once, in the line before the last", () => {
		const skipped = [
			{ count: 2, reason: "needs MODDABLE" },
			{ count: 1, reason: "needs esptool" },
			{ count: 3, reason: "needs MODDABLE" },
			{ count: 0, reason: "needs nothing" },
		];
		const expected = ["6 skipped: needs MODDABLE; needs esptool", "5 passed, 0 failed"];
		deepEqual(closingLines({ ...none(), passed: 5, skipped }), expected);
	});
});

describe("tools/test: counting", () => {
	it("counts the reporter's lines exactly", () => {
		const results = count("specs", lines(pass, skip, pass, fail, end), 1);
		equal(results.passed, 2);
		equal(results.failed, 1);
		deepEqual(results.skipped, [{ count: 1, reason: "needs MODDABLE" }]);
		deepEqual(results.failures, ["a.test.ts: c"]);
	});

	it("takes a process that broke off for a failure", () => {
		const results = count("specs", lines(pass, pass), "SIGSEGV");
		equal(results.passed, 2);
		equal(results.failed, 1);
		includes(results.failures[0] ?? "", "specs broke off: the process ended with SIGSEGV");
	});

	it("takes a process that could not load its specs for a failure", () => {
		equal(count("specs", "", 1).failed, 1);
		equal(count("specs", "", 0).failed, 1);
	});

	it("takes a process that ended badly after its last spec for a failure", () => {
		equal(count("specs", lines(pass, end), 1).failed, 1);
		equal(count("specs", lines(pass, end), 0).failed, 0);
	});
});

describe("tools/reporter", () => {
	it("reads the reason for skipping from the title", () => {
		equal(reasonOf("mcconfig (needs MODDABLE) builds"), "needs MODDABLE");
		equal(reasonOf("a spec of its own"), "a spec of its own");
	});
});

describe("tools/test: mutants", () => {
	it("fails for each file whose survivors nobody has judged", () => {
		equal(unjudged([]).failed, 0);
		const { passed, failed, skipped, failures } = unjudged(["modules/ota/a.ts", "modules/ota/b.ts"]);
		deepEqual([passed, failed, skipped], [0, 2, []]);
		equal(failures[0], "mutants of modules/ota/a.ts: expected its survivors judged, it is open");
	});
});
