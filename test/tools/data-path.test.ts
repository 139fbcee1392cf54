import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "docs/data-path.md"), "utf8");
const rows = [...text.matchAll(/^\| \d+ \| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, file = "", name = ""]) => ({
	file,
	name,
}));

describe("docs/data-path.md", () => {
	it("has the three walks", () => {
		assert.equal([...text.matchAll(/^## One /gm)].length, 3);
		assert.ok(rows.length >= 20, `${rows.length} rows`);
	});

	for (const { file, name } of rows)
		it(`${file} has ${name}`, () => {
			const source = readFileSync(join(root, file), "utf8");
			assert.match(source, new RegExp(`(^|\\s)(function )?${name}(<[^>]*>)?(\\(|: \\()`, "m"));
		});
});
