// Which specs can see a file, and in which order they are asked: those that are likely to see a mutant first.
import { basename } from "node:path";
import { needs } from "./modules.ts";

export class Order {
	/** Spec files with every file that they load. */
	readonly #specs: Map<string, Set<string>>;
	readonly #times: Map<string, number>;
	/** What has killed mutants of the file at hand, the last one first. */
	#killers: string[] = [];
	#file = "";

	/** `times`: milliseconds of each spec file. */
	constructor(specs: string[], times: Map<string, number>) {
		this.#specs = new Map(specs.map((spec) => [spec, needs(spec)]));
		this.#times = times;
	}

	/** The specs that load the file: the last killers, the one of its name, then the quick ones before the slow ones. */
	of(file: string): string[] {
		if (file !== this.#file) this.#killers = [];
		this.#file = file;
		const rank = (spec: string): number => {
			const killer = this.#killers.indexOf(spec);
			if (killer >= 0) return killer - 1000;
			if (basename(spec, ".test.ts") === basename(file, ".ts")) return -1;
			return this.#times.get(spec) ?? 0;
		};
		const reach = [...this.#specs].filter(([, needed]) => needed.has(file)).map(([spec]) => spec);
		return reach.sort((one, other) => rank(one) - rank(other));
	}

	/** This spec has killed a mutant of the file that was asked for last. */
	killed(spec: string): void {
		this.#killers = [spec, ...this.#killers.filter((other) => other !== spec)];
	}
}
