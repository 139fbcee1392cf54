/** `host/mods` of the virtual board: the partition `xs` of its flash. */
import type { Mods } from "host/contract";

import { Op } from "../protocol.ts";
import { ModMagic, Target, XSVersion } from "../target.ts";
import { invoke } from "./bridge.ts";

const mods: Mods = {
	size: invoke(Op.Mods, ["size"])[0] as number,
	mapped: invoke(Op.Mods, ["mod"])[0] as boolean,
	magic: ModMagic,
	identity: { target: Target, xs: XSVersion },
	erase(offset) {
		invoke(Op.Mods, ["erase", offset]);
	},
	write(buffer, offset, length) {
		invoke(Op.Mods, ["write", offset, length], new Uint8Array(buffer, 0, length));
	},
	read(buffer, offset, length) {
		new Uint8Array(buffer).set(invoke(Op.Mods, ["read", offset, length])[1]);
	},
};

export default mods;
