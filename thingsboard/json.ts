// JSON as ThingsBoard reads it: Gson's lenient reader. Numbers keep their text, for the server's typing depends on it.

/** A number literal, as written. */
export class JsonNumber {
	readonly text: string;

	constructor(text: string) {
		this.text = text;
	}
}

export type Json = null | boolean | string | JsonNumber | Json[] | Map<string, Json>;

const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const unquoted = /[^/\\;#={}[\]:, \t\f\r\n]+/y;
const doubleQuoted = /[^"\\]*/y;
const singleQuoted = /[^'\\]*/y;
const space = /(?:[ \t\r\n]+|\/\/[^\r\n]*|#[^\r\n]*|\/\*[\s\S]*?\*\/)+/y;
const escapes: Record<string, string> = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };
const plainEscapes = "\"'\\/\n";
/** Gson's default nesting limit. */
const maxDepth = 255;

/**
 * Parses `text`. Throws `SyntaxError` where Gson's lenient reader does. Empty text is `null`; a repeated key: the last wins;
 * `[1,]` has a null at its end.
 */
export function parseJson(text: string): Json {
	return new Reader(text.replace(/^\ufeff/, "").replace(/^\)\]\}'\n/, "")).document();
}

/** Whether a value of `JSON.parse` is nested at most so deeply; deeper ones could not be written again. */
export function nestedWithin(levels: number, value: unknown): boolean {
	if (typeof value !== "object" || value === null) return true;
	return levels > 0 && Object.values(value).every((inner) => nestedWithin(levels - 1, inner));
}

/** Compact JSON text; numbers as they were written. */
export function jsonText(value: Json): string {
	if (value === null || typeof value === "boolean") return String(value);
	if (typeof value === "string") return quote(value);
	if (value instanceof JsonNumber) return value.text;
	if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
	return `{${[...value].map(([key, inner]) => `${quote(key)}:${jsonText(inner)}`).join(",")}}`;
}

/** A JSON string as Gson writes it: the two separators that JavaScript once refused are escaped. */
export function quote(text: string): string {
	return JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => (c === "\u2028" ? "\\u2028" : "\\u2029"));
}

class Reader {
	#text: string;
	#at = 0;
	#depth = 0;

	constructor(text: string) {
		this.#text = text;
	}

	document(): Json {
		this.#skip();
		if (this.#at === this.#text.length) return null;
		const value = this.#value();
		this.#skip();
		if (value !== null && this.#at < this.#text.length) this.#fail("the end");
		return value;
	}

	#value(): Json {
		this.#skip();
		const c = this.#text[this.#at];
		if (c === "{") return this.#nested(() => this.#object());
		if (c === "[") return this.#nested(() => this.#array());
		if (c === '"' || c === "'") return this.#string(c);
		return literal(this.#word());
	}

	#nested<T>(read: () => T): T {
		if (++this.#depth > maxDepth) this.#fail(`at most ${maxDepth} levels`);
		this.#at++;
		const value = read();
		this.#depth--;
		return value;
	}

	#array(): Json[] {
		const values: Json[] = [];
		if (this.#take("]")) return values;
		for (;;) {
			this.#skip();
			const empty = ",;]".includes(this.#text[this.#at] ?? "?");
			values.push(empty ? null : this.#value());
			if (this.#take("]")) return values;
			if (!this.#take(",") && !this.#take(";")) this.#fail(", or ]");
		}
	}

	#object(): Map<string, Json> {
		const members = new Map<string, Json>();
		if (this.#take("}")) return members;
		for (;;) {
			this.#skip();
			const c = this.#text[this.#at];
			const name = c === '"' || c === "'" ? this.#string(c) : this.#word();
			if (this.#take("=")) this.#take(">");
			else if (!this.#take(":")) this.#fail(":");
			members.set(name, this.#value());
			if (this.#take("}")) return members;
			if (!this.#take(",") && !this.#take(";")) this.#fail(", or }");
		}
	}

	#string(end: string): string {
		this.#at++;
		let text = this.#run(end);
		for (; this.#text[this.#at] !== end; text += this.#run(end)) {
			if (this.#at >= this.#text.length) this.#fail(end);
			text += this.#escape(); // a run ends at the quote, at the end or at a backslash
			this.#at++;
		}
		this.#at++;
		return text;
	}

	/** Characters up to the quote or a backslash. */
	#run(end: string): string {
		const plain = end === '"' ? doubleQuoted : singleQuoted;
		plain.lastIndex = this.#at;
		const [found = ""] = plain.exec(this.#text) ?? [];
		this.#at += found.length;
		return found;
	}

	#escape(): string {
		const c = this.#text[++this.#at] ?? "";
		if (c === "u") {
			const hex = this.#text.slice(this.#at + 1, this.#at + 5);
			if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.#fail("4 hexadecimal digits");
			this.#at += 4;
			return String.fromCharCode(Number.parseInt(hex, 16));
		}
		const plain = c && plainEscapes.includes(c) ? c : escapes[c];
		return plain ?? this.#fail("an escape");
	}

	#word(): string {
		unquoted.lastIndex = this.#at;
		const found = unquoted.exec(this.#text);
		if (!found) return this.#fail("a value or name");
		this.#at = unquoted.lastIndex;
		return found[0];
	}

	#skip(): void {
		space.lastIndex = this.#at;
		if (space.test(this.#text)) this.#at = space.lastIndex;
	}

	#take(c: string): boolean {
		this.#skip();
		if (this.#text[this.#at] !== c) return false;
		this.#at++;
		return true;
	}

	#fail(expected: string): never {
		const found = this.#text.slice(this.#at, this.#at + 10) || "the end";
		throw new SyntaxError(`JSON at ${this.#at}: expected ${expected}, got ${found}`);
	}
}

/** What an unquoted word means: Gson knows the keywords in any case; what is no number is a string (`NaN`, `01`, `.5`). */
function literal(word: string): Json {
	const lower = word.toLowerCase();
	if (lower === "null") return null;
	if (lower === "true" || lower === "false") return lower === "true";
	return number.test(word) ? new JsonNumber(word) : word;
}
