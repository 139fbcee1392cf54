// Splits TypeScript into tokens, as far as mutation needs it. Types are tokens too: what changes only those changes nothing at run time.

/** A piece of source. Comments and white space are none; each text of a template literal is a string. */
export interface Token {
	kind: "word" | "number" | "string" | "sign";
	text: string;
	start: number;
	end: number;
}

const Blank = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const Word = /[#A-Za-z_$][\w$]*/y;
const Numeral = /0[xXbBoO][\da-fA-F_]+n?|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?n?/y;
const Text = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y;
const Regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const Template = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;
const Sign =
	/>>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[{}()[\];,<>+\-*/%&|^!~?:=.@`]/y;

/** After these a value has ended, so that a slash divides. */
const ended = (token: Token | undefined): boolean =>
	!!token &&
	(/^[)\]}]$/.test(token.text) || (token.kind !== "sign" && !/^(return|typeof|case)$/.test(token.text)));

class Scanner {
	readonly tokens: Token[] = [];
	readonly #source: string;
	/** Open braces; true: one of a template literal. */
	readonly #braces: boolean[] = [];
	#place = 0;

	constructor(source: string) {
		this.#source = source;
	}

	scan(): Token[] {
		while (this.#place < this.#source.length) if (!this.#match(Blank)) this.#token();
		return this.tokens;
	}

	#token(): void {
		if (this.#take("word", Word) || this.#take("number", Numeral) || this.#take("string", Text)) return;
		if (!ended(this.tokens.at(-1)) && this.#take("string", Regex)) return;
		const text = this.#take("sign", Sign);
		if (!text) throw new SyntaxError(`expected a token at ${this.#place}, got ${this.#source[this.#place]}`);
		if (text === "{") this.#braces.push(false);
		if (text === "`" || (text === "}" && this.#braces.pop())) this.#template();
	}

	/** A text of a template literal, to its end or to where an expression begins. */
	#template(): void {
		const text = this.#take("string", Template);
		if (!text) throw new SyntaxError(`expected the end of a template literal that goes on at ${this.#place}`);
		if (text.endsWith("{")) this.#braces.push(true);
	}

	#take(kind: Token["kind"], pattern: RegExp): string {
		const start = this.#place;
		const text = this.#match(pattern);
		if (text) this.tokens.push({ kind, text, start, end: start + text.length });
		return text;
	}

	#match(pattern: RegExp): string {
		pattern.lastIndex = this.#place;
		const text = pattern.exec(this.#source)?.[0] ?? "";
		this.#place += text.length;
		return text;
	}
}

/** The tokens of a source. Throws `SyntaxError` where there is none. */
export const tokensOf = (source: string): Token[] => new Scanner(source).scan();

/** For each opening bracket the place of the closing one, both as indexes of tokens, and the other way round. */
export function pairsOf(tokens: Token[]): Map<number, number> {
	const pairs = new Map<number, number>();
	const open: number[] = [];
	for (const [index, { kind, text }] of tokens.entries()) {
		const opens = kind === "sign" ? /^[([{]$/.test(text) : kind === "string" && text.endsWith("${");
		if (opens) open.push(index);
		else if (kind === "sign" && /^[)\]}]$/.test(text)) {
			const start = open.pop() ?? -1;
			pairs.set(start, index).set(index, start);
		}
	}
	return pairs;
}
