// A device's telemetry about its updates, by REST.
import { type Body, idOf, type RestClient } from "../peer/rest.ts";
import type { Claim } from "./check.ts";
import type { Type } from "./package.ts";
import type { Point, Told } from "./told.ts";

/** What is asked of a server here. */
export type Rest = Pick<RestClient, "ask">;

/** When each key was last told, by the clock of whoever told it; clocks differ, so each key is compared with itself alone. */
export type Times = Readonly<Record<keyof Told, number>>;

type Series = Record<string, { ts: number; value: unknown }[]>;

const Day = 86_400_000; // ms: further than clocks are apart

/** Keys of a package's type: `fw_*` or `sw_*`. */
export const prefixOf = (type: Type): "fw" | "sw" => (type === "FIRMWARE" ? "fw" : "sw");

/** Why an update waits: of firmware the key is `ota_hold`. */
const holdOf = (type: Type): "ota_hold" | "sw_hold" => (type === "FIRMWARE" ? "ota_hold" : "sw_hold");

function keysOf(type: Type): Record<keyof Told, string> {
	const prefix = prefixOf(type);
	return {
		...{ state: `${prefix}_state`, progress: `${prefix}_progress`, error: `${prefix}_error` },
		...{ title: `current_${prefix}_title`, version: `current_${prefix}_version`, hold: holdOf(type) },
	};
}

async function ask(rest: Rest, device: Body, keys: string[], range = ""): Promise<Series> {
	const path = `/api/plugins/telemetry/DEVICE/${idOf(device)}/values/timeseries`;
	return (await rest.ask("GET", `${path}?keys=${keys.join(",")}${range}`)) as Series;
}

/** The last values; those that were never told are empty, at 0. */
async function latest(rest: Rest, device: Body, keys: string[]): Promise<Record<string, Point>> {
	const found = await ask(rest, device, keys);
	const point = (key: string): Point => {
		const { ts, value } = found[key]?.[0] ?? { ts: 0, value: null };
		return value === null ? { ts: 0, value: "" } : { ts, value: String(value) };
	};
	return Object.fromEntries(keys.map((key) => [key, point(key)]));
}

/** What the device said that it runs; empty where it has said nothing. */
export async function runningOn(rest: Rest, device: Body, type: Type): Promise<Claim> {
	const { title, version } = keysOf(type);
	const found = await latest(rest, device, [title, version]);
	return { title: found[title]?.value ?? "", version: found[version]?.value ?? "" };
}

/** What was told before now belongs to another update. */
export async function timesOf(rest: Rest, device: Body, type: Type): Promise<Times> {
	const keys = keysOf(type);
	const found = await latest(rest, device, Object.values(keys));
	return timesBy(keys, (key) => found[key]?.ts ?? 0);
}

/** The same for a package that was assigned earlier: just before the server began to offer it. */
export async function timesOfOffer(rest: Rest, device: Body, type: Type): Promise<Times> {
	const key = `target_${prefixOf(type)}_version`;
	const offered = (await latest(rest, device, [key]))[key]?.ts ?? 0;
	return timesBy(keysOf(type), () => offered - 1);
}

const timesBy = (keys: Record<keyof Told, string>, time: (key: string) => number): Times =>
	Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, time(key)])) as Record<
		keyof Told,
		number
	>;

/**
 * Everything that was told since; of each key the last 100 values, the server's own limit. Of the hold earlier values too: a rule that holds
 * the next package as it held the last one is not told again.
 */
export async function toldSince(rest: Rest, device: Body, type: Type, since: Times): Promise<Told> {
	const keys = keysOf(type);
	const known = Object.values(since).filter((ts) => ts > 0);
	const range = `&startTs=${Math.max(0, Math.min(...known, Date.now()) - Day)}&endTs=${Date.now() + Day}`;
	const found = await ask(rest, device, Object.values(keys), range);
	const points = (name: keyof Told): Point[] =>
		(found[keys[name]] ?? [])
			.filter(({ ts, value }) => (name === "hold" || ts > since[name]) && value !== null)
			.map(({ ts, value }) => ({ ts, value: String(value) }))
			.sort((a, b) => a.ts - b.ts);
	return {
		...{ state: points("state"), progress: points("progress"), error: points("error") },
		...{ title: points("title"), version: points("version"), hold: points("hold") },
	};
}
