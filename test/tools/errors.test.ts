// docs/errors.md against the codes in the source.
import { readdirSync, readFileSync } from "node:fs";
import { deepEqual, ok } from "../assert.ts";

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const source = read("modules/tbclient/errors.ts");
const union = /TBCode =[^;]*;/.exec(source)?.[0] ?? "";
const codes = [...union.matchAll(/"(TB_[A-Z_]+)"/g)].map(([, code = ""]) => code);
const rows = read("docs/errors.md")
	.split("\n")
	.filter((line) => line.startsWith("| `"))
	.map((line) => line.split("|").map((cell) => cell.trim()));

describe("docs/errors.md", () => {
	it("has a row for every code, and for no other", () => {
		ok(codes.length >= 10, `${codes.length} codes`);
		deepEqual([...new Set(rows.map(([, code = ""]) => code.replaceAll("`", "")))].sort(), [...codes].sort());
	});

	it("says where, what it means, what the client does and what a person can do, for each", () => {
		for (const row of rows) ok(row.length === 7 && row.slice(1, -1).every(Boolean), row.join(" | "));
	});

	it("is about codes that occur", () => {
		const made = ["modules/tbclient", "modules/gateway"]
			.flatMap((folder) =>
				readdirSync(new URL(`../../${folder}/`, import.meta.url)).map((name) => `${folder}/${name}`),
			)
			.filter((file) => file.endsWith(".ts"))
			.map((file) => read(file).replace(union, ""))
			.join("\n");
		deepEqual(
			codes.filter((code) => !made.includes(`"${code}"`)),
			[],
		);
	});
});
