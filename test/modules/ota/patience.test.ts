// How long a download waits, and how often.
import { Pace } from "ota/pace";
import { Patience, Tries } from "ota/patience";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

function begin(roundTrip = 0) {
	clock.reset();
	const pace = new Pace(4096);
	if (roundTrip) pace.measured(roundTrip, 4096);
	const due: number[] = [];
	return { patience: new Patience(pace, { overdue: (deadline) => due.push(deadline) }), due };
}

describe("Patience", () => {
	it("ends after 5 s of silence where round trips are short, to the millisecond", () => {
		const { patience, due } = begin(1_000);
		patience.arm();
		clock.advance(4_999);
		deepEqual(due, []);
		clock.advance(1);
		deepEqual([due, clock.armed], [[5_000], 0]);
	});

	it("waits four round trips where those are longer", () => {
		const { patience, due } = begin(2_000);
		patience.arm();
		clock.advance(60_000);
		deepEqual(due, [8_000]);
	});

	it("doubles with every try in vain, up to a minute, and is fresh after a refill", () => {
		const { patience, due } = begin();
		for (let left = Tries - 1; left >= 0; left--) {
			patience.arm();
			clock.advance(60_000);
			equal(patience.spend(), left > 0);
		}
		deepEqual(due, [5_000, 10_000, 20_000, 40_000, 60_000]);
		patience.refill();
		patience.arm();
		clock.advance(60_000);
		equal(due.at(-1), 5_000);
		equal(patience.spend(), true);
	});

	it("begins anew with every byte and every request, with one timer", () => {
		const { patience, due } = begin();
		patience.arm();
		clock.advance(3_000);
		patience.moved();
		clock.advance(4_000);
		patience.arm();
		equal(clock.armed, 1);
		clock.advance(4_999);
		deepEqual([due, patience.silence, clock.armed], [[], 4_999, 1]);
		clock.advance(1);
		deepEqual([due, clock.armed], [[5_000], 0]);
	});

	it("waits for the last millisecond too", () => {
		const { patience, due } = begin();
		patience.arm();
		clock.advance(1);
		patience.moved();
		clock.advance(4_999);
		deepEqual(due, []);
		clock.advance(1);
		deepEqual(due, [5_000]);
	});

	it("ends nothing once it is disarmed", () => {
		const { patience, due } = begin();
		patience.disarm();
		patience.arm();
		patience.disarm();
		equal(clock.armed, 0);
		patience.arm();
		clock.advance(5_000);
		deepEqual(due, [5_000]);
	});
});
