// docs/api.md against the docstrings, and the docstrings against what is exported.
import { readFileSync } from "node:fs";
import { read } from "../../tools/api/read.ts";
import { entriesOf, modules, page } from "../../tools/api/write.ts";
import { deepEqual, equal, ok } from "../assert.ts";

describe("docs/api.md", () => {
	it("is what the docstrings say (node --import ./tools/ts.mjs tools/api.ts writes it)", () => {
		equal(readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8"), page());
	});

	for (const [specifier, file] of Object.entries(modules))
		it(`${specifier}: every export says what it is, and so does every member of a class`, () => {
			const silent = entriesOf(file).flatMap(({ name, doc, signature, members }) => [
				...(doc ? [] : [name]),
				...(signature.startsWith("class") ? members : [])
					.filter((member) => !member.doc && !["constructor", "name"].includes(member.name))
					.map((member) => `${name}.${member.name}`),
			]);
			deepEqual(silent, []);
		});

	it("has the client's methods", () => {
		const client = entriesOf("client").find(({ name }) => name === "TBClient");
		const names = client?.members.map(({ name }) => name) ?? [];
		for (const name of ["sendTelemetry", "sendAttributes", "requestAttributes", "respond", "close", "stats"])
			ok(names.includes(name), name);
		ok(!names.some((name) => name.startsWith("#")));
	});

	it("reads signatures over several lines", () => {
		const source =
			"/** Adds. */\nexport function add(\n\ta: number,\n\tb: number,\n): number {\n\treturn a + b;\n}\n";
		deepEqual(read(source), [
			{ name: "add", doc: "Adds.", signature: "function add(a: number, b: number): number", members: [] },
		]);
	});
});
