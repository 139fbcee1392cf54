// The process that runs specs over mutants, one after the other. Its parent ends it when a mutant does not come back.
import { existsSync } from "node:fs";
import Mocha from "mocha";
import { Modules } from "./modules.ts";

/** What is to be run. Without `code` nothing is changed. */
export interface Order {
	file: string;
	code?: string;
	specs: string[];
}

/** What comes of it: a spec begins; one has failed, or none has. */
export type Answer = { begins: string } | { killed: boolean; spec?: string; title?: string };

class Silent {}

/** The title of the first spec that fails, if one does. */
function play(modules: Modules, file: string): Promise<string | undefined> {
	const mocha = new Mocha({
		...{ bail: true, timeout: 2_000, reporter: Silent as unknown as Mocha.ReporterConstructor },
	});
	mocha.suite.emit("pre-require", globalThis, file, mocha);
	try {
		modules.load(file);
	} catch (error) {
		return Promise.resolve(`does not load: ${error}`);
	}
	let title: string | undefined;
	return new Promise((done) => {
		const runner = mocha.run(() => {
			mocha.dispose();
			done(title);
		});
		runner.on("fail", (test) => {
			title ??= test.fullTitle();
		});
	});
}

const send = (answer: Answer): void => {
	process.send?.(answer);
};

async function run({ file, code, specs }: Order): Promise<Answer> {
	const modules = new Modules(file, code);
	for (const spec of specs) {
		send({ begins: spec });
		const title = await play(modules, spec);
		if (title !== undefined) return { killed: true, spec, title };
	}
	return { killed: false };
}

if (existsSync("test/setup.ts")) new Modules().load("test/setup.ts");
process.on("message", (order: Order) => {
	run(order).then(send, (error: unknown) => send({ killed: true, title: String(error) }));
});
