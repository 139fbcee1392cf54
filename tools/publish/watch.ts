// What an operator sees of an update that is followed, and what it comes to.
import { cureOf } from "./cures.ts";
import { type Followed, follow } from "./follow.ts";
import type { Plan } from "./plan.ts";
import type { Talk } from "./talk.ts";
import type { Rest } from "./telemetry.ts";
import { nameOf, Teller } from "./teller.ts";

/** How it ended on a device. */
export interface End {
	state: string;
	/** Why it is not UPDATED: the device's own words, or ours when it has said none. */
	error?: string;
	/** What to do next. */
	cure?: string;
	/** Why it waits. */
	hold?: string;
}

/** How a publication ended; `status` is the program's, the rest is its JSON. */
export interface Outcome extends End {
	status: number;
	id?: string;
	/** Of a profile. */
	devices?: (End & { name: string })[];
}

export interface WatchOptions {
	plan: Plan;
	talk: Talk;
	/** The server, as the operator calls it. */
	url: string;
	/** It was assigned just now. */
	isNew: boolean;
}

/** Follows the devices, tells what they tell, and sums up. */
export async function watch(rest: Rest, list: readonly Followed[], options: WatchOptions): Promise<Outcome> {
	const { plan, talk, url } = options;
	const isAlone = plan.goal.kind === "device";
	const tellers = new Map(
		list.map((one) => [one, new Teller({ type: plan.type, claim: plan, isAlone, talk })]),
	);
	const silence = await follow(rest, list, {
		...{ type: plan.type, claim: plan, patience: plan.patience },
		onSight: (one) => tellers.get(one)?.show(one),
		onTrouble: (text) => talk.warn(`${text}; looking again each second`),
		onAway: (reason) => talk.warn(`server away (${awayFrom(url, reason)}), looking again each second`),
		onBack: (ms) => talk.note(`server is back after ${seconds(ms)}`),
	});
	const ends = list.map((one) => ({ name: nameOf(one), ...conclude(one, silence, options) }));
	return isAlone ? single(ends[0] as Named) : summary(ends, talk);
}

type Named = End & { name: string };

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
const awayFrom = (url: string, reason: string): string =>
	reason.includes(" ") ? reason : `${reason} ${url}`;

/** Says how it ended, and returns it. */
function conclude(one: Followed, silence: number, options: WatchOptions): End {
	const { end, state, error, hold, isDoubtful, runs } = one.sight;
	const { talk, plan } = options;
	if (end === "UPDATED") {
		talk.step(nameOf(one), runsNow(one, options));
		return { state: end };
	}
	if (end === "FAILED") {
		const doubt = isDoubtful
			? " (perhaps of an older package: the device had not begun with this one when it said so)"
			: "";
		const cure = cureOf(error, runs.version ? runs : one.was);
		talk.fail(nameOf(one), `FAILED: ${error}${doubt}`);
		talk.note(cure);
		return { state: end, error, cure };
	}
	const why = silence >= 1000 ? away(one, silence) : unfinished(one, plan.patience);
	talk.fail(nameOf(one), why);
	return { state, error: why, ...(hold && { hold }) };
}

/** `runs app 0.2.0 (was 0.1.2), 12 s`; of an assignment that was there before nobody knows the time. */
function runsNow({ was, took }: Followed, { plan: { title, version }, isNew }: WatchOptions): string {
	const before = was.version && was.version !== version ? ` (was ${was.version})` : "";
	return `runs ${title} ${version}${before}${isNew ? `, ${seconds(took)}` : ""}`;
}

const away = ({ sight: { state } }: Followed, silence: number): string =>
	`the server has not answered for ${seconds(silence)}; last seen ${state || "nothing"}`;

function unfinished({ sight: { state, hold, runs } }: Followed, patience: number): string {
	const held = hold && `, held: ${hold}; the device goes on when it may`;
	const running = !hold && runs.version ? `, running ${runs.title} ${runs.version}` : "";
	return `expected UPDATED within ${seconds(patience)}, got ${state || "nothing"}${running}${held}`;
}

function single({ name: _, ...end }: Named): Outcome {
	return { ...end, status: end.state === "UPDATED" ? 0 : 1 };
}

function summary(devices: Named[], talk: Talk): Outcome {
	const updated = devices.filter(({ state }) => state === "UPDATED").length;
	const isFine = updated === devices.length;
	if (devices.length) {
		const say = isFine ? talk.step : talk.fail;
		say("devices", `${updated} of ${devices.length} updated`);
	}
	const state = !devices.length ? "ASSIGNED" : isFine ? "UPDATED" : "FAILED";
	return { state, devices, status: isFine ? 0 : 1 };
}
