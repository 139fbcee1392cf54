/** What the module `app` is at this boot: the image's own, or that of the mod which the board has taken. */
import { Op } from "../protocol.ts";
import { decode, invoke } from "./bridge.ts";

/** Modules by specifier, each made when it is first asked for. */
export type Modules = Readonly<Record<string, () => unknown>>;

/**
 * Runs the mod, a CommonJS script whose imports are modules of the image, or else `own`.
 * @throws what the mod throws, SyntaxError, and TypeError for an import that mods cannot have
 */
export function load(own: () => unknown, modules: Modules): unknown {
	const [isMapped, script] = invoke(Op.Mods, ["mod"]);
	if (!isMapped) return own();
	const mod = { exports: {} };
	const find = (name: string): unknown => {
		const found = modules[name];
		if (!found)
			throw new TypeError(`mod: expected an import of ${Object.keys(modules).join(", ")}, got ${name}`);
		return found();
	};
	// Indirect: a mod sees globals and what it imports, nothing of this module.
	// biome-ignore lint/security/noGlobalEval: a mod is code; on a chip XS runs it from flash
	const run = (0, eval)(`"use strict";(function (module, exports, require) {${decode(script)}\n})`);
	run(mod, mod.exports, find);
	return mod.exports;
}
