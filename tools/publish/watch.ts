// What an operator sees of an update that is followed, and what it comes to.
import type { Body } from "../peer/rest.ts";
import { type Followed, follow, followed } from "./follow.ts";
import type { Plan } from "./plan.ts";
import type { Talk } from "./talk.ts";
import { prefixOf, type Rest, type Times } from "./telemetry.ts";

/** How a publication ended; `status` is the program's, the rest is its JSON. */
export interface Outcome {
	status: number;
	id?: string;
	state: string;
	error?: string;
	/** Of a profile. */
	devices?: { name: string; state: string; error?: string }[];
}

export interface WatchOptions {
	plan: Plan;
	/** Bytes of the package. */
	size: number;
	talk: Talk;
	/** It was assigned just now. */
	isNew: boolean;
}

/** Follows the devices, tells what they tell, and sums up. */
export async function watch(
	rest: Rest,
	before: ReadonlyMap<Body, Times>,
	options: WatchOptions,
): Promise<Outcome> {
	const { plan, talk } = options;
	const list = [...before].map(([device, since]) => followed(device, since));
	const shown = new Map<Followed, string>();
	await follow(rest, list, {
		...{ type: plan.type, claim: plan, patience: plan.patience },
		onSight: (one) => show(one, shown, options),
		onTrouble: (text) => talk.warn(`${text}; the update goes on, and so does the look at it`),
	});
	for (const one of list) explain(one, options);
	return plan.goal.kind === "device" ? outcomeOf(list[0] as Followed) : summary(list, options);
}

const nameOf = ({ device }: Followed): string => String(device.name);

/** Each state once. */
function show(one: Followed, shown: Map<Followed, string>, { plan, size, talk }: WatchOptions): void {
	const { state, progress, end, runs } = one.sight;
	if (state && shown.get(one) !== state) {
		shown.set(one, state);
		const foreign =
			state === "UPDATED" && !end ? ` of another package: the device runs ${runs.title} ${runs.version}` : "";
		const who = plan.goal.kind === "device" ? "reported" : nameOf(one);
		talk.step(`${prefixOf(plan.type)}_state ${state}`, who + foreign);
	}
	if (state === "DOWNLOADING" && plan.goal.kind === "device")
		talk.progress(Math.floor((progress * size) / 100), size);
}

/** Why it is not UPDATED. */
function explain({ device, sight }: Followed, { plan, talk, isNew }: WatchOptions): void {
	const { end, state, error, isDoubtful, runs } = sight;
	if (end === "UPDATED") return;
	if (end === "FAILED") {
		const doubt = isDoubtful ? " (it began with nothing: this may be about an older package)" : "";
		const cure = isNew
			? ""
			: "; it is not tried again by itself: take the package away and assign it again, or set the shared attribute ota_retry to a new value";
		talk.warn(`${device.name} says FAILED: ${error}${doubt}${cure}`);
		return;
	}
	const running = runs.version ? `, running ${runs.title} ${runs.version}` : "";
	talk.warn(
		`${device.name}: expected UPDATED within ${plan.patience / 1000} s, got ${state || "nothing"}${running}`,
	);
}

function outcomeOf({ sight: { end, state, error } }: Followed): Outcome {
	return { state: end ?? state, error, status: end === "UPDATED" ? 0 : 1 };
}

function summary(list: readonly Followed[], { talk }: WatchOptions): Outcome {
	const devices = list.map((one) => {
		const { state, error } = outcomeOf(one);
		talk.step(nameOf(one), error ? `${state || "nothing"}: ${error}` : state || "nothing");
		return { name: nameOf(one), state, ...(error && { error }) };
	});
	const updated = devices.filter(({ state }) => state === "UPDATED").length;
	const isFine = list.every(({ sight }) => sight.end === "UPDATED");
	if (list.length) talk.step("devices", `${updated} of ${list.length} updated`);
	const state = !list.length ? "ASSIGNED" : isFine ? "UPDATED" : "FAILED";
	return { state, devices, status: isFine ? 0 : 1 };
}
