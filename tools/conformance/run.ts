// Asks every row in turn and gives its verdict.
import type { Site } from "../peer/site.ts";
import { type Limits, Question } from "./question.ts";
import { Difference, NotAsked, type Row, type Verdict } from "./row.ts";
import { rows, unasked } from "./rows/index.ts";

/** What takes no longer is asked without `slow`, milliseconds. */
const moment = 1000;

/** A row and what it came to. */
export type Result = { items: string[]; title: string; derived: boolean } & Verdict;

/** Which rows are asked. */
export interface Choice {
	/** Rows that are only derived from the server's code too. */
	derived: boolean;
	/** Rows that take longer than a moment too. */
	slow: boolean;
	/** Only rows whose items or title contain it. */
	only: string;
}

/** Asks one after the other; `onResult` hears of each as it comes. */
export async function conformance(
	site: Site,
	limits: Limits,
	choice: Choice,
	onResult: (result: Result) => void = () => undefined,
): Promise<Result[]> {
	const results: Result[] = [];
	const add = (result: Result) => {
		results.push(result);
		onResult(result);
	};
	const wanted = ({ items, title }: Pick<Row, "items" | "title">) =>
		[...items, title].some((text) => text.includes(choice.only));
	for (const [number, row] of rows(limits).entries()) {
		if (!wanted(row)) continue;
		const { items, title, derived = false } = row;
		const verdict = refusal(row, choice) ?? (await ask(row, new Question(site, limits, number)));
		add({ items, title, derived, ...verdict });
	}
	for (const { item, why } of unasked)
		if (wanted({ items: [item], title: why }))
			add({ items: [item], title: "", derived: false, verdict: "not asked", why });
	return results;
}

function refusal({ derived, slow }: Row, choice: Choice): Verdict | undefined {
	if (derived && !choice.derived) return { verdict: "not asked", why: "derived, and --no-derived was given" };
	if (slow && slow > moment && !choice.slow)
		return { verdict: "not asked", why: `takes about ${Math.ceil(slow / 1000)} s: ask with --slow` };
	return undefined;
}

async function ask(row: Row, question: Question): Promise<Verdict> {
	try {
		await row.ask(question);
		return { verdict: "holds" };
	} catch (error) {
		if (error instanceof NotAsked) return { verdict: "not asked", why: error.message };
		if (error instanceof Difference) return { verdict: "differs", expected: error.expected, got: error.got };
		return { verdict: "differs", expected: row.title, got: (error as Error).message };
	} finally {
		await question.end();
	}
}
