/** What an update has cost, over connections and restarts; the device tells it once, when the update has ended. */
import type { JSONObject } from "host/contract";

/** Counters. They go on over restarts with what flash has kept. */
export interface Tally {
	/** Bytes of chunks that came, those that had come before included. */
	bytes: number;
	/** Milliseconds of downloading, waiting for a connection included. */
	ms: number;
	/** Requests that were sent. */
	requests: number;
	/** Tries in vain: silence, wrong lengths, gaps, lost connections. */
	again: number;
	/** Fragments that could not be used. */
	skipped: number;
	/** Continuations at the next byte: connections after the first, and restarts. */
	resumes: number;
}

export const noTally = (): Tally => ({ bytes: 0, ms: 0, requests: 0, again: 0, skipped: 0, resumes: 0 });

/** The telemetry `ota_report`: bytes, seconds, bytes per second, retries, resumes, and why the chip last restarted. */
export function reportOf({ bytes, ms, again, resumes }: Tally, reset?: string): JSONObject {
	const seconds = Math.round(ms / 100) / 10;
	const rate = ms > 0 ? Math.round((1000 * bytes) / ms) : 0;
	return { bytes, seconds, rate, retries: again, resumes, ...(reset !== undefined && { reset }) };
}
