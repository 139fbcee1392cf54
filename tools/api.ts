// Writes docs/api.md anew from the docstrings.
import { writeFileSync } from "node:fs";
import { page } from "./api/write.ts";
import { args } from "./args.ts";

args({
	command: "node --import ./tools/ts.mjs tools/api.ts",
	about: "Writes docs/api.md from the docstrings.",
	options: {},
});
writeFileSync(new URL("../docs/api.md", import.meta.url), page());
