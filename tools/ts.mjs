// `node --import ./tools/ts.mjs file.ts`: lets Node run the project's TypeScript. Node 20 cannot strip types.
import { register } from "node:module";

register("./ts-hooks.mjs", import.meta.url);
