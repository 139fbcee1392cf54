// What a mutant changes. The code is formatted (biome), so a comparison has blanks around it and a type argument has none.
import { pairsOf, type Token, tokensOf } from "./tokens.ts";

/** A piece of source and what takes its place. */
export interface Edit {
	start: number;
	end: number;
	text: string;
}

const swaps: Readonly<Record<string, string>> = {
	...{ "<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "&&": "||", "||": "&&" },
	...{ "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "&": "|", "|": "&" },
	...{ "<<": ">>", ">>": "<<", ">>>": "<<", "??": "&&" },
};
const glued: Readonly<Record<string, string>> = { "++": "--", "--": "++" };
const words: Readonly<Record<string, string>> = { true: "false", false: "true", "0": "1", "1": "0" };

const Control = /^(if|for|while|switch|catch)$/;
/** What begins a statement that is not removed: without a declaration nothing would load. */
const Declares =
	/^(const|let|var|import|export|type|interface|function|class|if|else|for|while|do|switch|case|default|try|async|static|readonly|declare|override|private|protected|public|get|set|abstract)$/;
/** A condition of `? :` reaches back to one of these. */
const Border = /^(=|return|=>|,|:|\?|;|\+=|-=|\.\.\.|\|\|=|\?\?=|[([{}])$/;

class Operators {
	readonly #source: string;
	readonly #tokens: Token[];
	readonly #pairs: Map<number, number>;

	constructor(source: string) {
		this.#source = source;
		this.#tokens = tokensOf(source);
		this.#pairs = pairsOf(this.#tokens);
	}

	edits(): Edit[] {
		return this.#tokens.flatMap((token, index) => [
			...this.#swapped(token),
			...this.#negated(index),
			...this.#removed(index),
			...this.#returned(index),
		]);
	}

	#text(index: number): string {
		return this.#tokens[index]?.text ?? "";
	}

	#swapped({ kind, text, start, end }: Token): Edit[] {
		if (kind === "string") return [];
		const isSpaced = /\s/.test(`${this.#source[start - 1]}`) && /\s/.test(`${this.#source[end]}`);
		const to = (kind === "sign" ? ((isSpaced ? swaps[text] : undefined) ?? glued[text]) : words[text]) ?? "";
		if (to) return [{ start, end, text: to }];
		const value = Number(text.replaceAll("_", ""));
		return kind === "number" && value >= 0 ? [{ start, end, text: String(value + 1) }] : [];
	}

	/** `if (x)`, `while (x)`, `for (;x;)`, `x ? :` and `!x` the other way round. */
	#negated(index: number): Edit[] {
		const text = this.#text(index);
		if (/^(if|while|for)$/.test(text) && this.#text(index + 1) === "(")
			return this.#condition(index + 1, text);
		const { start, end } = this.#tokens[index] as Token;
		if (text === "!") return [{ start, end, text: "" }];
		return text === "?" ? this.#negation(this.#conditionStart(index), index - 1) : [];
	}

	#condition(open: number, keyword: string): Edit[] {
		const close = this.#pairs.get(open) ?? open;
		if (keyword !== "for") return this.#negation(open + 1, close - 1);
		const ends: number[] = [];
		for (let index = open + 1; index < close; index++) {
			if (this.#text(index) === ";") ends.push(index);
			index = Math.max(index, this.#pairs.get(index) ?? 0);
		}
		const [first, second] = ends;
		return first && second ? this.#negation(first + 1, second - 1) : [];
	}

	#conditionStart(question: number): number {
		let index = question - 1;
		while (index > 0) {
			const pair = this.#pairs.get(index) ?? index;
			if (pair < index) index = pair;
			else if (Border.test(this.#text(index)) || this.#text(index).endsWith("${")) break;
			index--;
		}
		return index + 1;
	}

	/** `!( )` around the tokens from `first` to `last`. */
	#negation(first: number, last: number): Edit[] {
		const start = this.#tokens[first]?.start ?? 0;
		const end = this.#tokens[last]?.end ?? 0;
		return start < end ? [{ start, end, text: `!(${this.#source.slice(start, end)})` }] : [];
	}

	/** A statement that calls, assigns, returns, throws or jumps, without what it does. */
	#removed(index: number): Edit[] {
		const token = this.#tokens[index] as Token;
		const starts = token.kind === "word" || glued[token.text];
		if (!starts || Declares.test(token.text) || !this.#startsStatement(index)) return [];
		if (/^[:?]$/.test(this.#text(index + 1))) return []; // a field that only has a type
		for (let at = index; at < this.#tokens.length; at++) {
			const { text, end } = this.#tokens[at] as Token;
			if (text === ";") return [{ start: token.start, end, text: ";" }];
			const pair = this.#pairs.get(at);
			if (pair !== undefined && pair < at) return [];
			at = pair ?? at;
		}
		return [];
	}

	#startsStatement(index: number): boolean {
		const before = this.#text(index - 1);
		if (/^([{};]|else|do|)$/.test(before)) return true;
		return before === ")" && Control.test(this.#text((this.#pairs.get(index - 1) ?? 0) - 1));
	}

	/** A function that does nothing. */
	#returned(index: number): Edit[] {
		const text = this.#text(index);
		if (text === "=>" && this.#text(index + 1) === "{") return this.#leave(index + 1);
		const pair = this.#pairs.get(index) ?? index;
		if (text !== ")" || Control.test(this.#text(pair - 1))) return [];
		if (this.#text(index + 1) === "{") return this.#leave(index + 1);
		if (this.#text(index + 1) !== ":") return [];
		for (let at = index + 2; at < this.#tokens.length; at++) {
			if (/^([;,)=}]|=>)$/.test(this.#text(at))) return [];
			if (this.#text(at) === "{") return this.#leave(at);
		}
		return [];
	}

	#leave(brace: number): Edit[] {
		const { end } = this.#tokens[brace] as Token;
		return [{ start: end, end, text: " return;" }];
	}
}

/** Every edit that the operators find in a source. Some change nothing at run time, some do not compile. */
export const editsOf = (source: string): Edit[] => new Operators(source).edits();
