// CPU time of other processes. Node tells its own only; Linux tells everybody's in /proc.
import { readdirSync, readFileSync } from "node:fs";

const Tick = 10_000; // microseconds; USER_HZ is 100 on Linux

/** State, parent, user and system time of a process, by the fields of proc(5); undefined when it has gone. */
function stat(pid: string): { parent: number; microseconds: number } | undefined {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, "utf8");
		const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // from field 3 on: a name may hold anything
		return { parent: Number(fields[1]), microseconds: (Number(fields[11]) + Number(fields[12])) * Tick };
	} catch {
		return undefined;
	}
}

/** User and system time of all descendants of `pid` that are alive, microseconds. @throws Error where there is no /proc. */
export function cpuOfChildren(pid: number): number {
	const all = new Map(
		readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name))
			.map((name) => [Number(name), stat(name)]),
	);
	let sum = 0;
	for (const [id, found] of all) if (id !== pid && found && descends(all, id, pid)) sum += found.microseconds;
	return sum;
}

function descends(all: Map<number, { parent: number } | undefined>, pid: number, ancestor: number): boolean {
	let at: number | undefined = pid;
	while (at && at !== ancestor) at = all.get(at)?.parent;
	return at === ancestor;
}
