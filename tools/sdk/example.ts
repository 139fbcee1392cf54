// examples/manifest.json with another program: what examples/README.md tells people to do.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sdk.ts";

const home = join(root, "examples");

/** Paths of that manifest are relative to it; anywhere else they have to be absolute. */
function moved(value: unknown): unknown {
	if (typeof value === "string") return /^\.\.?\//.test(value) ? join(home, value) : value;
	if (Array.isArray(value)) return value.map(moved);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, moved(inner)]));
}

/** What is different in an example's manifest; paths relative to `examples`. */
export interface Difference {
	main: string;
	include?: string[];
	/** For chips: behind what all examples have, since the last one that names a setting wins. */
	chip?: string[];
}

/** Writes the manifest to `folder`. Returns its path. */
export function exampleManifest(folder: string, { main, include = [], chip = [] }: Difference): string {
	const common = JSON.parse(readFileSync(join(home, "manifest.json"), "utf8"));
	const { modules, platforms } = common;
	const { esp32, "esp32/*": boards } = platforms;
	const whole = moved({
		...common,
		include: [...common.include, ...include],
		modules: { ...modules, main },
		platforms: {
			...platforms,
			esp32: { include: [...esp32.include, ...chip] },
			"esp32/*": { include: [...boards.include, ...chip] },
		},
	});
	mkdirSync(folder, { recursive: true });
	const file = join(folder, "manifest.json");
	writeFileSync(file, JSON.stringify(whole, undefined, "\t"));
	return file;
}
