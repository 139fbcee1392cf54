/** `host/system` of the virtual board. */
import type { ResetReason, System } from "host/contract";
import { Op } from "../protocol.ts";
import { boot, call, uptime } from "./bridge.ts";

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);

const system: System = {
	restart() {
		call(Op.Restart);
	},
	resetReason: boot.resetReason as ResetReason,
	bootId: boot.bootId,
	get uptime() {
		return uptime();
	},
	get freeMemory() {
		const bytes = view(call(Op.FreeMemory)).getFloat64(0);
		return Number.isNaN(bytes) ? undefined : bytes;
	},
	host: "virtual",
	random: () => view(call(Op.Random)).getUint32(0),
};

export default system;
