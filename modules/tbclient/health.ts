import type { JSONObject } from "host/contract";
import type { Stats } from "tbclient/stats";

/**
 * Counters as telemetry: each under its name with "tb" before it, `lost` as `tbLost`. Those that are 0 are left out, since a key that
 * was never stored reads as well, and a health report is often sent over a bad link.
 */
export function healthOf(stats: Stats): JSONObject {
	const values: JSONObject = {};
	for (const [name, value] of Object.entries(stats))
		if (value) values[`tb${name.charAt(0).toUpperCase()}${name.slice(1)}`] = value;
	return values;
}
