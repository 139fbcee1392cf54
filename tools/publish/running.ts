// What devices run already decides whether they would take a package at all.
import type { Body } from "../peer/rest.ts";
import type { Claim } from "./check.ts";
import { CheckError } from "./errors.ts";
import type { Goal } from "./goal.ts";
import { another, type Type } from "./package.ts";
import { type Rest, runningOn } from "./telemetry.ts";
import { isSameText } from "./told.ts";

/** Told letter for letter: 1.1 may be what the server made of 1.10, and is no reason to keep 1.10 from a device. */
export const runsExactly = (runs: Claim, { title, version }: Claim): boolean =>
	runs.title === title && runs.version === version;

/**
 * A device never takes the version that it runs, and says nothing to it; another title it refuses, unless its application says otherwise.
 * Of a profile's devices one that may take it is enough. @throws CheckError
 */
export async function checkRunning(
	rest: Rest,
	{ kind, name }: Goal,
	devices: readonly Body[],
	type: Type,
	claim: Claim,
): Promise<void> {
	const all: Claim[] = [];
	for (const device of devices) all.push(await runningOn(rest, device, type));
	const [one] = all;
	if (kind === "device" && one && runsExactly(one, claim))
		throw new CheckError(`the device runs ${claim.title} ${claim.version} already: ${another}`);
	const titles = new Set(all.map(({ title }) => title).filter(Boolean));
	const isForNone = titles.size > 0 && ![...titles].some((title) => isSameText(title, claim.title));
	if (!isForNone) return;
	const whose = kind === "device" ? "the device runs" : `the devices of profile ${name} run`;
	const names = [...titles].map((title) => `"${title}"`).join(", ");
	throw new CheckError(
		`title: ${whose} ${names}, got "${claim.title}", which would be refused (OTA_TITLE): --title; --retitle if the application takes it`,
	);
}
