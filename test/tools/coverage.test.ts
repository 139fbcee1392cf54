import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { coverageLine, fold, gate } from "../../tools/test/coverage.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual, equal } from "../assert.ts";

const entry = (covered: number, total: number) => ({ branches: { covered, total } });

describe("tools/coverage", () => {
	it("prints one line per folder with two decimals", () => {
		deepEqual(coverageLine("modules/ota", { covered: 39, total: 40 }), ["modules/ota branches 97.50 %"]);
		deepEqual(coverageLine("modules/ota", { covered: 0, total: 0 }), []);
	});

	it("adds up the files of one folder and no other", () => {
		const summary = {
			total: entry(100, 100),
			[join(root, "modules/ota/made-up-a.ts")]: entry(3, 4),
			[join(root, "modules/ota/deep/made-up-b.ts")]: entry(5, 6),
			[join(root, "modules/otaku/made-up-c.ts")]: entry(1, 9),
		};
		deepEqual(fold(summary, "modules/ota"), { covered: 8, total: 10 });
	});

	it("leaves out what runs inside XS only", () => {
		const summary = { [join(root, "hosts/virtual/guest/made-up.ts")]: entry(0, 7) };
		deepEqual(fold(summary, "hosts/virtual"), { covered: 0, total: 0 });
	});

	it("counts a file of types alone as no branches", () => {
		const summary = { [join(root, "modules/ota/states.ts")]: entry(0, 1) };
		deepEqual(fold(summary, "modules/ota"), { covered: 0, total: 0 });
	});

	it("fails when one branch of modules/ota or modules/tbclient is left, and names the file", () => {
		const good = {
			[join(root, "modules/ota/a.ts")]: entry(4, 4),
			[join(root, "modules/tbclient/a.ts")]: entry(1, 1),
		};
		deepEqual([gate(good).passed, gate(good).failed], [2, 0]);
		const bad = gate({ ...good, [join(root, "modules/ota/b.ts")]: entry(99_999, 100_000) });
		deepEqual(
			[bad.passed, bad.failures],
			[1, ["modules/ota branches 100 %: got modules/ota/b.ts 99999 of 100000"]],
		);
	});

	it("fails when nothing was measured", () => {
		deepEqual(gate({}).failures, [
			"modules/ota branches 100 %: got 0 of 0",
			"modules/tbclient branches 100 %: got 0 of 0",
		]);
	});

	it("is not helped by marks that leave code out", () => {
		const mark = /\b(c8|v8|istanbul)\s+ignore|\bnode:coverage\s+(ignore|disable)/;
		const folders = ["bench", "examples", "hosts", "modules", "test", "thingsboard", "tools"];
		const files = folders
			.filter((folder) => existsSync(join(root, folder)))
			.flatMap((folder) =>
				readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
					join(folder, file),
				),
			)
			.filter((file) => /\.(ts|js|mjs)$/.test(file) && !file.includes("node_modules"));
		deepEqual(
			files.filter((file) => mark.test(readFileSync(join(root, file), "utf8"))),
			[],
		);
		equal(mark.test(["/* c8", "ignore next */"].join(" ")), true);
	});
});
