// An update as the server sees it: the device's telemetry from the moment of assignment.
import { type Body, idOf, type RestClient } from "../peer/rest.ts";

/** What was seen so far. */
export interface Sight {
	state: string;
	/** 0…100. */
	progress: number;
	error: string;
}

type Series = Record<string, { ts: number; value: unknown }[]>;

const Pause = 1000; // ms between two looks
const Ends = ["UPDATED", "FAILED"];

/** Keys of a package's type: `fw_*` or `sw_*`. */
export const prefixOf = (type: "FIRMWARE" | "SOFTWARE"): "fw" | "sw" => (type === "FIRMWARE" ? "fw" : "sw");

/** When each key was last told, by the clock of whoever told it. */
export type Times = Readonly<Record<string, number>>;

async function series(rest: RestClient, device: Body, prefix: string): Promise<Series> {
	const keys = ["state", "progress", "error"].map((name) => `${prefix}_${name}`);
	const url = `/api/plugins/telemetry/DEVICE/${idOf(device)}/values/timeseries?keys=${keys.join(",")}`;
	return (await rest.ask("GET", url)) as Series;
}

/** What was told before the assignment belongs to another update; clocks differ, so it is known by its time alone. */
export async function timesOf(rest: RestClient, device: Body, prefix: string): Promise<Times> {
	const found = Object.entries(await series(rest, device, prefix));
	return Object.fromEntries(
		found.map(([key, [point]]) => [key, point?.value === null ? 0 : (point?.ts ?? 0)]),
	);
}

/** The newest value of each key, where it is newer than `before`. */
export async function look(rest: RestClient, device: Body, prefix: string, before: Times): Promise<Sight> {
	const found = await series(rest, device, prefix);
	const value = (name: string): string => {
		const key = `${prefix}_${name}`;
		const [point] = found[key] ?? [];
		return point && point.ts > (before[key] ?? 0) && point.value !== null ? String(point.value) : "";
	};
	return { state: value("state"), progress: Number(value("progress")) || 0, error: value("error") };
}

/** Looks until the update has ended, or the patience (milliseconds) has. Returns the last sight. */
export async function follow(
	rest: RestClient,
	device: Body,
	options: { prefix: string; before: Times; patience: number; onSight(sight: Sight): void },
): Promise<Sight> {
	const { prefix, before, patience, onSight } = options;
	for (const end = Date.now() + patience; ; ) {
		const sight = await look(rest, device, prefix, before);
		onSight(sight);
		if (Ends.includes(sight.state) || Date.now() >= end) return sight;
		await new Promise((done) => setTimeout(done, Pause));
	}
}
