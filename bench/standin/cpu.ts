// Processor time of another process, from Linux's /proc.
import { existsSync, readFileSync } from "node:fs";

/** Clock ticks per second: fixed at 100 in every Linux that Node runs on (USER_HZ). */
const ticks = 100;

/** Whether it can be read here. */
export const cpuKnown = existsSync("/proc/self/stat");

/** Microseconds of user and system time that a process has used so far; NaN where that cannot be read. */
export function cpuMicros(pid: number): number {
	if (!cpuKnown) return Number.NaN;
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	// The program's name is in brackets and may hold anything; user and system time are fields 14 and 15 of the line.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticks;
}
