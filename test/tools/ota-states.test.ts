// docs/ota-states.md against the cells that scenarios act out.
import { readFileSync } from "node:fs";
import { deepEqual, ok } from "../assert.ts";
import { killedTable, modTable, trialTable, updaterTable } from "../modules/ota/table.ts";

const text = readFileSync(new URL("../../docs/ota-states.md", import.meta.url), "utf8");

function rows(heading: string): string[][] {
	const section = text.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
	const table = section.slice(section.indexOf("|")).split("\n\n")[0] ?? "";
	return table
		.split("\n")
		.filter((line) => line.startsWith("|"))
		.map((line) =>
			line
				.split("|")
				.slice(1, -1)
				.map((cell) => cell.trim()),
		);
}

const tables = { Updater: updaterTable, Trial: trialTable, "Killed and failed": killedTable, Mods: modTable };

describe("docs/ota-states.md", () => {
	for (const [name, acted] of Object.entries(tables)) {
		const [head = [], , ...body] = rows(name);
		it(`${name}: has a row for every state and no empty cell`, () => {
			deepEqual(body.map(([state]) => state).sort(), Object.keys(acted).sort());
			for (const row of body) ok(row.length === head.length && row.every(Boolean), row.join(" | "));
		});

		it(`${name}: has exactly the cells that scenarios act out`, () => {
			const shown = body.map(([state = "", ...cells]) => [
				state,
				Object.fromEntries(cells.map((cell, index) => [head[index + 1], cell])),
			]);
			deepEqual(Object.fromEntries(shown), acted);
		});
	}
});
