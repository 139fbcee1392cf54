// The page's own files: HTML as it stands; script and style bundled by esbuild when first asked for, uPlot included.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A file as it is served. */
export interface Served {
	type: string;
	body: string;
	/** Of the body, for `If-None-Match`. */
	etag: string;
}

const folder = fileURLToPath(new URL("../page/", import.meta.url));

const sources = {
	"/": { type: "text/html; charset=utf-8", read: () => readFile(`${folder}index.html`, "utf8") },
	"/page/main.js": { type: "text/javascript; charset=utf-8", read: () => bundled("main.ts") },
	"/page/main.css": { type: "text/css; charset=utf-8", read: () => bundled("main.css") },
	"/page/icon.svg": { type: "image/svg+xml", read: () => readFile(`${folder}icon.svg`, "utf8") },
};

export type Path = keyof typeof sources;

/** Everything that is served. */
export const paths = Object.keys(sources) as Path[];

const served = new Map<Path, Promise<Served>>();

/** One file; made once. */
export function file(path: Path): Promise<Served> {
	const known = served.get(path) ?? make(path);
	served.set(path, known);
	return known;
}

async function make(path: Path): Promise<Served> {
	const { type, read } = sources[path];
	const body = await read();
	return { type, body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}

async function bundled(entry: string): Promise<string> {
	const { build } = await import("esbuild"); // not before it is needed: it would delay the start
	const { outputFiles } = await build({
		entryPoints: [folder + entry],
		bundle: true,
		minify: true,
		write: false,
		format: "esm",
		target: "es2022",
		logLevel: "silent",
	});
	return outputFiles[0]?.text ?? "";
}
