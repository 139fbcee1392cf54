// An update as the server sees it, from the moment of assignment to its end, on one device or many.
import type { Body } from "../peer/rest.ts";
import type { Claim } from "./check.ts";
import type { Type } from "./package.ts";
import { type Rest, type Times, toldSince } from "./telemetry.ts";
import { judge, type Sight } from "./told.ts";

/** A device whose update is followed. */
export interface Followed {
	device: Body;
	since: Times;
	sight: Sight;
	isDone: boolean;
}

export interface FollowOptions {
	type: Type;
	claim: Claim;
	/** Milliseconds. */
	patience: number;
	onSight(followed: Followed): void;
	/** The server did not answer as it should; once for each text. */
	onTrouble(text: string): void;
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
const nothing: Sight = { state: "", progress: 0, error: "", runs: { title: "", version: "" } };

/** What is known of a device before it was looked at. */
export const followed = (device: Body, since: Times): Followed => ({
	...{ device, since, sight: nothing, isDone: false },
});

/** Looks until all updates have ended, or the patience has; each entry then has its last sight. */
export async function follow(rest: Rest, list: readonly Followed[], options: FollowOptions): Promise<void> {
	const { patience, onTrouble, clock = real } = options;
	const troubles = new Set<string>();
	const doubts = new Map<Followed, number>();
	for (const end = clock.now() + patience; ; ) {
		const open = list.filter(({ isDone }) => !isDone);
		for (let at = 0; at < open.length; at += Together)
			await Promise.all(
				open.slice(at, at + Together).map(async (one) => {
					try {
						await look(rest, one, options);
						settle(one, doubts, clock.now());
					} catch (error) {
						const { message } = error as Error;
						if (!troubles.has(message)) onTrouble(message);
						troubles.add(message);
					}
				}),
			);
		if (list.every(({ isDone }) => isDone) || clock.now() >= end) return;
		await clock.wait(Pause);
	}
}

async function look(rest: Rest, one: Followed, { type, claim, onSight }: FollowOptions): Promise<void> {
	one.sight = judge(await toldSince(rest, one.device, type, one.since), claim);
	onSight(one);
}

/** A failure that may be of an older package is one of ours when nothing follows it. */
function settle(one: Followed, doubts: Map<Followed, number>, now: number): void {
	const { end, isDoubtful } = one.sight;
	if (!isDoubtful) doubts.delete(one);
	else if (!doubts.has(one)) doubts.set(one, now);
	one.isDone = end !== undefined && (!isDoubtful || now - (doubts.get(one) ?? now) >= Settle);
}
