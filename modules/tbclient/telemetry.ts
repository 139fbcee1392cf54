// Readings: their shape, their time, and their size. ThingsBoard takes `{key: value}` and `{ts, values}`, or a list of those.
import type { JSONObject, JSONValue } from "host/contract";
import { type Body, bodyOf, type Payload } from "tbclient/message";
import { kindOf } from "tbclient/payload";
import { cleaned } from "tbclient/values";

/** What `sendTelemetry` takes. */
export type Readings = JSONObject | JSONObject[];

/** A reading with its time: ThingsBoard knows it by both members, and drops whatever is beside them. */
export interface Timed extends JSONObject {
	ts: number;
	values: JSONObject;
}

/** Whether a reading has a time of its own. */
export const isTimed = (reading: JSONObject): reading is Timed => "ts" in reading && "values" in reading;
const listOf = (readings: Readings): JSONObject[] => (Array.isArray(readings) ? readings : [readings]);
const valuesOf = (reading: JSONObject): JSONObject => (isTimed(reading) ? reading.values : reading);

/** Applies a function to a reading, or to each of a list. */
function map(readings: Readings, change: (reading: JSONObject) => JSONObject): Readings {
	return Array.isArray(readings) ? readings.map(change) : change(readings);
}

/**
 * Checks the caller, and leaves out numbers that cannot be stored.
 * @throws TypeError for what is no object, RangeError for an empty list or a `ts` that is no time.
 */
export function checked(readings: Readings, onDropped: (key: string, value: number) => void): Readings {
	if (Array.isArray(readings) && !readings.length)
		throw new RangeError(
			"sendTelemetry: expected values, got an empty list, which the server never acknowledges",
		);
	return map(readings, (reading) => {
		const one = plain("sendTelemetry", reading);
		if (!isTimed(one)) return cleaned(one, onDropped);
		return { ts: time(one.ts), values: cleaned(plain("sendTelemetry: values", one.values), onDropped) };
	});
}

/** An object that JSON shows as it is. @throws TypeError for anything else. */
export function plain(attempt: string, value: JSONValue): JSONObject {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new TypeError(`${attempt}: expected an object, got ${kindOf(value)}`);
	if (typeof (value as { toJSON?: unknown }).toJSON === "function")
		throw new TypeError(`${attempt}: expected an object in JSON, got one with toJSON`);
	return value;
}

function time(ts: JSONValue): number {
	if (typeof ts === "number" && Number.isSafeInteger(ts) && ts >= 0) return ts;
	throw new RangeError(`sendTelemetry: ts: expected ms since 1970, got ${JSON.stringify(ts)}`);
}

/** The readings with a time for those that have none. */
export function stamped(readings: Readings, ts: number): Readings {
	return map(readings, (reading) => (isTimed(reading) ? reading : { ts, values: reading }));
}

/** Whether some reading has no time. */
export const untimed = (readings: Readings): boolean => !listOf(readings).every(isTimed);

/** Data points, as the server counts them. */
export function pointsOf(readings: Readings): number {
	let points = 0;
	for (const reading of listOf(readings)) points += Object.keys(valuesOf(reading)).length;
	return points;
}

/** The two halves of readings, in order; undefined when there is nothing to part. */
function halves(readings: Readings): [Readings, Readings] | undefined {
	if (!Array.isArray(readings)) return halvesOf(readings);
	const middle = readings.length >> 1;
	return [readings.slice(0, middle), readings.slice(middle)];
}

function halvesOf(reading: JSONObject): [JSONObject, JSONObject] | undefined {
	const entries = Object.entries(valuesOf(reading));
	if (entries.length < 2) return undefined;
	const middle = entries.length >> 1;
	const part = (some: [string, JSONValue][]): JSONObject => {
		const values = Object.fromEntries(some);
		return isTimed(reading) ? { ts: reading.ts, values } : values;
	};
	return [part(entries.slice(0, middle)), part(entries.slice(middle))];
}

/** What one message may hold. */
export interface PieceLimits {
	/** Payload bytes. */
	bytes: number;
	/** Data points. */
	points: number;
	/** Whether a list can be sent as one message. */
	lists: boolean;
}

/** One message of a call. */
export interface Piece {
	readings: Readings;
	body: Body;
	points: number;
}

/** Parts readings until each piece fits into a message; undefined when a single value does not. Order is kept. */
export function piecesOf(
	readings: Readings,
	encode: (readings: Readings) => Payload,
	limits: PieceLimits,
): Piece[] | undefined {
	if (Array.isArray(readings) && readings.length === 1)
		return piecesOf(readings[0] as JSONObject, encode, limits);
	const points = pointsOf(readings);
	if (points <= limits.points && (limits.lists || !Array.isArray(readings))) {
		const body = bodyOf(encode(readings));
		if (body.bytes.byteLength <= limits.bytes) return [{ readings, body, points }];
	}
	const pieces = halves(readings)?.map((half) => piecesOf(half, encode, limits));
	return pieces?.every((piece) => piece !== undefined) ? pieces.flat() : undefined;
}
