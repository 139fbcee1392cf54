// The mocha reporter: failures in full, successes in as little space as possible, and every result as a JSON line for the counting.
import { appendFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Runner, Test } from "mocha";

/** One line of the results file. `end` is the last one: without it the run broke off. */
export type Line =
	| { event: "pass" | "fail" | "skip"; title: string; file: string; reason?: string }
	| { event: "end" };

/** Why a spec was skipped: its title says `(needs MODDABLE)`, or else the title itself is all there is. */
export function reasonOf(title: string): string {
	return /\((needs [^)]+)\)/.exec(title)?.[1] ?? title;
}

interface Tally {
	file: string;
	passed: number;
	failed: number;
	skipped: number;
}

/** Mocha's reporter interface: constructed with the runner. `SPEC_RESULTS` names the file of JSON lines. */
export default class Reporter {
	#out = process.env.SPEC_RESULTS;
	#dots = process.stdout.isTTY === true;
	#column = 0;
	#tally: Tally | undefined;
	#failures: string[] = [];

	constructor(runner: Runner) {
		if (this.#out) writeFileSync(this.#out, "");
		runner.on("pass", (test) => this.#on("pass", test));
		runner.on("pending", (test) => this.#on("skip", test));
		runner.on("fail", (test, error) => {
			this.#on("fail", test);
			this.#failures.push(`${test.fullTitle()}\n${error?.stack ?? String(error)}`.replaceAll("\n", "\n    "));
		});
		runner.on("end", () => this.#end());
	}

	#on(event: "pass" | "fail" | "skip", test: Test): void {
		const file = relative(process.cwd(), test.file ?? test.parent?.file ?? "");
		const title = test.fullTitle();
		this.#line({ event, title, file, ...(event === "skip" ? { reason: reasonOf(title) } : {}) });
		if (this.#dots) this.#dot(event);
		this.#count(event, file);
	}

	#count(event: "pass" | "fail" | "skip", file: string): void {
		if (this.#tally?.file !== file) this.#file();
		this.#tally ??= { file, passed: 0, failed: 0, skipped: 0 };
		if (event === "pass") this.#tally.passed += 1;
		else if (event === "fail") this.#tally.failed += 1;
		else this.#tally.skipped += 1;
	}

	/** Closes the current file: one line of it, where there are no dots. */
	#file(): void {
		const tally = this.#tally;
		this.#tally = undefined;
		if (!tally || this.#dots) return;
		const parts = [tally.failed && `${tally.failed} failed`, tally.skipped && `${tally.skipped} skipped`];
		const rest = parts.filter(Boolean).join(", ");
		process.stdout.write(
			`  ${tally.failed ? "✗" : "✓"} ${tally.file} ${tally.passed}${rest ? `, ${rest}` : ""}\n`,
		);
	}

	#dot(event: "pass" | "fail" | "skip"): void {
		if (this.#column === 0) process.stdout.write("  ");
		process.stdout.write({ pass: ".", fail: "✗", skip: "-" }[event]);
		this.#column = (this.#column + 1) % 100;
		if (this.#column === 0) process.stdout.write("\n");
	}

	#end(): void {
		this.#file();
		if (this.#column) process.stdout.write("\n");
		for (const failure of this.#failures) process.stdout.write(`\n  ✗ ${failure}\n`);
		if (this.#failures.length) process.stdout.write("\n");
		this.#line({ event: "end" });
	}

	#line(line: Line): void {
		if (this.#out) appendFileSync(this.#out, `${JSON.stringify(line)}\n`);
	}
}
