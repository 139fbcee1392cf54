/** `host/slots` of the virtual board: every call goes to the flash in Node. Errors carry `code` and `codeName`. */
import type { ImageState, Slot, Slots } from "host/contract";
import { Op } from "../protocol.ts";
import { ChipId, Target, XSVersion } from "../target.ts";
import { invoke } from "./bridge.ts";

const ask = (...list: unknown[]): unknown => invoke(Op.Slots, list)[0];

/** Label and size never change; the state is read from flash whenever it is asked for. */
function slot(which: "running" | "next"): Slot {
	const { label, size } = ask(which) as Slot;
	return {
		label,
		size,
		get state(): ImageState {
			return (ask(which) as Slot).state;
		},
	};
}

const running = slot("running");
const next = slot("next");
const blockSize = ask("blockSize") as number;

const slots: Slots = {
	running,
	next,
	blockSize,
	chip: ChipId,
	identity: { target: Target, xs: XSVersion },
	begin() {
		ask("begin");
	},
	erase(offset, length) {
		ask("erase", offset, length);
	},
	write(buffer, offset, length) {
		if (!(length <= buffer.byteLength))
			throw new RangeError(`slots.write: expected at most ${buffer.byteLength} bytes, got ${length}`);
		invoke(Op.Slots, ["write", offset, length], new Uint8Array(buffer, 0, length));
	},
	read(buffer, offset, length) {
		if (!(length <= buffer.byteLength))
			throw new RangeError(`slots.read: expected at most ${buffer.byteLength} bytes, got ${length}`);
		new Uint8Array(buffer).set(invoke(Op.Slots, ["read", offset, length])[1]);
	},
	activate() {
		ask("activate");
	},
	confirm() {
		ask("confirm");
	},
	revert() {
		ask("revert");
	},
};

export default slots;
