import { jsonText, parseJson } from "../../thingsboard/json.ts";
import { readAttributes, readTelemetry } from "../../thingsboard/telemetry.ts";
import { javaDouble, typed } from "../../thingsboard/values.ts";
import { deepEqual, equal, throws } from "../assert.ts";

// JSON literal, stored type, stored text.
const typings = [
	["true", "BOOLEAN", "true"],
	["20", "LONG", "20"],
	["1e3", "LONG", "1000"],
	["1.5e3", "LONG", "1500"],
	["20.0", "DOUBLE", "20.0"],
	["9223372036854775807", "LONG", "9223372036854775807"],
	["9223372036854775808", "STRING", "9223372036854775808"],
	["0.30000000000000004", "STRING", "0.30000000000000004"],
	["1.2345678901234567e-7", "STRING", "0.00000012345678901234567"],
	["1e-17", "STRING", "0.00000000000000001"],
	["1e-7", "DOUBLE", "1.0E-7"],
	["23.100000381469727", "DOUBLE", "23.100000381469727"],
	['"123"', "LONG", "123"],
	['"007"', "LONG", "7"],
	['"-5"', "LONG", "-5"],
	['"1.5"', "DOUBLE", "1.5"],
	['".5"', "DOUBLE", "0.5"],
	['"1.10"', "DOUBLE", "1.1"],
	['"+5"', "STRING", "+5"],
	['"5."', "STRING", "5."],
	['"1e5"', "STRING", "1e5"],
	['"0x1F"', "STRING", "0x1F"],
	['" 7 "', "STRING", " 7 "],
	['""', "STRING", ""],
	['{"a": [1, 2.0]}', "JSON", '{"a":[1,2.0]}'],
	["NaN", "STRING", "NaN"],
	["01", "LONG", "1"],
	["-0.0", "DOUBLE", "0.0"],
	["1.00000000000000000", "STRING", "1.00000000000000000"],
	[".5", "DOUBLE", "0.5"],
] as const;

describe("thingsboard/values", () => {
	for (const [literal, type, text] of typings)
		it(`14.12 stores ${literal} as ${type} ${text}`, () => {
			deepEqual(typed(parseJson(literal)), { type, text });
		});

	it("14.12 skips null", () => {
		equal(typed(parseJson("null")), undefined);
	});

	it("refuses an exponent that would fill the memory", () => {
		throws(() => readTelemetry('{"a":1e999999999}', 0), "exponent");
	});

	it("reads texts of many digits and points, and many escapes, in one go", () => {
		const many = "1".repeat(30_000);
		for (const text of [`${many}.${many}.1`, `${many}x`, `-${many}.`, many])
			equal(typed(text)?.type, "STRING", text.slice(-3));
		equal(parseJson(`"${"\\n".repeat(30_000)}"`), "\n".repeat(30_000));
		throws(() => parseJson(`{"a":1${"/*".repeat(30_000)}`), "JSON at");
	});

	it("takes millions of digits for text at once, and skips millions of spaces", () => {
		const digits = "1".repeat(8_000_000);
		for (const text of [digits, `0.${digits}`]) equal(typed(text)?.text, text);
		equal(jsonText(parseJson(`{"a":1,${" ".repeat(8_000_000)}"b":2}`)), '{"a":1,"b":2}');
	});

	it("javaDouble() writes as Java does", () => {
		const pairs = [42, 1e-5, 1e7, 1.25e-9, 0.001, 9_999_999.5].map(javaDouble);
		deepEqual(pairs, ["42.0", "1.0E-5", "1.0E7", "1.25E-9", "0.001", "9999999.5"]);
	});
});

describe("thingsboard/json", () => {
	const same = (text: string, plain: string) => equal(jsonText(parseJson(text)), plain);

	it("14.12 accepts single quotes, bare names and strings, = and ; and comments", () => {
		same("{'a':1}", '{"a":1}');
		same("{a=b;c=>d}", '{"a":"b","c":"d"}');
		same("\ufeff/* x */ {a:1} // y", '{"a":1}');
		same("{a:TRUE,b:Null}", '{"a":true,"b":null}');
	});

	it("14.12 adds a null for a trailing comma in an array and refuses one in an object", () => {
		same("[1,]", "[1,null]");
		throws(() => parseJson('{"a":1,}'), "expected a value or name");
	});

	it("14.12 keeps the last of repeated keys, refuses text after the value, reads nothing as null", () => {
		same('{"a":1,"a":2}', '{"a":2}');
		throws(() => parseJson('{"a":1} x'), "expected the end");
		equal(parseJson(""), null);
	});

	it("refuses what is cut short, unknown escapes and 256 levels", () => {
		for (const text of ['{"a":', "{", "[1", '"a', '{"a" 1}', '"\\x"', "[".repeat(256)])
			throws(() => parseJson(text));
	});
});

describe("thingsboard/telemetry", () => {
	const rows = (text: string) => readTelemetry(text, 5).map(({ ts, values }) => [ts, [...values.keys()]]);

	it("14.12 takes an object, a timestamped object and a mixed array", () => {
		deepEqual(rows('{"a":1}'), [[5, ["a"]]]);
		deepEqual(rows('{"ts":1,"values":{"a":1},"b":2}'), [[1, ["a"]]]);
		deepEqual(rows('[{"ts":"3","values":{"a":1}},{"b":3}]'), [
			[3, ["a"]],
			[5, ["b"]],
		]);
	});

	it("14.12 sees a timestamp only where both ts and values stand", () => {
		deepEqual(rows('{"ts":1,"t":2}'), [[5, ["ts", "t"]]]);
		deepEqual(rows('{"values":{"a":1}}'), [[5, ["values"]]]);
	});

	it("14.12 refuses scalars, nothing, arrays of scalars and bad timestamps", () => {
		for (const text of ["", "1", "null", '"a"', "[1]", '{"ts":"x","values":{}}', '{"ts":1,"values":2}'])
			throws(() => readTelemetry(text, 0), "");
	});

	it("takes attributes only as one object", () => {
		deepEqual([...readAttributes('{"a":1,"b":null}').keys()], ["a"]);
		throws(() => readAttributes('[{"a":1}]'), "object");
	});
});
