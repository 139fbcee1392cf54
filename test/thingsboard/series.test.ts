import { Series } from "../../thingsboard/series.ts";
import { longValue } from "../../thingsboard/values.ts";
import { deepEqual } from "../assert.ts";

describe("thingsboard/series", () => {
	it("keeps points in the order of their time, the last of a moment", () => {
		const series = new Series();
		for (const ts of [5, 1, 9, 3, 9, 1, 7]) series.put("a", { ts, value: longValue(ts) });
		series.put("a", { ts: 3, value: longValue(33) });
		const points = series.get("a")?.map(({ ts, value }) => [ts, value.text]);
		deepEqual(
			points,
			[1, 3, 5, 7, 9].map((ts) => [ts, ts === 3 ? "33" : String(ts)]),
		);
	});
});
