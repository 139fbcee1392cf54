// What the project must know of ESP-IDF, taken from its sources: prototypes, enumerations, error codes, Kconfig symbols.
import { bare, filesWith, type Release, text } from "./source.ts";

/** A function as its header declares it; types are C's, without names. */
export interface Prototype {
	header: string;
	returns: string;
	arguments: string[];
}

/** A symbol as Kconfig declares it. */
export interface KconfigSymbol {
	/** Files that declare it: several where it differs by chip. */
	files: string[];
	/** bool, int, hex or string. */
	type: string;
	/** Smallest and largest value, where all its ranges agree on them. */
	range?: [number, number];
}

const spaces = (type: string): string =>
	type
		.replace(/\s+/g, " ")
		.replace(/ ?\* ?/g, " *")
		.trim();

/** `const esp_partition_t *partition` → `const esp_partition_t *`; `void` → none. */
function argumentTypes(list: string): string[] {
	if (/^\s*(void)?\s*$/.test(list)) return [];
	return list.split(",").map((one) => spaces(one.replace(/(\w+)\s*$/, "")) || spaces(one));
}

/** The declaration of `name`. @throws Error when no public header has one. */
export function prototypeOf(release: Release, name: string): Prototype {
	const shape = new RegExp(
		`^[ \\t]*((?:const )?\\w+[ \\t]*\\*?)[ \\t]*\\b${name}[ \\t]*\\(([^)]*)\\)[^;{]*;`,
		"m",
	);
	for (const header of filesWith(release, `${name}[ ]*\\(`, "components/**/include/**.h")) {
		const found = shape.exec(bare(text(release, header)));
		if (found?.[1] === undefined || found[2] === undefined || /return/.test(found[1])) continue;
		return { header, returns: spaces(found[1]), arguments: argumentTypes(found[2]) };
	}
	throw new Error(`${release.tag}: expected a declaration of ${name} in a public header, found none`);
}

/** Names and values of `typedef enum {…} name;`. @throws Error when the header has none. */
export function enumOf(release: Release, header: string, name: string): Record<string, number> {
	const body = new RegExp(`enum\\s*\\w*\\s*\\{([^}]*)\\}\\s*${name}\\s*;`).exec(
		bare(text(release, header)),
	)?.[1];
	if (body === undefined) throw new Error(`${header}: expected enum ${name}, found none`);
	const values: Record<string, number> = {};
	let next = 0;
	for (const [, key = "", value] of body.replace(/^[ \t]*#.*$/gm, "").matchAll(/(\w+)\s*(?:=\s*([^,]+))?/g)) {
		next = value === undefined ? next : sumOf(value, values);
		values[key] = next++;
	}
	return values;
}

/** A number, a known name, or a sum of two of them, as the headers write codes. */
function sumOf(expression: string, known: Readonly<Record<string, number>>): number {
	const words = expression.replace(/[()\s]|(?<=[\dA-F])U\b/g, "").split("+");
	return words.reduce((sum, word) => sum + (known[word] ?? Number(word)), 0);
}

/** Every error code that the headers define, e.g. `ESP_ERR_OTA_VALIDATE_FAILED: 0x1503`. */
export function errorsOf(release: Release, headers: readonly string[]): Record<string, number> {
	const values: Record<string, number> = {};
	for (const header of headers)
		for (const [, name = "", value = ""] of bare(text(release, header)).matchAll(
			/^#define[ \t]+(ESP_(?:OK|FAIL|ERR_\w+))[ \t]+([^\n]+)$/gm,
		))
			values[name] = sumOf(value, values);
	const broken = Object.keys(values).filter((name) => !Number.isInteger(values[name]));
	if (broken.length) throw new Error(`expected numbers, could not read ${broken.join(", ")}`);
	return values;
}

/** The declarations of `config NAME`. @throws Error when there is none. */
export function symbolOf(release: Release, name: string): KconfigSymbol {
	const files = filesWith(release, `^[ \t]*(menu)?config ${name}[ \t]*$`, "Kconfig", "components/**Kconfig*");
	const bodies = files.flatMap((file) => {
		const lines = text(release, file);
		const start = new RegExp(
			`^[ \\t]*(?:menu)?config ${name}[ \\t]*$([\\s\\S]*?)(?=^[ \\t]*(?:(?:menu)?config|choice|endmenu|endif|endchoice|menu)\\b)`,
			"gm",
		);
		return [...lines.matchAll(start)].map(([, body = ""]) => body);
	});
	const type = bodies.map((body) => /^[ \t]*(bool|int|hex|string)\b/m.exec(body)?.[1]).find(Boolean);
	if (!type) throw new Error(`${release.tag}: expected Kconfig symbol ${name}, found none`);
	const ranges = bodies.flatMap((body) => [...body.matchAll(/^[ \t]*range (-?\d+) (-?\d+)/gm)]);
	if (!ranges.length) return { files, type };
	const low = Math.max(...ranges.map(([, from]) => Number(from)));
	const high = Math.min(...ranges.map(([, , to]) => Number(to)));
	return { files, type, range: [low, high] };
}
