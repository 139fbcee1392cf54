// An update as the server sees it, from the moment of assignment to its end, on one device or many.
import type { Body } from "../peer/rest.ts";
import type { Claim } from "./check.ts";
import { Link, type LinkEvents } from "./link.ts";
import type { Type } from "./package.ts";
import { type Rest, type Times, toldSince } from "./telemetry.ts";
import { judge, type Sight } from "./told.ts";

/** A device whose update is followed. */
export interface Followed {
	device: Body;
	since: Times;
	/** What it ran before. */
	was: Claim;
	sight: Sight;
	isDone: boolean;
	/** Milliseconds until it was done. */
	took: number;
}

export interface FollowOptions extends LinkEvents {
	type: Type;
	claim: Claim;
	/** Milliseconds. */
	patience: number;
	onSight(followed: Followed): void;
	/** For specs: how time passes. */
	clock?: Clock;
}

/** Time, milliseconds. */
export interface Clock {
	now(): number;
	wait(ms: number): Promise<unknown>;
}

const Pause = 1000; // ms between two looks
const Settle = 15_000; // ms that a doubtful failure must stay the last word
const Together = 8; // questions at once
const real: Clock = { now: Date.now, wait: (ms) => new Promise((done) => setTimeout(done, ms)) };
const unknown: Claim = { title: "", version: "" };
const nothing: Sight = { state: "", states: [], hold: "", progress: 0, error: "", runs: unknown };

/** What is known of a device before it was looked at. */
export const followed = (device: Body, since: Times, was = unknown): Followed => ({
	...{ device, since, was, sight: nothing, isDone: false, took: 0 },
});

/**
 * Looks until all updates have ended, or the patience has; each entry then has its last sight. Returns for how many milliseconds the server
 * has not answered at the end.
 */
export async function follow(rest: Rest, list: readonly Followed[], options: FollowOptions): Promise<number> {
	const { patience, clock = real } = options;
	const link = new Link(options);
	const doubts = new Map<Followed, number>();
	for (const start = clock.now(); ; ) {
		const began = clock.now();
		const open = list.filter(({ isDone }) => !isDone);
		const failures = await lookAll(rest, open, options);
		const now = clock.now();
		for (const one of open) if (!failures.has(one)) settle(one, doubts, now, now - start);
		link.saw(began, open.length - failures.size, [...failures.values()], now);
		if (list.every(({ isDone }) => isDone) || now >= start + patience) return link.silence(now);
		await clock.wait(Pause);
	}
}

/** Returns those that could not be looked at, and why. */
async function lookAll(
	rest: Rest,
	open: readonly Followed[],
	options: FollowOptions,
): Promise<Map<Followed, Error>> {
	const failures = new Map<Followed, Error>();
	for (let at = 0; at < open.length; at += Together)
		await Promise.all(
			open
				.slice(at, at + Together)
				.map((one) => look(rest, one, options).catch((error: Error) => failures.set(one, error))),
		);
	return failures;
}

async function look(rest: Rest, one: Followed, { type, claim, onSight }: FollowOptions): Promise<void> {
	one.sight = judge(await toldSince(rest, one.device, type, one.since), claim);
	onSight(one);
}

/** A failure that may be of an older package is one of ours when nothing follows it. */
function settle(one: Followed, doubts: Map<Followed, number>, now: number, took: number): void {
	const { end, isDoubtful } = one.sight;
	if (!isDoubtful) doubts.delete(one);
	else if (!doubts.has(one)) doubts.set(one, now);
	one.isDone = end !== undefined && (!isDoubtful || now - (doubts.get(one) ?? now) >= Settle);
	if (one.isDone) one.took = took;
}
