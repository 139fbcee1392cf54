// Random lives against the stand-in's own server: 1000 in npm test, 10 000 with TEST_LONG. A failing one is printed with its seed.
import fc from "fast-check";
import { ok } from "../../assert.ts";
import { Life, met, type Nature, type Step } from "./life.ts";

const runs = process.env.TEST_LONG ? 10_000 : 1000;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const fixed = 20_251_123;

const natures: fc.Arbitrary<Nature> = fc.record({
	seed: fc.integer({ min: 1, max: 1e6 }),
	journal: fc.boolean(),
	limited: fc.boolean(),
	drop: fc.constantFrom(undefined, undefined, "oldest" as const, "newest" as const, "refuse" as const),
	clockAfter: fc.constantFrom(0, 0, 3000, 20_000, -1),
});

const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant("telemetry" as const),
			size: fc.constantFrom(1, 1, 200, 3000),
			qos0: fc.boolean(),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constant("wait" as const),
			ms: fc.constantFrom(10, 100, 300, 1000, 3000, 30_000),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			do: fc.constant("cut" as const),
			client: fc.constantFrom(0, 0, 500, 25_000),
			server: fc.constantFrom(0, 500, 60_000),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constant("rpc" as const),
			kind: fc.nat(2),
			timeout: fc.constantFrom(5000, 60_000, 300_000),
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({ do: fc.constant("slow" as const), ms: fc.constantFrom(1, 100, 2000, 15_000) }),
	},
	{
		weight: 1,
		arbitrary: fc.record({ do: fc.constant("flash" as const), operation: fc.integer({ min: 1, max: 12 }) }),
	},
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constantFrom(
				"attributes" as const,
				"ask" as const,
				"call" as const,
				"push" as const,
				"delete" as const,
				"refuse" as const,
				"deny" as const,
				"stutter" as const,
				"reboot" as const,
				"flood" as const,
			),
		}),
	},
);

describe("TBClient: random lives", function () {
	this.timeout(600_000);

	for (const [name, start, count] of [
		["of fixed seeds", fixed, runs - 100],
		[`of seed ${seed}`, seed, 100],
	] as const)
		it(`settle everything and lose nothing, ${count} ${name}`, () => {
			fc.assert(
				fc.property(
					natures,
					fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
					(nature, steps) => {
						new Life(nature).play(steps);
					},
				),
				{ numRuns: count, seed: start },
			);
		});

	it("have met losses, repetitions, refusals, limits and clocks that came late", () => {
		for (const [name, count] of met) ok(count > 20, `${name}: ${count}`);
	});
});
