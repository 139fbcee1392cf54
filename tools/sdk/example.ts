// The project's manifest with another program in place of main.ts: what examples/README.md tells people to write.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sdk.ts";

type Paths = string | string[];

interface Manifest {
	include: string[];
	modules: Record<string, Paths>;
	platforms: Record<string, { include: string }>;
}

/** Writes it to `folder`; `main` and `includes` are paths from the project's folder. Returns its own path. */
export function exampleManifest(folder: string, main: string, includes: string[]): string {
	const text = readFileSync(join(root, "manifest.json"), "utf8");
	const { include, modules, platforms, ...rest } = JSON.parse(text) as Manifest;
	const from = (path: string): string => (path.startsWith("./") ? join(root, path) : path);
	const all = (paths: Paths): Paths => (Array.isArray(paths) ? paths.map(from) : from(paths));
	const kept = Object.fromEntries(Object.entries(modules).map(([name, paths]) => [name, all(paths)]));
	const hosts = Object.entries(platforms).map(([name, host]) => [name, { include: from(host.include) }]);
	const whole = {
		...rest,
		include: [...include.map(from), ...includes.map((path) => join(root, path))],
		modules: {
			...kept,
			"*": (kept["*"] as string[]).filter((path) => path !== join(root, "main")),
			main: join(root, main),
		},
		platforms: Object.fromEntries(hosts),
	};
	mkdirSync(folder, { recursive: true });
	const file = join(folder, "manifest.json");
	writeFileSync(file, JSON.stringify(whole, undefined, "\t"));
	return file;
}
