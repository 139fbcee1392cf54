// What the application says for a child, made into items: checked, timed, parted.

import { sizeOfName } from "gateway/batch";
import { type Child, childError, type Item, makeItem } from "gateway/child";
import type { Core } from "gateway/core";
import type { Latency, ReadingOptions } from "gateway/options";
import type { JSONObject } from "host/contract";
import type { Claim } from "tbclient/codec";
import { TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";
import { checked, isTimed, type Piece, piecesOf, plain, type Readings } from "tbclient/telemetry";
import { cleaned } from "tbclient/values";
import Time from "time";

const Around = 80; // bytes of a message beside names and values

/** Readings of a child. @throws as TBGateway's `sendTelemetry`. */
export function telemetry(core: Core, name: string, readings: Readings, options: ReadingOptions): void {
	const { callback, metadata } = options;
	const attempt = "sendTelemetry";
	const unstorable: string[] = [];
	const all = checked(readings, (key, value) => void unstorable.push(`${key}: ${value}`));
	const latency = metadata && latencyOf(metadata);
	tell(core, attempt, name, unstorable);
	const child = childOf(core, attempt, name, callback);
	if (!child) return;
	const ts = timeOf(core, child);
	if (ts === undefined) checkReserved(all);
	const early = ts === undefined ? Time.ticks : undefined;
	const encode = (some: Readings): string =>
		JSON.stringify(isTimed(some as JSONObject) ? (some as JSONObject).values : some);
	const make = ({ readings: one, body, points }: Piece): Item => {
		const reading = one as JSONObject;
		if (isTimed(reading))
			return makeItem("telemetry", body.text as string, { points, ts: reading.ts, latency });
		return makeItem("telemetry", body.text as string, { points, ts, early, latency });
	};
	const room = latency ? latency.length * 3 : 0;
	send(core, child, attempt, parts(core, child, all, encode, room), make, callback);
}

/** Client attributes of a child. @throws as TBGateway's `sendAttributes`. */
export function attributes(core: Core, name: string, values: JSONObject, callback?: Completion): void {
	const attempt = "sendAttributes";
	const unstorable: string[] = [];
	const all = cleaned(plain(attempt, values), (key, value) => void unstorable.push(`${key}: ${value}`));
	tell(core, attempt, name, unstorable);
	const child = childOf(core, attempt, name, callback);
	if (!child) return;
	const make = ({ body, points }: Piece): Item => makeItem("attributes", body.text as string, { points });
	send(core, child, attempt, parts(core, child, all, JSON.stringify, 0), make, callback);
}

/** Lets a customer claim a child. @throws RangeError for a duration that is not positive. */
export function claim(
	core: Core,
	name: string,
	{ secretKey, durationMs }: Claim,
	callback?: Completion,
): void {
	if (durationMs !== undefined && !(Number.isSafeInteger(durationMs) && durationMs > 0))
		throw new RangeError(`claim: expected a durationMs of at least 1, got ${durationMs}`);
	const child = childOf(core, "claim", name, callback);
	if (child) core.keep(child, makeItem("claim", JSON.stringify({ secretKey, durationMs }), { callback }));
}

/** The child of that name; without one the callback gets TB_CHILD. */
export function childOf(
	core: Core,
	attempt: string,
	name: string,
	callback?: (error: TBError) => void,
): Child | undefined {
	const child = core.children.find(name);
	if (child && !child.leaving) return child;
	const error = childError(attempt, String(name), "expected one of the gateway's children");
	if (callback) core.callbacks.defer(() => core.callbacks.complete(callback as Completion, error));
	return undefined;
}

function parts(
	core: Core,
	{ name }: Child,
	readings: Readings,
	encode: (some: Readings) => string,
	more: number,
): Piece[] | undefined {
	const { bytes, rates } = core.sender.line;
	const room = bytes - sizeOfName(name) - Around - more;
	return piecesOf(readings, encode, { bytes: room, points: rates.points, lists: false });
}

function send(
	core: Core,
	child: Child,
	attempt: string,
	pieces: Piece[] | undefined,
	make: (piece: Piece) => Item,
	callback: Completion | undefined,
): void {
	const some = pieces?.filter(({ points }) => points > 0);
	if (!some) {
		core.stats.dropped += 1;
		core.stats.droppedTooLarge += 1;
		const text = `${attempt} of ${JSON.stringify(child.name)}: expected at most ${core.sender.line.bytes} bytes, got a larger value`;
		core.callbacks.later(callback, new TBError("TB_TOO_LARGE", text));
		return;
	}
	if (!some.length) core.callbacks.later(callback, null);
	const done = callback && shared(some.length, callback);
	for (const piece of some) core.keep(child, { ...make(piece), callback: done });
}

/** One completion for several items: when the last one is settled, with the first error. */
function shared(count: number, callback: Completion): Completion {
	if (count === 1) return callback;
	let left = count;
	let first: TBError | null = null;
	return (error) => {
		first ??= error;
		left -= 1;
		if (!left) callback(first);
	};
}

/** ms since 1970, where known. No two calls of a child share one: the server keeps one value for each key and millisecond. */
function timeOf({ settings }: Core, child: Child): number | undefined {
	const now = settings.clock();
	if (now === undefined) return undefined;
	const between = child.latest - now;
	child.latest = between >= 0 && between < 1000 ? child.latest + 1 : now;
	return child.latest;
}

/** Beside values without a time the server takes `metadata` for its own. @throws RangeError */
function checkReserved(readings: Readings): void {
	for (const one of Array.isArray(readings) ? readings : [readings])
		if (!isTimed(one) && "metadata" in one)
			throw new RangeError("sendTelemetry: metadata: expected another name, or a reading with a time");
}

/** @throws RangeError for what the server would end the connection for. */
function latencyOf({ connector, receivedTs }: Latency): string {
	if (typeof connector !== "string" || !connector || !Number.isSafeInteger(receivedTs) || receivedTs < 0)
		throw new RangeError(
			`sendTelemetry: metadata: expected a connector and ms since 1970, got ${connector}, ${receivedTs}`,
		);
	return `"connector":${JSON.stringify(connector)},"receivedTs":${receivedTs}`;
}

function tell(core: Core, attempt: string, name: string, unstorable: string[]): void {
	if (!unstorable.length) return;
	const text = `${attempt} of ${JSON.stringify(name)}: expected numbers that the server can store, got ${unstorable.join(", ")}`;
	core.callbacks.defer(() => core.callbacks.error(new TBError("TB_VALUE", text)));
}
