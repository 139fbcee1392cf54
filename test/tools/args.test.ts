import { helpText, parse } from "../../tools/args.ts";
import { deepEqual, equal, includes, throws } from "../assert.ts";

const usage = {
	command: "npm run thing --",
	about: "Does the thing.",
	options: {
		quick: { help: "do it quickly" },
		state: { help: "where it is kept", value: "DIR", default: ".board" },
		token: { help: "who asks", value: "TOKEN" },
	},
} as const;

describe("tools/args", () => {
	it("parse() gives switches as booleans and values as strings, with their defaults", () => {
		deepEqual(parse(usage, ["--quick"]), { quick: true, state: ".board", help: false });
		deepEqual(parse(usage, ["--state", "x", "--token=y"]), {
			quick: false,
			state: "x",
			token: "y",
			help: false,
		});
	});

	it("parse() gives undefined when help is asked for", () => {
		equal(parse(usage, ["--help"]), undefined);
	});

	it("parse() refuses unknown options, missing values and stray words by name", () => {
		throws(() => parse(usage, ["--slow"]), "--slow");
		throws(() => parse(usage, ["--state"]), "--state");
		throws(() => parse(usage, ["word"]), "word");
	});

	it("helpText() lists every option with what it takes and its default", () => {
		const text = helpText(usage);
		includes(text, "npm run thing -- [options]");
		includes(text, "--state DIR    where it is kept (default .board)");
		includes(text, "--help         this text");
	});
});
