// Faults of calls and answers; where they strike is in calls.ts.
import type { FaultRow } from "./row.ts";

const ms = { unit: "ms", min: 1, max: 3_600_000 };

export const rpcFaults = [
	{
		name: "duplicateRpc",
		what: "The next calls of the device are delivered twice, with the same id.",
		on: "device",
		lasts: "once",
		value: { unit: "calls", min: 1, max: 1e6 },
	},
	{
		name: "lateRpc",
		what: "Every call reaches the device so much later, even when its caller has given up.",
		on: "device",
		lasts: "until cleared",
		value: ms,
	},
	{
		name: "delayAnswers",
		what: "Answers to attribute requests and client-side RPC come so much later.",
		on: "device",
		lasts: "until cleared",
		value: ms,
	},
] as const satisfies readonly FaultRow[];
