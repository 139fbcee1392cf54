// What the websocket API sends (TelemetrySubscriptionUpdate): values as text, keys in their order.
import type { Value } from "../values.ts";

/** SubscriptionErrorCode. */
export const wsErrors = { internal: 1, badRequest: 2, unauthorized: 3 } as const;

/** A value of a key: time in epoch milliseconds, then its text. */
export type Entry = [ts: number, text: string];
export type Entries = Map<string, Entry[]>;

/** Adds one value to a key's list. */
export function add(entries: Entries, key: string, ts: number, { text }: Pick<Value, "text">): void {
	const list = entries.get(key);
	if (list) list.push([ts, text]);
	else entries.set(key, [[ts, text]]);
}

/** An update as JSON; `latestValues` names the time of each key's last entry. */
export function updateText(subscriptionId: number, entries: Entries): string {
	const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
	const latestValues = Object.fromEntries(sorted.map(([key, list]) => [key, list.at(-1)?.[0] ?? 0]));
	const data = Object.fromEntries(sorted);
	return JSON.stringify({ subscriptionId, errorCode: 0, errorMsg: null, data, latestValues });
}

/** A refusal as JSON. */
export const errorText = (subscriptionId: number, errorCode: number, errorMsg: string): string =>
	JSON.stringify({ subscriptionId, errorCode, errorMsg, data: null, latestValues: {} });
