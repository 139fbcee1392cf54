// The SDK's `time` over the told clock. Ticks are 32-bit and wrap, as on the ESP32.
import { clock } from "./clock.ts";

const ticks = (): number => clock.now | 0;

export default {
	get ticks(): number {
		return ticks();
	},
	delta: (start: number, end = ticks()): number => (end - start) | 0,
};
