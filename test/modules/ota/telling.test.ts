// What is told again, and what is not told any more.
import type { JSONObject } from "host/contract";
import { Teller } from "ota/telling";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

type Callback = (error: Error | null) => void;

function begin() {
	clock.reset();
	const told: JSONObject[] = [];
	const ends: Callback[] = [];
	const teller = new Teller((values, callback) => {
		told.push(values);
		if (callback) ends.push(callback);
	});
	return { told, ends, teller };
}

describe("Teller", () => {
	it("repeats what was lost every 30 s, until it is acknowledged", () => {
		const { told, ends, teller } = begin();
		let known = 0;
		teller.tell({ a: 1 }, () => known++);
		for (let time = 0; time < 2; time++) {
			ends.pop()?.(new Error("lost"));
			clock.advance(29_999);
			equal(told.length, time + 1);
			clock.advance(1);
			equal(told.length, time + 2);
		}
		ends.pop()?.(null);
		clock.advance(100_000);
		deepEqual([told.length, known, clock.armed], [3, 1, 0]);
	});

	it("does not repeat what a newer message has replaced", () => {
		const { told, ends, teller } = begin();
		teller.tell({ a: 1 });
		ends.pop()?.(new Error("lost"));
		teller.tell({ b: 2 });
		clock.advance(100_000);
		deepEqual(told, [{ a: 1 }, { b: 2 }]);
	});

	it("takes one acknowledgement for one, and a report that throws for one that was lost", () => {
		const { ends, teller } = begin();
		let known = 0;
		teller.tell({ a: 1 }, () => known++);
		ends[0]?.(null);
		ends[0]?.(null);
		equal(known, 1);
		let sent = 0;
		const broken = new Teller((_, callback) => {
			if (!sent++) throw new Error("no memory");
			callback?.(null);
		});
		broken.tell({ a: 1 }, () => known++);
		equal(known, 1);
		clock.advance(30_000);
		deepEqual([known, sent], [2, 2]);
	});

	it("does not listen to the end of a message that was replaced, or after close", () => {
		const { told, ends, teller } = begin();
		const known: string[] = [];
		teller.tell({ a: 1 }, () => known.push("a"));
		teller.mention({ b: 2 }, () => known.push("b"));
		ends[0]?.(new Error("lost"));
		ends[0]?.(null);
		ends[1]?.(new Error("lost"));
		teller.mention({ c: 3 }, () => known.push("c"));
		teller.close();
		ends[2]?.(null);
		clock.advance(100_000);
		deepEqual([known, told.length], [["b"], 3]);
	});
});
