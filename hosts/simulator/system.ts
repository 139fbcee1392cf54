// Power and chance in the simulator. A restart is the runner's work: it ends this process and boots the active slot.
import boot from "host/boot";
import type { System } from "host/contract";
import FFI from "mc/ffi";
import Time from "time";

/** Traced by `restart`; tools/sdk/mcsim.ts ends the simulator with this status. */
const RestartMarker = "##EXIT 64\n";

const started = Time.ticks;
const ffi = new FFI();

const system: System = {
	restart(): void {
		trace(RestartMarker);
	},
	random(): number {
		// XS's Math.random is rand() without a seed on lin: every boot would draw the same numbers.
		const bytes = new ArrayBuffer(4);
		ffi.getrandom(bytes, BigInt(bytes.byteLength), 0);
		return new DataView(bytes).getUint32(0);
	},
	get uptime(): number {
		return Time.delta(started);
	},
	resetReason: boot.resetReason,
	bootId: boot.bootId,
	freeMemory: undefined,
	host: "simulator",
};

/** `host/system` of the simulator. */
export default system;
