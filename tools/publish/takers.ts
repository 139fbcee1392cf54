// The devices whose update is followed, and those that are not.
import { compareVersions } from "../../modules/ota/version.ts";
import type { Body, RestClient } from "../peer/rest.ts";
import type { Claim } from "./check.ts";
import { devicesOf, hasPackage, Most } from "./goal.ts";
import type { Plan } from "./plan.ts";
import { runsExactly } from "./running.ts";
import type { Talk } from "./talk.ts";
import { runningOn } from "./telemetry.ts";
import { isSameText } from "./told.ts";

/** A device that would take the package, and what it runs before. */
export interface Taker {
	device: Body;
	was: Claim;
}

/** The device itself; of a profile those that are online, have no package of their own and run another. */
export async function takersOf(rest: RestClient, plan: Plan, found: Body, talk: Talk): Promise<Taker[]> {
	const { goal, type } = plan;
	const isAlone = goal.kind === "device";
	const online = await devicesOf(rest, goal, found, true);
	const free = isAlone ? online : online.filter((device) => !hasPackage(device, type));
	const all: Taker[] = [];
	for (const device of free) all.push({ device, was: await runningOn(rest, device, type) });
	const taking = isAlone ? all : all.filter(({ was }) => !runsExactly(was, plan));
	if (online.length >= Most) talk.warn(`only the first ${Most} devices that are online are followed`);
	if (!isAlone)
		talk.step("followed", sentence(online.length, online.length - free.length, free.length - taking.length));
	for (const taker of taking) if (isOlder(plan, taker.was)) talk.note(downgrade(plan, taker));
	return taking;
}

/** `none; of 3 online, 2 have a package of their own (take it away), 1 runs it already`. */
function sentence(online: number, own: number, done: number): string {
	if (!online) return "none: no device of the profile is online";
	const parts = [
		own && `${own} ${own === 1 ? "has a package of its own" : "have a package of their own"} (take it away)`,
		done && `${done} ${done === 1 ? "runs" : "run"} it already`,
	].filter(Boolean);
	return [`${online - own - done || "none"}; of ${online} online`, ...parts].join(", ");
}

/** What the server may have made of the very version is not older. */
const isOlder = ({ title, version }: Claim, was: Claim): boolean =>
	was.title === title && !isSameText(was.version, version) && compareVersions(version, was.version) < 0;

const downgrade = ({ version }: Claim, { device, was }: Taker): string =>
	`${device.name}: ${was.version} -> ${version}, an older version`;
