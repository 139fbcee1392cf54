import { type Task as Load, type Outcome as Measured, reading, taskOf as taskIn } from "../telemetry/load.ts";

/** What a gateway's process gets. */
export interface Task extends Load {
	children: number;
}

/** What it prints. */
export interface Outcome extends Measured {
	/** Bytes of PUBLISH packets for each value. */
	bytesPerValue: number;
}

export const taskOf = (): Task => taskIn() as Task;

/** Ten characters. */
export const nameOf = ({ children }: Task, child: number): string => `s${children}-${child}`.padEnd(10, "x");

/** Bytes for each value where every reading is a message of its own, as the Python SDK sends it: topic, name and 3 values. */
export function bytesAlone(): number {
	const topic = "v1/gateway/telemetry";
	const payload = JSON.stringify({ "0123456789": [reading(10_000)] });
	return (2 + 2 + topic.length + 2 + payload.length) / 3;
}
