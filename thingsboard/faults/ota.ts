// Faults of firmware and software downloads; where they strike is in chunks.ts.
import type { FaultRow } from "./row.ts";

const chunks = { unit: "chunks", min: 1, max: 1e6 };

export const otaFaults = [
	{
		name: "corrupt",
		what: "One byte of the next firmware chunk is flipped.",
		on: "device",
		lasts: "once",
	},
	{
		name: "emptyChunk",
		what: "The next firmware chunk comes empty, as if the file were at its end.",
		on: "device",
		lasts: "once",
	},
	{
		name: "chunkLength",
		what: "The next firmware chunk is cut, or filled with zeros, to so many bytes.",
		on: "device",
		lasts: "once",
		value: { unit: "bytes", min: 0, max: 1e6 },
	},
	{
		name: "staleChunk",
		what: "The chunk that was sent last comes once more, before the one that is asked for next.",
		on: "device",
		lasts: "once",
	},
	{
		name: "reorderFirst",
		what: "Chunks that are asked for before the first one was answered come last first.",
		on: "device",
		lasts: "once",
	},
	{
		name: "attributesFirst",
		what: "The attributes of the next offer come before the list of deleted ones.",
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
	{
		name: "evictAfter",
		what: "The same, once the device was sent so many more chunks.",
		on: "device",
		lasts: "once",
		value: chunks,
	},
	{
		name: "unassignAfter",
		what: "The device's package is taken away once so many more chunks of it were sent.",
		on: "device",
		lasts: "once",
		value: chunks,
	},
	{
		name: "reassignAfter",
		what: "The device's package is replaced, by the same bytes as another version, once so many more chunks were sent.",
		on: "device",
		lasts: "once",
		value: chunks,
	},
] as const satisfies readonly FaultRow[];
