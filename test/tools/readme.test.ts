// README.md and the pages beside it: links lead somewhere, and every example is among the features.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { examples } from "../../tools/start/example.ts";
import { deepEqual, ok } from "../assert.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pages = ["README.md", "CONTRIBUTING.md", "examples/README.md", "hosts/README.md"].concat(
	readdirSync(join(root, "docs"))
		.filter((file) => file.endsWith(".md"))
		.map((file) => `docs/${file}`),
);

/** Files that a page links to, from the project's folder. */
const links = (page: string): string[] =>
	[...read(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) =>
		join(dirname(page), target),
	);

describe("The pages", () => {
	for (const page of pages)
		it(`${page}: links lead to files that exist`, () => {
			deepEqual(
				links(page).filter((target) => !existsSync(join(root, target))),
				[],
			);
		});

	it("README.md: every example is linked from a feature, beside what holds it", () => {
		const rows = read("README.md")
			.split("\n")
			.filter((line) => line.startsWith("|") && line.includes("](examples/") && line.includes("](test/"));
		ok(rows.length >= 10, `${rows.length} rows`);
		const missing = examples().filter((name) => !rows.some((row) => row.includes(`](examples/${name}.ts)`)));
		deepEqual(missing, []);
	});

	it("docs/sdk.md: every spec file of the SDK is in its table", () => {
		const page = read("docs/sdk.md");
		const files = readdirSync(join(root, "test/sdk")).filter((file) => file.endsWith(".test.ts"));
		deepEqual(
			files.filter((file) => !page.includes(`| \`test/sdk/${file}\` |`)),
			[],
		);
	});
});
