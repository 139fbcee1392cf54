// One subscription each: the values there are, then whatever is stored later.
import { type Device, type Scope, scopes, type Watcher } from "../devices.ts";
import type { Row } from "../telemetry.ts";
import type { Value } from "../values.ts";
import { add, type Entries } from "./updates.ts";

type Send = (entries: Entries) => void;

/** What a subscription asks for. */
export interface Wanted {
	device: Device;
	/** All keys when absent. */
	keys?: ReadonlySet<string>;
	send: Send;
}

/** Something that sends updates until it is ended. */
export interface Subscription {
	end(): void;
}

/** Attributes of one scope, or of every one. */
export function watchAttributes({ device, keys, send }: Wanted, scope?: Scope): Subscription {
	const wants = (key: string) => !keys || keys.has(key);
	const first: Entries = new Map();
	for (const name of scope ? [scope] : scopes)
		for (const [key, { ts, value }] of device.attributes[name]) if (wants(key)) add(first, key, ts, value);
	send(first);
	const pass = (name: Scope, values: Iterable<readonly [string, Value | undefined]>) => {
		if (scope && name !== scope) return;
		const entries: Entries = new Map();
		for (const [key, value] of values) {
			const ts = device.attributes[name].get(key)?.ts ?? 0;
			if (wants(key)) add(entries, key, ts, value ?? { text: "" });
		}
		if (entries.size) send(entries);
	};
	return watch(device, {
		telemetry: () => undefined,
		attributes: pass,
		// A deleted attribute is told as empty text at time 0.
		deleted: (name, names) =>
			pass(
				name,
				names.map((key) => [key, undefined]),
			),
	});
}

/**
 * Telemetry: the latest values, or with `window` those of that time, and then each new one. With `latestOnly`
 * (scope LATEST_TELEMETRY) a point older than what was sent is kept back.
 */
export function watchTelemetry(wanted: Wanted, window?: Window, latestOnly = false): Subscription {
	const { device, keys, send } = wanted;
	const first: Entries = new Map();
	for (const [key, points] of device.series) {
		if (keys && !keys.has(key)) continue;
		const chosen = window ? points.filter(({ ts }) => ts >= window.from && ts < window.to) : points;
		for (const { ts, value } of chosen.slice(window ? -window.limit : -1)) add(first, key, ts, value);
	}
	send(first);
	const seen = new Map([...first].map(([key, list]) => [key, list.at(-1)?.[0] ?? 0]));
	return watch(device, {
		attributes: () => undefined,
		deleted: () => undefined,
		telemetry(rows: Row[]) {
			const entries: Entries = new Map();
			for (const { ts, values } of rows)
				for (const [key, value] of values) {
					if (keys && !keys.has(key)) continue;
					if (latestOnly && (seen.get(key) ?? 0) > ts) continue;
					seen.set(key, ts);
					add(entries, key, ts, value);
				}
			if (entries.size) send(entries);
		},
	});
}

/** A stretch of time, its end excluded, and how many of its last points are wanted. */
export interface Window {
	from: number;
	to: number;
	limit: number;
}

function watch(device: Device, watcher: Watcher): Subscription {
	device.watchers.add(watcher);
	return { end: () => void device.watchers.delete(watcher) };
}
