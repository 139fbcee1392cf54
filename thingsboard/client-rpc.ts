// Client-side RPC: what a rule chain would answer. A fresh server has none, so every call times out.
import type { Device } from "./devices.ts";

/** Answers a call by a JSON text; `undefined` leaves it without an answer. `params` is JSON text. */
export type ClientRpcHandler = (method: string, params: string, device: Device) => string | undefined;

/** For demonstrations: `getCurrentTime` gives epoch milliseconds, `echo` its parameters. */
export const demoHandler =
	(now: () => number): ClientRpcHandler =>
	(method, params) => {
		if (method === "getCurrentTime") return JSON.stringify({ time: now() });
		return method === "echo" ? params : undefined;
	};
