// The mutator: what it changes, what it leaves alone, how mutants end, and the list of survivors.
import { readFileSync } from "node:fs";
import { judge, type Known, nameOf, type Tried } from "../../tools/mutate/known.ts";
import { commonJS, mutantsOf } from "../../tools/mutate/mutants.ts";
import { tokensOf } from "../../tools/mutate/tokens.ts";
import { Trials } from "../../tools/mutate/trial.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";

const mutated = (source: string): string[] => mutantsOf(source, "a.ts").map(({ mutant }) => mutant);

function has(source: string, ...expected: string[]): void {
	const got = mutated(source);
	for (const mutant of expected) ok(got.includes(mutant), `expected ${mutant}, got ${JSON.stringify(got)}`);
}

describe("tools: mutants", () => {
	it("scans strings, templates, regular expressions and comments as what they are", () => {
		const source = "a = `x$" + "{b + `$" + '{c}}`} <`; /* < */ d = e / f; g(/[/"]<\\//g); h = "\\"<"; // <';
		equal(tokensOf(source).filter(({ text }) => text === "<").length, 0);
		equal(tokensOf(source).filter(({ text }) => text === "/").length, 1);
		deepEqual(
			tokensOf(source).filter(({ text }) => /^[b-h]$/.test(text)).length,
			7,
			"every name is found, inside of templates too",
		);
		throws(() => tokensOf("a = `x"), "template");
	});

	it("finds every token of the modules and of itself", () => {
		for (const file of ["modules/ota/updater.ts", "modules/ota/version.ts", "tools/mutate/tokens.ts"]) {
			const source = readFileSync(file, "utf8");
			for (const { text, start, end } of tokensOf(source)) equal(source.slice(start, end), text);
		}
	});

	it("moves boundaries and swaps arithmetic and logic", () => {
		has(
			"export const f = (a: number, b: number) => a < b;",
			"export const f = (a: number, b: number) => a <= b;",
		);
		has("export const g = a >= 5 && b;", "export const g = a > 5 && b;", "export const g = a >= 5 || b;");
		has("export const h = a - b + 1;", "export const h = a + b + 1;", "export const h = a - b - 1;");
		has("a++;", "a--;");
		has("a += 2;", "a -= 2;", "a += 3;", ";");
	});

	it("changes constants", () => {
		has("export const a = [0, 1, true, 0x10, 1_000];", ...["export const a = [1, 1, true, 0x10, 1_000];"]);
		has("export const a = [true, 0x10, 1_000];", "export const a = [false, 0x10, 1_000];");
		has("export const a = [0x10, 1_000];", "export const a = [17, 1_000];", "export const a = [0x10, 1001];");
	});

	it("negates conditions", () => {
		has("if (a && b) c();", "if (!(a && b)) c();");
		has("while (a) b();", "while (!(a)) b();");
		has("for (let a = 0; a < n; a++) b();", "for (let a = 0; !(a < n); a++) b();");
		has("export const c = a(x, y) ? b : d;", "export const c = !(a(x, y)) ? b : d;");
		has("export const c = f(a, b.c ? d : e);", "export const c = f(a, !(b.c) ? d : e);");
		has("export const c = !a;", "export const c = a;");
	});

	it("removes statements and leaves functions early", () => {
		has("function f() { a(); return b; }\nf();", "function f() { ; return b; }", "function f() { a(); ; }");
		has(
			"export function f(a: string): void { b(a); }",
			"export function f(a: string): void { return; b(a); }",
		);
		has("export const f = () => { b(); };", "export const f = () => { return; b(); };");
		has("class A { m(): Map<string, X> { throw a; } }\nnew A();", "class A { m(): Map<string, X> { ; } }");
		ok(!mutated("if (a) { b(); }").some((mutant) => mutant.includes("return")));
		has("if (a) b();", "if (a) ;");
	});

	it("makes no mutant of types, and none twice", () => {
		deepEqual(mutated("export type A = 0 | 1 | true;\nexport interface B { a: Map<string, 0>; c?: 5 }"), []);
		deepEqual(mutated("export const a = !(b === c);"), ["export const a = (b === c);"]); // and `!(b !== c)` is the same
	});

	it("numbers mutants of lines that are alike", () => {
		deepEqual(
			mutated("a();\nif (b) {\na();\n}").filter((mutant) => mutant.startsWith(";")),
			[";", "; #2"],
		);
	});

	it("names a mutant by its line before and after", () => {
		const [mutant] = mutantsOf("export const a = 3;\n\texport const b = c < d;\n", "x.ts").slice(1);
		equal(mutant?.at, 2);
		equal(mutant && nameOf(mutant), "x.ts: export const b = c < d; → export const b = c <= d;");
	});
});

describe("tools: survivors", () => {
	const tried = (line: string, end: "killed" | "timeout" | "survived"): Tried => ({
		mutant: { file: "a.ts", at: 1, line, mutant: "-", code: "" },
		outcome: { end },
	});
	const list: Known[] = [{ reason: "equal", mutants: ["a.ts: one → -", "a.ts: two → -"] }];

	it("are known or not", () => {
		const all = [tried("one", "survived"), tried("three", "survived"), tried("two", "survived")];
		deepEqual(judge(all, list, true), { unknown: ["a.ts: three → -"], stale: [] });
	});

	it("leave the list when they are killed or gone", () => {
		deepEqual(judge([tried("one", "killed")], list, false).stale, ["a.ts: one → -"]);
		deepEqual(judge([tried("one", "survived")], list, true).stale, ["a.ts: two → -"]);
		deepEqual(judge([tried("one", "survived"), tried("one", "killed")], list, false).stale, []);
	});
});

describe("tools: trials of mutants", () => {
	const file = "modules/ota/version.ts";
	const specs = ["test/modules/ota/version.test.ts"];
	const source = readFileSync(file, "utf8");
	let trials: Trials;
	beforeEach(() => {
		trials = new Trials();
	});
	afterEach(() => trials.close());

	it("end as the specs say, and the next one is not touched by the last", async () => {
		const broken = commonJS(source.replaceAll("===", "!=="), file);
		equal((await trials.run({ file, code: commonJS(source, file), specs })).end, "survived");
		const killed = await trials.run({ file, code: broken, specs });
		equal(killed.end, "killed");
		equal(killed.spec, specs[0]);
		ok(killed.title);
		equal((await trials.run({ file, code: commonJS(source, file), specs })).end, "survived");
		equal((await trials.run({ file, code: "throw new Error('x');", specs })).end, "killed");
	});

	it("take another process for what never ends", async () => {
		trials.least = 1;
		await trials.run({ file, specs });
		equal((await trials.run({ file, code: "for (;;) {}", specs })).end, "timeout");
		trials.least = 4_000;
		equal((await trials.run({ file, code: commonJS(source, file), specs })).end, "survived");
	});
});
