// What a module offers, read from its text: exports, their signatures and their docstrings. The house style makes that simple: a
// declaration begins at column 0, a member after one tab, and a body's brace ends the line.

/** One name, as it is declared, with its docstring; members of a class or interface beside it. */
export interface Entry {
	name: string;
	signature: string;
	doc: string;
	members: Entry[];
}

const declaration = /^export (?:default )?(?:abstract )?(class|interface|function|const|type) (\w+)/;
const member = /^\t(?:readonly |static |get |async )*(\w+)[?]?(?:<[^>]*>)?[(:]/;

/** A docstring without its stars; `@throws` and the like stay as words. */
const clean = (comment: string): string =>
	comment
		.replace(/^\s*\/\*\*\s?|\s*\*\/$/g, "")
		.replace(/^\s*\* ?/gm, "")
		.trim();

/** Every export of a module, in its order. */
export function read(source: string): Entry[] {
	const lines = source.split("\n");
	const entries: Entry[] = [];
	let doc = "";
	for (let at = 0; at < lines.length; at++) {
		const line = lines[at] as string;
		if (line.startsWith("/**")) [doc, at] = comment(lines, at);
		else if (declaration.test(line)) {
			entries.push(entry(lines, at, doc));
			doc = "";
		} else if (line) doc = "";
	}
	return entries;
}

/** The comment that begins at `at`, and its last line. */
function comment(lines: string[], at: number): [string, number] {
	let end = at;
	while (!lines[end]?.includes("*/")) end += 1;
	return [clean(lines.slice(at, end + 1).join("\n")), end];
}

function entry(lines: string[], at: number, doc: string): Entry {
	const [, kind = "", name = ""] = declaration.exec(lines[at] ?? "") ?? [];
	const body = kind === "class" || kind === "interface";
	return { name, doc, signature: signature(lines, at, kind), members: body ? members(lines, at + 1) : [] };
}

/** The declaration up to its body, on one line. */
function signature(lines: string[], at: number, kind: string): string {
	if (kind === "const") return (lines[at] ?? "").replace(/ = .*$/, "").replace(/^export /, "");
	let end = at;
	const last = kind === "type" ? /;$/ : /[{;]$/;
	while (!last.test(lines[end] ?? "")) end += 1;
	return oneLine(lines.slice(at, end + 1));
}

const oneLine = (lines: string[]): string =>
	lines
		.join(" ")
		.replace(/\s+/g, " ")
		.replace(/\( /g, "(")
		.replace(/,? \)/g, ")")
		.replace(/ ?[{;]$/, "")
		.replace(/^export (default )?/, "")
		.replace(/(\w+) = this\.[^,)]+/g, "$1?")
		.trim();

/** Public members, up to the brace that ends the body. */
function members(lines: string[], start: number): Entry[] {
	const found: Entry[] = [];
	let doc = "";
	for (let at = start; at < lines.length && lines[at] !== "}"; at++) {
		const line = lines[at] as string;
		if (line.startsWith("\t/**")) [doc, at] = comment(lines, at);
		else if (member.test(line)) {
			found.push({
				name: member.exec(line)?.[1] ?? "",
				doc,
				signature: memberSignature(lines, at),
				members: [],
			});
			doc = "";
		} else if (line.trim() && !line.startsWith("\t\t")) doc = "";
	}
	return found;
}

function memberSignature(lines: string[], at: number): string {
	let end = at;
	while (!/[{;]$/.test(lines[end] ?? "")) end += 1;
	const text = oneLine(lines.slice(at, end + 1));
	return /^[^(=]* = /.test(text) ? text.replace(/ = .*$/, "") : text;
}
