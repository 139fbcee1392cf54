/** Bundles a program for the XS worker: one strict classic script, specifiers answered by the project's table of them. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Config } from "./guest/config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const guest = (name: string): string => fileURLToPath(new URL(`guest/${name}.ts`, import.meta.url));

export interface BundleOptions {
	/** Path of the program; default the application, `main.ts`. */
	entry?: string;
	/** Instead of a path: the program's text, as if it lay in the project's folder. */
	source?: string;
	/** Specifiers that come from elsewhere, e.g. `{ app: "/path/app.ts" }`. */
	modules?: Record<string, string>;
	/** What `mc/config` gives. */
	config?: Config;
	/** Default false: traces then name lines that can be read. */
	minify?: boolean;
}

/** What a mod may import of the image: the others are not there under their names once an image is bundled. */
const shared = ["crypt", "host/pins", "host/store", "host/system", "mc/config", "time", "timer"];

/** Specifiers of the project, as tsconfig.json has them: exact ones, and patterns that end in `*`. */
function readPaths(file: string): Record<string, string> {
	const { compilerOptions } = JSON.parse(readFileSync(file, "utf8")) as {
		compilerOptions: { paths: Record<string, [string]> };
	};
	return Object.fromEntries(Object.entries(compilerOptions.paths).map(([key, [path]]) => [key, path]));
}

function find(table: Record<string, string>, specifier: string): string | undefined {
	const exact = table[specifier];
	if (exact) return resolve(root, exact);
	for (const [pattern, target] of Object.entries(table)) {
		if (pattern.endsWith("*") && specifier.startsWith(pattern.slice(0, -1)))
			return resolve(root, target.replace("*", specifier.slice(pattern.length - 1)));
	}
	return undefined;
}

/** Answers specifiers; `mc/config` exists in the bundle only. */
function specifiers(table: Record<string, string>, config: Config | undefined): Plugin {
	return {
		name: "specifiers",
		setup(builder) {
			builder.onResolve({ filter: /^[^./]/ }, ({ path }) => {
				if (config && path === "mc/config") return { path, namespace: "config" };
				const file = find(table, path);
				return file ? { path: file } : undefined;
			});
			builder.onLoad({ filter: /.*/, namespace: "config" }, () => ({
				contents: JSON.stringify(config),
				loader: "json",
			}));
		},
	};
}

const common = {
	bundle: true,
	write: false,
	target: "es2022",
	platform: "neutral",
	legalComments: "none",
	logLevel: "silent",
	tsconfigRaw: { compilerOptions: { target: "es2022", verbatimModuleSyntax: true } },
} as const;

const entryOf = (entry: string | undefined, source: string | undefined) =>
	source === undefined
		? { entryPoints: [entry ?? join(root, "app.ts")] }
		: { stdin: { contents: source, resolveDir: entry ? dirname(entry) : root, loader: "ts" as const } };

/** Only such programs pay for it. */
function knowsMods(entry: string | undefined, source: string | undefined): boolean {
	return (source ?? readFileSync(entry ?? join(root, "main.ts"), "utf8")).includes('"host/mods"');
}

/** `app` as a module that is chosen at boot, for programs that know of mods: those that import `host/mods`. */
function replaceable(app: string): Plugin {
	const entries = shared.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)})`);
	const contents = `module.exports = require(${JSON.stringify(guest("mod-loader"))}).load(
		() => require(${JSON.stringify(app)}), { ${entries.join(", ")} });`;
	return {
		name: "replaceable",
		setup(builder) {
			builder.onResolve({ filter: /^app$/ }, () => ({ path: "app", namespace: "mod" }));
			builder.onLoad({ filter: /.*/, namespace: "mod" }, () => ({
				contents,
				resolveDir: root,
				loader: "js",
			}));
		},
	};
}

/**
 * Bundles a mod: a CommonJS script that imports modules of the image and brings everything else along.
 * @throws Error as `bundle`; also for an import of the project that mods cannot have
 */
export async function bundleMod({ entry, source }: Pick<BundleOptions, "entry" | "source">): Promise<string> {
	const { outputFiles } = await build({
		...entryOf(entry, source),
		...common,
		format: "cjs",
		minify: true,
		external: [...shared, "host/contract"],
	});
	return outputFiles[0]?.text ?? "";
}

/**
 * Bundles a program with everything it imports, the built-ins that XS 13.3 lacks and the bridge to the board.
 * @throws Error with esbuild's messages when a file or a specifier is missing or the syntax is wrong.
 */
export async function bundle({
	entry,
	source,
	modules = {},
	config,
	minify,
}: BundleOptions = {}): Promise<string> {
	const table = { ...readPaths(join(root, "tsconfig.json")), ...modules };
	const app = knowsMods(entry, source) ? [replaceable(resolve(root, table.app ?? ""))] : [];
	const { outputFiles } = await build({
		...entryOf(entry ?? join(root, "main.ts"), source),
		...common,
		format: "iife",
		minify: minify ?? false,
		// Modules are strict; a classic script is not by itself.
		banner: { js: '"use strict";' },
		footer: { js: "//# sourceURL=/firmware.js" },
		inject: [guest("prelude"), guest("bridge")],
		plugins: [...app, specifiers(table, config)],
	});
	return outputFiles[0]?.text ?? "";
}
