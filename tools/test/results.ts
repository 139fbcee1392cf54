// What a test run adds up to, and the two lines that say so.

/** A group of checks or specs that did not run, and why. */
export interface Skip {
	count: number;
	reason: string;
}

/** Outcome of one step, or of all of them. */
export interface Results {
	passed: number;
	failed: number;
	skipped: Skip[];
	/** Names of what failed. */
	failures: string[];
}

/** No outcome yet. */
export function none(): Results {
	return { passed: 0, failed: 0, skipped: [], failures: [] };
}

/** A single check: the types, the lint, a program that had to end well. */
export function check(name: string, good: boolean): Results {
	return good ? { ...none(), passed: 1 } : { ...none(), failed: 1, failures: [name] };
}

/** The sum of several outcomes. */
export function sum(all: Results[]): Results {
	return {
		passed: all.reduce((count, { passed }) => count + passed, 0),
		failed: all.reduce((count, { failed }) => count + failed, 0),
		skipped: all.flatMap(({ skipped }) => skipped),
		failures: all.flatMap(({ failures }) => failures),
	};
}

/** How many were skipped. */
export function skips({ skipped }: Results): number {
	return skipped.reduce((total, { count }) => total + count, 0);
}

/** The last lines of a run: `N skipped: reasons` (each reason once; only when N > 0), then `N passed, N failed`. */
export function closingLines(results: Results): string[] {
	const reasons = [...new Set(results.skipped.filter(({ count }) => count > 0).map(({ reason }) => reason))];
	const count = skips(results);
	const last = `${results.passed} passed, ${results.failed} failed`;
	return count > 0 ? [`${count} skipped: ${reasons.join("; ")}`, last] : [last];
}
