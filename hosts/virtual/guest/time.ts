/** The SDK's `time`: ticks are 32-bit milliseconds since boot; they wrap, so subtract them with `delta` only. */
import { uptime } from "./bridge.ts";

export default {
	get ticks(): number {
		return Math.floor(uptime()) | 0;
	},
	/** Milliseconds from one tick to another (default: now). */
	delta(start: number, end: number = Math.floor(uptime()) | 0): number {
		return (end - start) | 0;
	},
};
