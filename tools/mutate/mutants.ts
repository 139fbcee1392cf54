// The mutants of a file: the edits that compile and change what runs, each once.
import { transformSync } from "esbuild";
import { type Edit, editsOf } from "./operators.ts";

/** A changed source. `line` and `mutant` are its first changed line before and after: they name it in the list of survivors. */
export interface Mutant {
	/** File below the project's folder. */
	file: string;
	/** Place of the line, from 1. */
	at: number;
	line: string;
	mutant: string;
	/** The file as CommonJS. */
	code: string;
}

/** TypeScript as CommonJS, which the runner evaluates as often as it wants. */
export function commonJS(source: string, file: string): string {
	return transformSync(source, {
		...{ loader: "ts", format: "cjs", target: "node20", sourcefile: file, logLevel: "silent" },
	}).code;
}

/** Two sources with the same essence do the same. Undefined: it does not compile. */
function essence(source: string): string | undefined {
	try {
		return transformSync(source, {
			...{ loader: "ts", minifyWhitespace: true, minifySyntax: true, target: "node20", logLevel: "silent" },
		}).code;
	} catch {
		return undefined;
	}
}

const apply = (source: string, { start, end, text }: Edit): string =>
	source.slice(0, start) + text + source.slice(end);

function named(source: string, edit: Edit): Pick<Mutant, "at" | "line" | "mutant"> {
	const from = source.lastIndexOf("\n", edit.start - 1) + 1;
	const to = source.indexOf("\n", edit.start);
	const end = source.indexOf("\n", edit.end);
	return {
		at: source.slice(0, from).split("\n").length,
		line: source.slice(from, to < 0 ? source.length : to).trim(),
		mutant: (
			source.slice(from, edit.start) +
			edit.text +
			source.slice(edit.end, end < 0 ? source.length : end)
		)
			.replaceAll(/\s+/g, " ")
			.trim(),
	};
}

/** The mutants of `source`, in the order of their places. */
export function mutantsOf(source: string, file: string): Mutant[] {
	const seen = new Set<string | undefined>([undefined, essence(source)]);
	const mutants: Mutant[] = [];
	const counts = new Map<string, number>();
	for (const edit of editsOf(source)) {
		const changed = apply(source, edit);
		const same = essence(changed);
		if (seen.has(same)) continue;
		seen.add(same);
		const { at, line, mutant } = named(source, edit);
		const count = (counts.get(`${line}${mutant}`) ?? 0) + 1;
		counts.set(`${line}${mutant}`, count);
		const which = count > 1 ? ` #${count}` : ""; // the same line elsewhere
		mutants.push({ file, at, line, mutant: mutant + which, code: commonJS(changed, file) });
	}
	return mutants;
}
