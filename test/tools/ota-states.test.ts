// docs/ota-states.md against modules/ota/states.ts, and against the cells that scenarios act out.
import { readFileSync } from "node:fs";
import { moves, stages } from "../../modules/ota/states.ts";
import { deepEqual, ok } from "../assert.ts";
import { type Table, trialTable, updaterTable } from "../modules/ota/table.ts";

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

describe("docs/ota-states.md", () => {
	const machines = { Updater: moves, Trial: stages } as Record<string, Record<string, readonly string[]>>;
	const acted: Record<string, Table> = { Updater: updaterTable, Trial: trialTable };
	for (const [name, table] of Object.entries(machines)) {
		const [head = [], , ...body] = rows(name);
		it(`${name}: has a row for every state and no empty cell`, () => {
			deepEqual(body.map(([state]) => state).sort(), Object.keys(table).sort());
			for (const row of body) ok(row.length === head.length && row.every(Boolean), row.join(" | "));
		});

		it(`${name}: has exactly the cells that scenarios act out`, () => {
			const shown = body.map(([state = "", ...cells]) => [
				state,
				Object.fromEntries(cells.map((cell, index) => [head[index + 1], cell])),
			]);
			deepEqual(Object.fromEntries(shown), acted[name]);
		});

		it(`${name}: shows exactly the legal moves`, () => {
			for (const [state = "", ...cells] of body) {
				const restart = head.includes("restart") ? cells.pop() : undefined;
				ok(restart === undefined || restart === "IDLE");
				const shown = cells.flatMap((cell) => cell.split(" ")).filter((cell) => cell !== "-");
				deepEqual([...new Set(shown)].sort(), [...(table[state] ?? [])].sort(), state);
			}
		});
	}
});
