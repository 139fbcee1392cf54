// Reading and deleting points of a time series (TelemetryController.getTimeseries, deleteEntityTimeseries).
import type { FastifyRequest } from "fastify";
import type { Device, Point } from "../devices.ts";
import { quote } from "../json.ts";
import { valueJson } from "../values.ts";
import { query } from "./body.ts";
import { badRequest, PlainError } from "./errors.ts";
import { keys } from "./telemetry.ts";

const defaultLimit = 100;

/** With startTs and endTs the points between them (end excluded), else the latest of each key, null where there is none. */
export function timeseries(device: Device, request: FastifyRequest, now: number): string {
	const range = rangeOf(request);
	const names = keys(request);
	const strict = query(request, "useStrictDataTypes") === "true";
	const members = (names.length ? names : [...device.series.keys()]).flatMap((key) => {
		const points = device.series.get(key) ?? [];
		const chosen = range ? between(points, range, request) : points.slice(-1);
		if (range && !chosen.length) return [];
		const list = chosen.map((point) => pointJson(point, strict));
		return [`${quote(key)}:[${list.length ? list.join(",") : `{"ts":${now},"value":null}`}]`];
	});
	return `{${members.join(",")}}`;
}

/** Deletes the points of `keys`: all of them, or those of a range. */
export function forget(device: Device, request: FastifyRequest): void {
	const names = keys(request);
	if (!names.length) throw new PlainError(400, `Empty keys: ${query(request, "keys") ?? ""}`);
	const all = query(request, "deleteAllDataForKeys") === "true";
	const range = all ? undefined : rangeOf(request);
	if (!all && !range)
		throw new PlainError(
			400,
			"When deleteAllDataForKeys is false, start and end timestamp values shouldn't be empty",
		);
	for (const key of names) {
		const left = (device.series.get(key) ?? []).filter(
			({ ts }) => range && (ts < range.from || ts >= range.to),
		);
		if (left.length) device.series.set(key, left);
		else device.series.delete(key);
	}
}

interface Range {
	from: number;
	to: number;
}

function rangeOf(request: FastifyRequest): Range | undefined {
	const from = number(request, "startTs");
	const to = number(request, "endTs");
	return from === undefined || to === undefined ? undefined : { from, to };
}

/** Newest first unless `orderBy=ASC`; at most `limit`, 100 by default. */
function between(points: Point[], { from, to }: Range, request: FastifyRequest): Point[] {
	const agg = query(request, "agg") ?? "NONE";
	if (agg !== "NONE") throw badRequest(`agg: this stand-in has only NONE, got ${agg}`);
	const inside = points.filter(({ ts }) => ts >= from && ts < to);
	const ordered = query(request, "orderBy") === "ASC" ? inside : inside.reverse();
	return ordered.slice(0, number(request, "limit") ?? defaultLimit);
}

/** Values are text unless strict types were asked for. */
function pointJson({ ts, value }: Point, strict: boolean): string {
	return `{"ts":${ts},"value":${strict ? valueJson(value) : quote(value.text)}}`;
}

function number(request: FastifyRequest, name: string): number | undefined {
	const text = query(request, name);
	if (text === undefined) return undefined;
	if (!/^-?\d+$/.test(text))
		throw badRequest(`${name}: expected a whole number, got ${JSON.stringify(text)}`);
	return Number(text);
}
