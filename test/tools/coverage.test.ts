import { join } from "node:path";
import { coverageLine, fold } from "../../tools/test/coverage.ts";
import { root } from "../../tools/test/run.ts";
import { deepEqual } from "../assert.ts";

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
});
