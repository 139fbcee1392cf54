// Where the faults of calls and answers strike.
import type { Clock } from "../clock.ts";
import type { Armed } from "./armed.ts";

/** Delivers a call to its device as `lateRpc` and `duplicateRpc` will have it. `send` is told whether it is the first time. */
export function deliver(faults: Armed, clock: Clock, send: (first: boolean) => void): void {
	const twice = faults.countDown("duplicateRpc");
	later(faults.get("lateRpc"), clock, () => {
		send(true);
		if (twice) send(false);
	});
}

/** Sends an answer as `delayAnswers` will have it. */
export function answer(faults: Armed, clock: Clock, send: () => void): void {
	later(faults.get("delayAnswers"), clock, send);
}

function later(ms: number | undefined, clock: Clock, send: () => void): void {
	if (ms) clock.after(ms, send);
	else send();
}
