// Loader hooks: module specifiers come from tsconfig.json `paths` (the only table of them), TypeScript goes through esbuild.
// TS_PATHS names a JSON file of the same form whose entries come first: specs put their fakes there.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve as join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8"));
const table = {
	...read("tsconfig.json").compilerOptions.paths,
	...(process.env.TS_PATHS ? read(process.env.TS_PATHS) : {}),
};

function mapped(specifier) {
	const exact = table[specifier];
	if (exact) return exact[0];
	for (const [pattern, [target]] of Object.entries(table)) {
		if (pattern.endsWith("*") && specifier.startsWith(pattern.slice(0, -1)))
			return target.replace("*", specifier.slice(pattern.length - 1));
	}
	return undefined;
}

export async function resolve(specifier, context, next) {
	const target = mapped(specifier);
	return target
		? { url: pathToFileURL(join(root, target)).href, shortCircuit: true }
		: next(specifier, context);
}

export async function load(url, context, next) {
	if (!new URL(url).pathname.endsWith(".ts")) return next(url, context); // a query makes a module anew
	const file = fileURLToPath(url);
	const { code } = await transform(await readFile(file, "utf8"), {
		loader: "ts",
		format: "esm",
		target: "node20",
		sourcefile: file,
		sourcemap: "inline",
		sourcesContent: false,
	});
	return { format: "module", source: code, shortCircuit: true };
}
