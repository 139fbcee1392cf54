// What a device has told of an update, and what that means for the package that was assigned.
import { clip } from "../../modules/ota/errors.ts";
import type { Claim } from "./check.ts";

/** One value of a telemetry key. */
export interface Point {
	ts: number;
	value: string;
}

/** What was told since the assignment, oldest first. */
export interface Told {
	state: readonly Point[];
	progress: readonly Point[];
	error: readonly Point[];
	/** `current_*_title` and `current_*_version`. */
	title: readonly Point[];
	version: readonly Point[];
	/** Why the update waits, or `""`. */
	hold: readonly Point[];
}

/** What is seen of an update. */
export interface Sight {
	/** The last one that was told. */
	state: string;
	/** All of them, oldest first. */
	states: readonly Point[];
	/** Why the update waits; empty: nothing holds it. */
	hold: string;
	/** 0…100. */
	progress: number;
	/** That of the failure, else the last one. */
	error: string;
	/** What runs, as far as it was told. */
	runs: Claim;
	/** How the update ended. */
	end?: "UPDATED" | "FAILED";
	/** A failure that may be of an older package: the device has begun with nothing since it was offered this one. */
	isDoubtful?: boolean;
}

const Offers = ["QUEUED", "INITIATED"]; // the server's own words: what comes later was told about this package or an older one
const Work = ["DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING"];

/** Whether a told text is that one; the server makes numbers of texts that look like one, so that 1.10 and 1.1 are the same to it. */
export const isSameText = (told: string, wanted: string): boolean =>
	told === wanted || (/^-?\d*\.?\d+$/.test(wanted) && told !== "" && Number(told) === Number(wanted));

/** Whether that title and version run. */
export const isRunning = (runs: Claim, claim: Claim): boolean =>
	isSameText(runs.title, claim.title) && isSameText(runs.version, claim.version);

/** What it means for the package `claim`. */
export function judge(told: Told, claim: Claim): Sight {
	const sight: Sight = {
		state: told.state.at(-1)?.value ?? "",
		states: told.state,
		hold: told.hold.at(-1)?.value ?? "",
		progress: Number(told.progress.at(-1)?.value) || 0,
		error: told.error.at(-1)?.value ?? "",
		runs: runsAt(told),
	};
	if (isUpdated(told, claim)) return { ...sight, end: "UPDATED", error: "", hold: "" };
	const failure = failureIn(told, claim);
	return failure ? { ...sight, end: "FAILED", hold: "", ...failure } : sight;
}

/** UPDATED counts with what runs: at that time, or, for devices that tell it later, now. */
function isUpdated(told: Told, claim: Claim): boolean {
	return told.state.some(({ ts, value }, index) => {
		if (value !== "UPDATED") return false;
		const isLast = index === told.state.length - 1;
		return isRunning(runsAt(told, ts), claim) || (isLast && isRunning(runsAt(told), claim));
	});
}

/** The last failure, unless the device has begun or was offered something after it. */
function failureIn(told: Told, claim: Claim): Pick<Sight, "error" | "isDoubtful"> | undefined {
	let isOffered = false;
	let isBegun = false;
	let failure: { error: string; isDoubtful: boolean } | undefined;
	for (const { ts, value } of told.state) {
		const isOffer = Offers.includes(value);
		if (isOffer) [isOffered, isBegun] = [true, false];
		else if (Work.includes(value)) isBegun = true;
		if (isOffer || Work.includes(value) || failure?.isDoubtful) failure = undefined;
		if (value !== "FAILED") continue;
		const error = at(told.error, ts);
		const isOurs = isOffered && (isBegun || names(error, claim));
		if (!isOfAnother(error, claim)) failure = { error, isDoubtful: !isOurs };
	}
	return failure;
}

/** Failures after a restart name the version that they are about (modules/ota/rollback.ts). */
function isOfAnother(error: string, { version }: Claim): boolean {
	const code = /^OTA_(?:REVERTED|SWITCH): /.exec(error)?.[0];
	return code !== undefined && !error.startsWith(`${code}${clip(version)}: `);
}

/** Whether the text is about this version or title: `got "1.2"`, `1.2: trial …`, `expected app 1.2`. */
function names(error: string, { title, version }: Claim): boolean {
	if (error.includes(`got "${clip(title)}"`)) return true;
	const words = clip(version).replaceAll(/[^\w]/g, "\\$&");
	return new RegExp(`(?<![\\w.])${words}(?![\\w]|\\.\\w)`).test(error);
}

const runsAt = ({ title, version }: Told, ts = Number.POSITIVE_INFINITY): Claim => ({
	title: at(title, ts),
	version: at(version, ts),
});

/** The last value that was told until then. */
const at = (points: readonly Point[], ts: number): string =>
	points.filter((point) => point.ts <= ts).at(-1)?.value ?? "";
