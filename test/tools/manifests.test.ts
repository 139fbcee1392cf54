// tsconfig.json `paths` is the table of module specifiers; the manifests of the SDK must say the same.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { versioned } from "../../tools/version.ts";
import { deepEqual, equal } from "../assert.ts";

interface Manifest {
	include?: string | string[];
	preload?: string | string[];
	modules?: Record<string, string | string[]>;
	platforms?: Record<string, Manifest>;
	config?: Record<string, unknown>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const json = (file: string): Record<string, unknown> => JSON.parse(readFileSync(join(root, file), "utf8"));
const list = (value: string | string[] | undefined): string[] =>
	value === undefined ? [] : typeof value === "string" ? [value] : value;

/** Specifier to source file (without `.ts`) of all modules of ours that a platform's build contains. */
function modules(file: string, platform: string): Map<string, string> {
	const { platforms, ...common } = json(file) as Manifest;
	const found = new Map<string, string>();
	for (const part of [common, platforms?.[platform] ?? {}]) {
		for (const include of list(part.include))
			if (include.startsWith("."))
				for (const entry of modules(join(dirname(file), include), platform)) found.set(...entry);
		for (const [name, sources] of Object.entries(part.modules ?? {}))
			for (const source of list(sources))
				if (name !== "~" && source.startsWith("."))
					found.set(specifier(name, source), join(dirname(file), source));
	}
	return found;
}

/** `"tbclient/*": "./topics"` names the module after its file. */
const specifier = (name: string, source: string): string =>
	name.replace("*", source.slice(source.lastIndexOf("/") + 1));

/** What `paths` says of a specifier, without `.ts`. */
function mapped(name: string): string | undefined {
	const { paths } = json("tsconfig.json").compilerOptions as { paths: Record<string, [string]> };
	const exact = paths[name];
	const pattern = Object.keys(paths).find((key) => key.endsWith("*") && name.startsWith(key.slice(0, -1)));
	const target = exact?.[0] ?? (pattern && paths[pattern]?.[0].replace("*", name.slice(pattern.length - 1)));
	return target && join(target).replace(/\.ts$/, "");
}

/** `host/*` and what stands for the SDK's own modules are the virtual board's in `paths`, another host's in a manifest. */
const ofHost = (name: string): boolean => name.startsWith("host/") && name !== "host/contract";

describe("manifests", () => {
	for (const platform of ["lin", "esp32", "esp32/*"]) {
		it(`${platform}: name the same file for a specifier as tsconfig.json`, () => {
			const all = [...modules("manifest.json", platform)].filter(
				([name, file]) => !ofHost(name) && name !== "main" && !file.includes("typings/"),
			);
			deepEqual(
				all.map(([name]) => [name, mapped(name)]),
				all,
			);
		});

		it(`${platform}: contain every module of ours that the device's code imports`, () => {
			const known = modules("manifest.json", platform);
			const missing: string[] = [];
			for (const [name, file] of [...known, ["main", "main"] as const])
				for (const [, wanted = ""] of source(file).matchAll(/^import(?! type).*? from "([^"]+)";/gm))
					if (!known.has(wanted) && (ofHost(wanted) || ours(wanted))) missing.push(`${wanted} (by ${name})`);
			deepEqual(missing, []);
		});

		it(`${platform}: name files that exist`, () => {
			const missing = [...modules("manifest.json", platform).values()].filter((file) => source(file) === "");
			deepEqual(missing, []);
		});
	}

	for (const platform of ["lin", "esp32/*"])
		it(`of the examples, ${platform}: contain every module of ours that an example imports`, () => {
			const known = modules("examples/manifest.json", platform);
			const wanted = readdirSync(join(root, "examples"))
				.filter((file) => file.endsWith(".ts"))
				.flatMap((file) => [
					...source(`examples/${file.slice(0, -3)}`).matchAll(/^import(?! type).*? from "([^"]+)";/gm),
				])
				.map(([, name = ""]) => name);
			deepEqual(
				wanted.filter((name) => !known.has(name) && (ofHost(name) || ours(name))),
				[],
			);
		});

	it("preload modules by name, never app: the SDK's patterns match no TypeScript", () => {
		const files = [
			"manifest.json",
			...["hosts/guards", "modules/ota", "modules/tbclient"].map((path) => `${path}/manifest.json`),
		];
		const preloads = files.flatMap((file) => list((json(file) as Manifest).preload));
		deepEqual(
			preloads.filter((name) => name.includes("*") || name === "app"),
			[],
		);
	});

	it("give every host the log of the journal, for programs that include it", () => {
		const journal = "modules/tbclient/manifest_journal.json";
		for (const [platform, file] of [
			["lin", "hosts/simulator/log"],
			["esp32", "hosts/esp32/log"],
			["esp32/*", "hosts/esp32/log"],
		] as const) {
			const known = modules(journal, platform);
			equal(known.get("host/log"), file);
			for (const [name, path] of known) if (!ofHost(name)) equal(mapped(name), path);
			const all = [...modules("manifest.json", platform).keys(), ...known.keys()];
			const wanted = [...known.values()].flatMap((path) =>
				[...source(path).matchAll(/^import(?! type).*? from "([^"]+)";/gm)].map(([, name = ""]) => name),
			);
			deepEqual(
				wanted.filter((name) => (ofHost(name) || ours(name)) && !all.includes(name)),
				[],
			);
			equal(
				modules("manifest.json", platform).has("tbclient/journal"),
				false,
				"costs nothing when it is not used",
			);
		}
	});

	it("give every host the specifiers of the contract", () => {
		for (const platform of ["lin", "esp32/*"]) {
			const known = modules("manifest.json", platform);
			const names = ["host/device", "host/link", "host/slots", "host/store", "host/system"];
			deepEqual(
				names.filter((name) => !known.has(name)),
				[],
			);
		}
	});

	it("carry package.json's title and version, as do sdkconfig and the identity record (cure: tools/version.ts)", () => {
		for (const { file, text } of versioned()) equal(readFileSync(join(root, file), "utf8"), text, file);
		const { name, version } = json("package.json");
		const { config } = json("manifest.json") as Manifest;
		deepEqual([config?.title, config?.version], [name, version]);
	});

	it("use the compiler options of tsconfig.json that make it strict", () => {
		const { typescript } = json("manifest.json") as { typescript: { tsconfig: { compilerOptions: object } } };
		const here = json("tsconfig.json").compilerOptions as Record<string, unknown>;
		const there = typescript.tsconfig.compilerOptions as Record<string, unknown>;
		deepEqual(there, Object.fromEntries(Object.keys(there).map((key) => [key, here[key]])));
	});
});

function ours(name: string): boolean {
	const target = mapped(name);
	return target !== undefined && !target.startsWith(relative(root, join(root, "hosts/virtual")));
}

function source(file: string): string {
	const path = [".ts", ".js", ".d.ts"].map((extension) => join(root, file + extension)).find(existsSync);
	return path ? readFileSync(path, "utf8") : "";
}
