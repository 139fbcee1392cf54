// Times, sizes and rates as a person reads them.
import { now } from "./clock.ts";

const clockFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** `14:03:07` of epoch milliseconds. */
export const clockTime = (ts: number): string => clockFormat.format(ts);

/** `14:03:07.042` of epoch milliseconds. */
export const exactTime = (ts: number): string => `${clockTime(ts)}.${String(ts % 1000).padStart(3, "0")}`;

/** `now`, `12 s ago`, `3 min ago`. */
export function age(ts: number, at = now()): string {
	const seconds = Math.round((at - ts) / 1000);
	if (seconds < 2) return "now";
	if (seconds < 90) return `${seconds} s ago`;
	if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
	return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}

/** `512 B`, `1.4 kB`, `2.1 MB`; 1 kB is 1000 bytes. */
export function bytes(count: number): string {
	if (count < 1000) return `${count} B`;
	return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(2)} MB`;
}

/** A number with at most 4 significant places behind the point's usual ones. */
export function short(value: number): string {
	return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}
