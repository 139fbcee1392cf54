/** Where an image goes. `Slots` is one: its inactive slot. Another partition that is written and switched like it can be one too. */
import type { Slots } from "host/contract";

export type Target = Pick<
	Slots,
	| "next"
	| "blockSize"
	| "magic"
	| "chip"
	| "identity"
	| "refuse"
	| "begin"
	| "erase"
	| "write"
	| "read"
	| "activate"
>;
