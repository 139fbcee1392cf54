// What may happen to a delivery, and in which order: drawn and shrunk by fast-check, and readable then.
import fc from "fast-check";

const calm = [
	"answer",
	"answer",
	"answer",
	"answer many",
	"answer another",
	"lose",
	"duplicate",
	"wait",
] as const;

const hostile = [
	...(["answer", "answer another", "lose", "duplicate", "late", "wrong length", "empty", "foreign"] as const),
	...(["wait", "wait long", "reconnect", "break off", "refuse", "accept"] as const),
];

const busy = [
	...(["answer", "answer", "telemetry interval", "pause", "go on", "same package", "other package"] as const),
	...(["first package", "take back", "cancel", "retry", "server error", "restart", "wait an hour"] as const),
];

export type Name = (typeof calm)[number] | (typeof hostile)[number] | (typeof busy)[number];

/** One thing that happens, and a number that says which or how much. */
export type Step = [Name, number];

const stepsOf = (...names: Name[]) => fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(200)), Steps);
const Steps = { maxLength: 40 };

/** Few are larger than what the store is written for: they take long. */
const sizes = fc.oneof(
	{ weight: 50, arbitrary: fc.integer({ min: 24, max: 12_000 }) },
	{ weight: 1, arbitrary: fc.integer({ min: 65_536, max: 100_000 }) },
);

export const schedules = fc.record({
	size: sizes,
	chunkSize: fc.constantFrom(100, 512, 1000, 4096, 5000, 16_384),
	fragment: fc.integer({ min: 1, max: 3000 }),
	steps: fc.oneof(stepsOf(...calm), stepsOf(...hostile), stepsOf(...calm, ...hostile, ...busy)),
});

export type Schedule = typeof schedules extends fc.Arbitrary<infer T> ? T : never;
