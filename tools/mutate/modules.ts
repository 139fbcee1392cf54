// Modules of the project that can be evaluated again and again in one process: for each mutant anew, compiled once.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import { commonJS } from "./mutants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const real = createRequire(import.meta.url);
const json = (file: string): unknown => JSON.parse(readFileSync(join(root, file), "utf8"));
const { compilerOptions } = json("tsconfig.json") as { compilerOptions: { paths: Record<string, string[]> } };
const paths = { ...compilerOptions.paths, ...(json("test/paths.json") as Record<string, string[]>) };

type Body = (require: (specifier: string) => unknown, module: { exports: object }, exports: object) => void;

/** The file below the project's folder that a specifier means. Undefined: one of Node's. */
export function fileOf(specifier: string, from: string): string | undefined {
	if (specifier.startsWith(".")) return relative(root, join(root, dirname(from), specifier));
	const exact = paths[specifier]?.[0];
	if (exact) return exact.replace("./", "");
	for (const [pattern, [target = ""]] of Object.entries(paths))
		if (pattern.endsWith("*") && specifier.startsWith(pattern.slice(0, -1)))
			return target.replace("./", "").replace("*", specifier.slice(pattern.length - 1));
	return undefined;
}

const bodies = new Map<string, Body>();

function compile(code: string, file: string): Body {
	return compileFunction(code, ["require", "module", "exports"], { filename: join(root, file) }) as Body;
}

function bodyOf(file: string): Body {
	const body = bodies.get(file) ?? compile(commonJS(readFileSync(join(root, file), "utf8"), file), file);
	bodies.set(file, body);
	return body;
}

/** One evaluation of everything that is asked for, with one file replaced. */
export class Modules {
	readonly #loaded = new Map<string, { exports: object }>();
	readonly #file: string;
	readonly #body: Body | undefined;

	/** `code`: CommonJS that takes the place of `file`. */
	constructor(file = "", code?: string) {
		this.#file = file;
		this.#body = code === undefined ? undefined : compile(code, file);
	}

	/** Throws what the modules throw. */
	load(file: string): unknown {
		const loaded = this.#loaded.get(file);
		if (loaded) return loaded.exports;
		const module = { exports: {} };
		this.#loaded.set(file, module);
		const body = (file === this.#file && this.#body) || bodyOf(file);
		body((specifier) => this.#require(specifier, file), module, module.exports);
		return module.exports;
	}

	#require(specifier: string, from: string): unknown {
		const file = fileOf(specifier, from);
		return file ? this.load(file) : real(specifier);
	}
}

/** A file and every file that it needs, directly or not. */
export function needs(file: string): Set<string> {
	const found = new Set([file]);
	for (const from of found)
		for (const [, specifier = ""] of commonJS(readFileSync(join(root, from), "utf8"), from).matchAll(
			/\brequire\("([^"]+)"\)/g,
		)) {
			const to = fileOf(specifier, from);
			if (to) found.add(to);
		}
	return found;
}
