// Mutation testing of modules/ota: each small change of the code must make a spec fail. A step of `npm run test:long`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { args } from "./args.ts";
import { judge, listFile, nameOf, readList, type Tried } from "./mutate/known.ts";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import { Order } from "./mutate/order.ts";
import { Trials } from "./mutate/trial.ts";
import { root } from "./test/run.ts";

const Folder = "modules/ota";
const Specs = "test/modules/ota";

const options = args({
	command: "node --import ./tools/ts.mjs tools/mutate.ts",
	about: `Changes ${Folder} in one place at a time (conditions, boundaries, arithmetic, constants, statements, early returns) and runs
${Specs} over it, on Node; no file is changed. A mutant survives when no spec fails. Survivors are compared with
${listFile}: one that is not listed there with a reason fails, and so does a listed one that does not survive.`,
	options: {
		only: {
			help: "only files whose path contains TEXT; may be given several times",
			value: "TEXT",
			many: true,
		},
		sample: { help: "only N mutants, spread evenly", value: "N" },
		json: { help: "one JSON object on stdout, everything else on stderr" },
	},
});

const tty = process.stderr.isTTY === true;
const Width = 32;
let tenth = 0;

/** A bar on a terminal, a line every 10 % elsewhere. */
function progress(done: number, all: number, file: string): void {
	const share = done / all;
	const bar = "█".repeat(Math.floor(share * Width)).padEnd(Width, "░");
	const text = `  ${bar} ${done}/${all} ${file.slice(Folder.length + 1)}`;
	if (tty) process.stderr.write(`\r\u001b[K${done < all ? text : ""}`);
	else if (Math.floor(share * 10) > tenth) console.error(text);
	tenth = Math.floor(share * 10);
}

/** Told at once: a whole run takes long. Whether it is known is told at the end. */
function survivor(mutant: Mutant): void {
	console.error(`${tty ? "\r\u001b[K" : ""}  survives: ${nameOf(mutant)} (line ${mutant.at})`);
}

function files(folder: string, end: string): string[] {
	return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((file) => file.endsWith(end))
		.map((file) => `${folder}/${file}`)
		.sort();
}

const list = readList();

/** Those asked for by name; or all whose survivors are judged. */
const isChosen = (file: string): boolean =>
	options.only.length ? options.only.some((text) => file.includes(text)) : !list.open.includes(file);

/** All mutants, or as many as were asked for. */
function choose(): Mutant[] {
	const all = files(Folder, ".ts")
		.filter(isChosen)
		.flatMap((file) => mutantsOf(readFileSync(join(root, file), "utf8"), file));
	const most = Math.min(Number(options.sample ?? all.length), all.length);
	if (!(most > 0))
		throw new Error(`expected mutants, got none: --only ${options.only} --sample ${options.sample}`);
	return Array.from({ length: most }, (_, index) => all[Math.floor((index * all.length) / most)] as Mutant);
}

async function tryAll(mutants: Mutant[], trials: Trials): Promise<Tried[]> {
	const specs = files(Specs, ".test.ts");
	const sound = await trials.run({ file: "", specs });
	if (sound.end !== "survived") throw new Error(`expected specs that pass, got ${JSON.stringify(sound)}`);
	const order = new Order(specs, trials.times);
	const tried: Tried[] = [];
	for (const mutant of mutants) {
		const outcome = await trials.run({ file: mutant.file, code: mutant.code, specs: order.of(mutant.file) });
		if (outcome.end !== "survived" && outcome.spec) order.killed(outcome.spec);
		tried.push({ mutant, outcome });
		if (outcome.end === "survived") survivor(mutant);
		progress(tried.length, mutants.length, mutant.file);
	}
	return tried;
}

/** Killed, timed out, survived: how many. */
function tally(tried: Tried[]): Record<string, number> {
	const count = (end: string) => tried.filter(({ outcome }) => outcome.end === end).length;
	return {
		mutants: tried.length,
		...{ killed: count("killed"), timeout: count("timeout"), survived: count("survived") },
	};
}

const trials = new Trials();
try {
	const begin = Date.now();
	const tried = await tryAll(choose(), trials);
	const verdict = judge(tried, list.known, !options.only.length && !options.sample);
	const seconds = Math.round((Date.now() - begin) / 1000);
	const sums = { ...tally(tried), seconds };
	if (options.json) {
		const survivors = tried.filter(({ outcome }) => outcome.end === "survived");
		const named = survivors.map(({ mutant }) => ({ at: mutant.at, name: nameOf(mutant) }));
		console.log(JSON.stringify({ ...sums, ...verdict, survivors: named }));
	} else {
		for (const name of verdict.unknown) console.log(`  ✗ survives: ${name}`);
		for (const name of verdict.stale) console.log(`  ✗ in ${listFile}, but does not survive: ${name}`);
		const { mutants, killed, timeout, survived } = sums as Record<string, number>;
		console.log(
			`  ${mutants} mutants in ${seconds} s: ${killed} killed, ${timeout} never end, ${survived} survive`,
		);
	}
	if (list.open.length && !options.only.length)
		console.error(`  not tried, because their survivors are not judged yet: ${list.open.join(", ")}`);
	process.exitCode = verdict.unknown.length || verdict.stale.length ? 1 : 0;
} catch (error) {
	console.error(`mutate: ${error instanceof Error ? error.message : error}`);
	process.exitCode = 2;
} finally {
	trials.close();
}
