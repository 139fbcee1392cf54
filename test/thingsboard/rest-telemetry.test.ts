import { deepEqual, equal, includes } from "../assert.ts";
import { RestBench } from "./rest-bench.ts";

describe("thingsboard REST telemetry", () => {
	const on = new RestBench();

	describe("telemetry", () => {
		const path = () => `/api/plugins/telemetry/DEVICE/${on.at.device.id}`;

		it("is deleted by range or altogether, and its keys are told", async () => {
			await on.post(
				`${path()}/timeseries/ANY`,
				JSON.stringify([1, 2, 3].map((ts) => ({ ts, values: { a: ts, b: 1 } }))),
			);
			const remove = (query: string) => on.at.rest.send("DELETE", `${path()}/timeseries/delete?${query}`);
			equal((await remove("keys=a&startTs=1&endTs=3")).status, 200);
			equal((await remove("keys=b&deleteAllDataForKeys=true")).status, 200);
			deepEqual((await on.get(`${path()}/keys/timeseries`)).body, ["a"]);
			equal((await remove("keys=a")).status, 400);
			equal((await remove("deleteAllDataForKeys=true")).status, 400);
			equal(on.at.device.series.get("a")?.length, 1);
		});

		it("and attributes are refused with bare text, as their controller does", async () => {
			const unknown = "/api/plugins/telemetry/DEVICE/00000000-0000-0000-0000-000000000000";
			const cases: [string, string, number, string][] = [
				[`${path()}/timeseries/ANY`, "{}", 400, "No time series data found in request body!"],
				[`${path()}/timeseries/ANY`, "1", 400, "Unable to parse time series payload"],
				[
					`${path()}/timeseries/ANY`,
					'{"ts":"now","values":{"a":1}}',
					400,
					"Unable to parse time series payload",
				],
				[`${path()}/SHARED_SCOPE`, "{}", 400, "No attributes data found in request body!"],
				[`${path()}/SHARED_SCOPE`, "[]", 400, "Request is not a JSON object"],
				[`${path()}/SHARED_SCOPE`, '{" ":1}', 400, "Key cannot be blank"],
				[`${path()}/CLIENT_SCOPE`, '{"a":1}', 400, "Invalid scope: CLIENT_SCOPE"],
				[`${unknown}/SHARED_SCOPE`, '{"a":1}', 404, "Device with requested id wasn't found!"],
			];
			for (const [url, body, status, text] of cases) {
				const answer = await on.post(url, body);
				equal(answer.status, status);
				includes(String(answer.body), text);
			}
			equal((await on.get(`${path()}/values/timeseries?startTs=x&endTs=1`)).status, 400);
			equal((await on.get(`${path()}/values/timeseries?keys=a&startTs=0&endTs=1&agg=AVG`)).status, 400);
			equal((await on.at.rest.send("DELETE", `${path()}/SHARED_SCOPE`)).status, 400);
		});
	});
});
