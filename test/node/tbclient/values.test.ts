// What our numbers become in the server's own reading of them: never text.
import fc from "fast-check";
import { stamped } from "tbclient/telemetry";
import { cleaned, storable } from "tbclient/values";
import { readTelemetry } from "../../../thingsboard/telemetry.ts";
import { equal, ok } from "../../assert.ts";

const numbers = fc.oneof(
	fc.double(),
	fc.double({ min: -1e-5, max: 1e-5 }),
	fc.double({ min: -100, max: 100 }),
	fc.maxSafeInteger(),
);

describe("TBClient: numbers at the server", () => {
	it("are stored as numbers, to 16 decimals, or left out", () => {
		fc.assert(
			fc.property(numbers, (value) => {
				const kept = storable(value);
				if (kept === undefined) {
					ok(!Number.isFinite(value) || Math.abs(value) >= 2 ** 63);
					return;
				}
				ok(Math.abs(kept - value) <= 1e-16, `${value} is sent as ${kept}`);
				const [row] = readTelemetry(JSON.stringify({ kept }), 0);
				const stored = row?.values.get("kept");
				ok(stored?.type === "LONG" || stored?.type === "DOUBLE", `${value} is stored as ${stored?.type}`);
				equal(Number(stored?.text), kept + 0);
			}),
			{ numRuns: 20_000 },
		);
	});
	it("stay what they are in every shape that the server takes, with the time that they were given", () => {
		const values = fc.dictionary(
			fc.string({ minLength: 1 }),
			fc.oneof(fc.boolean(), fc.double(), fc.string()),
		);
		fc.assert(
			fc.property(values, fc.nat(2 ** 41), (some, ts) => {
				const dated = stamped(
					cleaned(some, () => undefined),
					ts,
				);
				const timed = "ts" in some && "values" in some;
				const [row] = timed ? [undefined] : readTelemetry(JSON.stringify(dated), 0);
				if (row) equal(row.ts, ts);
				for (const [key, value] of Object.entries(some))
					if (row && typeof value === "boolean") equal(row.values.get(key)?.text, String(value));
			}),
			{ numRuns: 2000 },
		);
	});
});
