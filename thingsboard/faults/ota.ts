// Faults of firmware downloads.
import type { FaultRow } from "./row.ts";

export const otaFaults = [
	{
		name: "corrupt",
		what: "One byte of the next firmware chunk is flipped.",
		on: "device",
		lasts: "once",
	},
	{
		name: "evict",
		what: "The cache of package bytes is emptied: chunks of known requestIds come empty.",
		on: "server",
		lasts: "now",
		act: (core) => core.packages.evict(),
	},
] as const satisfies readonly FaultRow[];
