import { moves, stages } from "ota/states";
import { equal, ok } from "../../assert.ts";

describe("states", () => {
	for (const [name, table] of Object.entries({ moves, stages }))
		it(`${name} lead only to states that have a row`, () => {
			const known = Object.keys(table);
			for (const [from, targets] of Object.entries(table))
				for (const to of targets) ok(known.includes(to), `${from} to ${to}`);
			ok(Object.isFrozen(table));
		});

	it("after UPDATING there is only the restart", () => {
		equal(moves.UPDATING.length, 0);
	});
});
