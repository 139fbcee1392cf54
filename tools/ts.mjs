// `node --import ./tools/ts.mjs file.ts`: lets Node run the project's TypeScript. Node 20 cannot strip types.
import { createRequire, register } from "node:module";

try {
	createRequire(import.meta.url).resolve("esbuild");
} catch {
	console.error("The project's packages are not installed: run `npm ci` first.");
	process.exit(1);
}
register("./ts-hooks.mjs", import.meta.url);
