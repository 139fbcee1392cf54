// What the reference asks of a faithful server has a spec that is named after it, and every fault a spec and a line in the docs.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { faultTable } from "../../thingsboard/faults/table.ts";
import { deepEqual } from "../assert.ts";

const folder = "test/thingsboard";
const specs = readdirSync(folder, { recursive: true, encoding: "utf8" })
	.filter((file) => file.endsWith(".test.ts") && !file.startsWith("checklist"))
	.map((file) => readFileSync(join(folder, file), "utf8"))
	.join("\n");
/** What stands between `it(` and the first word of each title: "14.3", "trap 7" or both. */
const titles = [...specs.matchAll(/\bit\(\s*["`]((?:14\.\d+|trap \d+)(?:, (?:14\.\d+|trap \d+))*) /g)]
	.flatMap(([, names = ""]) => names.split(", "))
	.sort();

const missing = (prefix: string, count: number): string[] =>
	Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`).filter((name) => !titles.includes(name));

describe("thingsboard checklist", () => {
	it("has a spec for each of the 24 items of a faithful server", () => {
		deepEqual(missing("14.", 24), []);
	});

	it("has a spec for each of the 48 traps: none of them concerns clients alone", () => {
		deepEqual(missing("trap ", 48), []);
	});

	it("has a spec for each fault", () => {
		const untried = faultTable.filter(({ name }) => !new RegExp(`["\`]${name}\\b|\\b${name}:`).test(specs));
		deepEqual(
			untried.map(({ name }) => name),
			[],
		);
	});

	it("lists each fault in docs/thingsboard.md as the table has it", () => {
		const docs = readFileSync("docs/thingsboard.md", "utf8").split("\n");
		const rows = faultTable.map(({ name, what, value, on, lasts }) => {
			const kind = value ? `${value.unit}, ${value.min} to ${value.max}` : "`true`";
			return `| \`${name}\` | ${kind} | ${on}, ${lasts} | ${what} |`;
		});
		deepEqual(
			rows.filter((row) => !docs.includes(row)),
			[],
		);
	});
});
