// The SDK's `time` over the told clock. Ticks are 32-bit and wrap, as on the ESP32.
import { clock } from "./clock.ts";

export default class Time {
	static get ticks(): number {
		return clock.now | 0;
	}
	static delta(start: number, end = Time.ticks): number {
		return (end - start) | 0;
	}
}
