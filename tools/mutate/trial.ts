// Runs orders in a process of its own, and takes another process when a mutant never ends.
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { root } from "../test/run.ts";
import type { Answer, Order } from "./runner.ts";

/** How a mutant ended. `spec` is the file that showed it, `title` the spec. */
export interface Outcome {
	end: "killed" | "timeout" | "survived";
	spec?: string;
	title?: string;
}

const Start = 60_000; // ms for the process to load what it needs
const Factor = 5; // times what a spec file takes without a mutant: other programs want the processor too

export class Trials {
	/** Milliseconds that any spec file gets. */
	least = 4_000;
	/** Milliseconds of each spec file without a mutant. */
	readonly times = new Map<string, number>();
	#child: ChildProcess | undefined;

	/** Runs the specs in order until one fails or does not end. */
	run(order: Order): Promise<Outcome> {
		this.#child ??= fork(join(root, "tools/mutate/runner.ts"), {
			...{ cwd: root, stdio: ["ignore", "ignore", "inherit", "ipc"] },
			execArgv: ["--max-old-space-size=1024", "--import", "./tools/ts.mjs"],
		});
		return this.#outcome(this.#child, order);
	}

	close(): void {
		this.#child?.kill("SIGKILL");
		this.#child = undefined;
	}

	#outcome(child: ChildProcess, order: Order): Promise<Outcome> {
		return new Promise((done) => {
			let spec = "";
			let begin = Date.now();
			const end = (outcome: Outcome) => {
				clearTimeout(timer);
				child.removeAllListeners();
				done(outcome);
			};
			const expire = () => {
				this.close();
				end({ end: "timeout", spec });
			};
			let timer = setTimeout(expire, Start);
			child.on("message", (answer: Answer) => {
				if (order.code === undefined && spec) this.times.set(spec, Date.now() - begin);
				if ("killed" in answer) return end({ ...answer, end: answer.killed ? "killed" : "survived" });
				spec = answer.begins;
				begin = Date.now();
				clearTimeout(timer);
				timer = setTimeout(expire, this.#limit(spec));
			});
			child.once("exit", (code, signal) => {
				this.close();
				end({ end: "killed", spec, title: `the process ended with ${signal ?? code}` });
			});
			child.send(order);
		});
	}

	/** Where nothing was measured yet, the specs are on trial themselves. */
	#limit(spec: string): number {
		const time = this.times.get(spec);
		return time === undefined ? Start : this.least + Factor * time;
	}
}
