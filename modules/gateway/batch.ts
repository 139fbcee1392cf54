// One message: made of as many readings as fit, in turn among the children, so that none waits behind another's flood.
import { type Child, type Item, isData, type Kind } from "gateway/child";
import type { Limits } from "tbclient/limits";
import Time from "time";

/** Room for what surrounds an item: `{"ts":…,"values":…}`, `publishedTs`, commas. */
const Around = 72;
/** Room for what surrounds a name: colon, brackets, comma. */
const AroundName = 4;
/** From here on an item goes alone: the server ended three connections while it was in flight. */
const Suspect = 12;

/** What one child brings to a message. */
export interface Entry {
	child: Child;
	items: Item[];
}

/** A message of one kind. */
export interface Batch {
	kind: Kind;
	entries: Entry[];
	/** Payload bytes at most. */
	size: number;
	/** Data points, and the entries that have any: each counts as a message of telemetry. */
	points: number;
	metered: number;
	/** What it costs of the limit on other messages. */
	calls: number;
}

/** What a message may hold. */
export interface BatchLimits {
	bytes: number;
	rates: Limits;
}

export const isSuspect = ({ losses }: Item): boolean => losses >= Suspect;

/** Bytes that a child's name takes in a message. */
export const sizeOfName = (name: string): number =>
	ArrayBuffer.fromString(JSON.stringify(name)).byteLength + AroundName;

/** Bytes that an item takes in a message at most. */
export const sizeOfItem = ({ size, latency }: Item): number =>
	size + Around + (latency ? latency.length * 3 : 0);

/** A message about one child that is not data. `calls`: how many it counts as. */
export function single(
	kind: Kind,
	child: Child,
	items: Item[],
	calls: number,
	{ rates }: BatchLimits,
): Batch {
	rates.take(0, calls);
	return { kind, entries: [{ child, items }], size: 0, points: 0, metered: 0, calls };
}

/**
 * Data of the first child, of every other one whose turn it is and who has data of the same kind, and then more readings of each, round
 * by round. The limits' tokens are taken with them. What is under suspicion goes alone.
 */
export function collect(first: Child, others: readonly Child[], limits: BatchLimits): Batch {
	const head = first.head as Item;
	const { kind } = head;
	const batch: Batch = { kind, entries: [], size: 2, points: 0, metered: 0, calls: 0 };
	enter(batch, first, limits);
	if (isSuspect(head)) return batch;
	for (const child of others) if (child !== first && !join(batch, child, limits)) break;
	if (kind === "telemetry") while (fill(batch, limits));
	return batch;
}

/** Adds the first item of a child, if it can be. False when the limits allow no more. */
function join(batch: Batch, child: Child, limits: BatchLimits): boolean {
	const { head } = child;
	if (!head || head.kind !== batch.kind || child.state !== "here" || isSuspect(head)) return true;
	if (limits.rates.missing(head.points)) return false;
	if (batch.size + sizeOfName(child.name) + sizeOfItem(head) <= limits.bytes) enter(batch, child, limits);
	return true;
}

function enter(batch: Batch, child: Child, { rates }: BatchLimits): void {
	const item = child.take();
	batch.entries.push({ child, items: [item] });
	batch.size += sizeOfName(child.name) + sizeOfItem(item);
	batch.points += item.points;
	if (item.points) batch.metered += 1;
	else batch.calls += 1;
	rates.take(item.points);
}

/** One more reading of each entry, as far as there is room. Whether there was any. */
function fill(batch: Batch, { bytes, rates }: BatchLimits): boolean {
	let some = false;
	for (const { child, items } of batch.entries) {
		const { head } = child;
		if (head?.kind !== "telemetry" || isSuspect(head) || batch.size + sizeOfItem(head) > bytes) continue;
		if (rates.missing(head.points, 1, 0)) return false;
		rates.take(head.points, 1, 0);
		batch.size += sizeOfItem(head);
		batch.points += head.points;
		items.push(child.take());
		some = true;
	}
	return some;
}

/** The payload, with `now` as the time of publishing, where known. */
export function textOf({ kind, entries }: Batch, now: number | undefined): string {
	if (isData(kind)) return `{${entries.map((entry) => member(kind, entry, now)).join(",")}}`;
	return entries
		.map(
			({ child, items }) =>
				`{"device":${JSON.stringify(child.name)}${items[0]?.text ?? typeOf(kind, child)}}`,
		)
		.join();
}

const typeOf = (kind: Kind, { type }: Child): string =>
	kind === "connect" && type !== undefined ? `,"type":${JSON.stringify(type)}` : "";

/** What is said of one child. */
function member(kind: Kind, { child, items }: Entry, now: number | undefined): string {
	const name = JSON.stringify(child.name);
	if (kind !== "telemetry") return `${name}:${items.map(({ text }) => text).join()}`;
	return `${name}:[${items.map((item) => reading(item, now)).join(",")}]`;
}

/** One reading; ThingsBoard knows its time by `ts` and `values` beside each other. */
function reading(item: Item, now: number | undefined): string {
	const { text, early, latency } = item;
	if (early !== undefined && now !== undefined) item.ts ??= now - ((Time.ticks - early) >>> 0);
	const metadata = latency && now !== undefined ? `,"metadata":{${latency},"publishedTs":${now}}` : "";
	if (item.ts !== undefined) return `{"ts":${item.ts},"values":${text}${metadata}}`;
	return `${text.slice(0, -1)}${metadata}}`;
}
