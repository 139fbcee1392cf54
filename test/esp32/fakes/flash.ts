// `embedded:storage/flash`, as far as hosts/esp32 uses it: the size of a slot.
import { chip } from "./chip.ts";

const Block = 4096;

export default {
	open({ path }: { path: "running" | "nextota" }) {
		const slot = path === "running" ? chip.running : chip.table.slots.find((one) => one !== chip.running);
		if (!slot) throw new Error("unknown partition");
		return {
			status: () => ({ size: slot.size, blockLength: Block, blocks: slot.size / Block }),
			close(): void {},
		};
	},
};
