// The list of survivors that are known, each group with its reason, against what has survived.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../test/run.ts";
import type { Mutant } from "./mutants.ts";
import type { Outcome } from "./trial.ts";

/** Mutants that no spec can or need tell from the code, and why. Lines are named by their text, so they may move. */
export interface Known {
	reason: string;
	/** `file: line → mutant` as the tool prints it. */
	mutants: string[];
}

/** The list as it is in the repository. */
export interface List {
	/** Files whose survivors nobody has judged yet: they are left out, and `npm run test:long` fails for each. */
	open: string[];
	known: Known[];
}

/** The list of the project. */
export const listFile = "test/mutants.json";

/** Reads the list. */
export const readList = (): List => JSON.parse(readFileSync(join(root, listFile), "utf8")) as List;

/** A mutant and what came of it. */
export interface Tried {
	mutant: Mutant;
	outcome: Outcome;
}

/** How a mutant is called in the list. */
export const nameOf = ({ file, line, mutant }: Mutant): string => `${file}: ${line} → ${mutant}`;

/** What differs from the list. */
export interface Verdict {
	/** Survived, and not in the list. */
	unknown: string[];
	/** In the list, and killed or gone. */
	stale: string[];
}

/** `complete`: all mutants of all files were tried, so that an entry that was not met is gone. */
export function judge(tried: Tried[], list: Known[], complete: boolean): Verdict {
	const known = new Set(list.flatMap(({ mutants }) => mutants));
	const survived = new Set<string>();
	const others = new Set<string>();
	for (const { mutant, outcome } of tried)
		(outcome.end === "survived" ? survived : others).add(nameOf(mutant));
	const isStale = (name: string) => !survived.has(name) && (complete || others.has(name));
	return {
		unknown: [...survived].filter((name) => !known.has(name)),
		stale: [...known].filter(isStale),
	};
}
