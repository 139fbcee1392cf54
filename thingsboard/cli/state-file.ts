import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { Core } from "../core.ts";
import { restoreState, stateText } from "../state.ts";

/** How often a change is looked for, milliseconds: so much a killed server may forget. */
const interval = 1000;

/** Keeps the tenant in a file: read now, written when something has changed and by `end`. Throws when it can be neither. */
export class StateFile {
	readonly path: string;
	#core: Core;
	#written = "";
	#onProblem: (problem: string) => void;
	#failing = false;

	constructor(path: string, core: Core, onProblem: (problem: string) => void) {
		this.path = path;
		this.#core = core;
		this.#onProblem = onProblem;
		if (existsSync(path)) this.#read();
		this.#write();
		this.#watch();
	}

	/** Writes what has changed. A disk that refuses is told once, and tried again. */
	end(): void {
		try {
			this.#write();
			this.#failing = false;
		} catch (error) {
			if (!this.#failing) this.#onProblem((error as Error).message);
			this.#failing = true;
		}
	}

	#write(): void {
		const text = stateText(this.#core);
		if (text === this.#written) return;
		try {
			replace(this.path, text);
			this.#written = text;
		} catch (error) {
			throw new Error(`--state ${this.path}: expected to write it, ${(error as Error).message}`);
		}
	}

	#read(): void {
		try {
			restoreState(this.#core, readFileSync(this.path, "utf8"));
		} catch (error) {
			const why = (error as Error).message;
			throw new Error(`--state ${this.path}: expected a file that this server has written, ${why}`);
		}
	}

	#watch(): void {
		this.#core.clock.after(interval, () => {
			this.end();
			this.#watch();
		});
	}
}

/** Whole or not at all: a file beside it, on the disk, then its name. Only its owner may read it: it holds tokens. */
function replace(path: string, text: string): void {
	const fresh = `${path}.new`;
	const file = openSync(fresh, "w", 0o600);
	try {
		const bytes = Buffer.from(text);
		for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
	renameSync(fresh, path);
}
