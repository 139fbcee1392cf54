// The SDK's `time` on a chip: ticks of the told clock, and a date that starts in 1970 and is set.
import { clock } from "../../fakes/clock.ts";
import time from "../../fakes/time.ts";

const start = { date: 0, at: clock.now };
const date = (): number => start.date + clock.now - start.at;

/** The chip loses the date with the power. */
export function powerOn(): void {
	start.date = 0;
	start.at = clock.now;
}

/** Lets `Date.now` tell the chip's date until the returned function is called. */
export function keepDate(): () => void {
	const { now } = Date;
	Date.now = date;
	return () => {
		Date.now = now;
	};
}

export default {
	get ticks(): number {
		return time.ticks;
	},
	delta: time.delta,
	set(seconds: number): void {
		start.date = seconds * 1000;
		start.at = clock.now;
	},
};
