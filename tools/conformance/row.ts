// One row of the table: a question to a server, and what it came to.
import type { Question } from "./question.ts";

/** The items of the specification that a row asks of, e.g. `14.8` and `trap 3`. */
export interface Row {
	items: string[];
	/** What a faithful server does. */
	title: string;
	/** Derived from the server's code and never seen on a wire, or unconfirmed. */
	derived?: true;
	/** How long the answer takes, milliseconds, when that is long. */
	slow?: number;
	ask(question: Question): Promise<void>;
}

/** An item that cannot be asked from outside. */
export interface Unasked {
	item: string;
	why: string;
}

export type Verdict =
	| { verdict: "holds" }
	| { verdict: "differs"; expected: string; got: string }
	| { verdict: "not asked"; why: string };

/** The server did something else. */
export class Difference extends Error {
	readonly expected: string;
	readonly got: string;

	constructor(expected: string, got: string) {
		super(`expected ${expected}, got ${got}`);
		this.expected = expected;
		this.got = got;
	}
}

/** This server cannot be asked that. */
export class NotAsked extends Error {}

/** Holds that both have the same JSON form. */
export function is(got: unknown, expected: unknown, what = ""): void {
	const [a, b] = [show(got), show(expected)];
	if (a !== b) throw new Difference(what + b, what + a);
}

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(sorted(value)));

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || !value) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([key, inner]) => [key, sorted(inner)]),
	);
}

/** Makes a row; `items` are separated by commas. */
export const row = (items: string, title: string, ask: Row["ask"], more: Partial<Row> = {}): Row => ({
	items: items.split(",").map((item) => item.trim()),
	title,
	ask,
	...more,
});
