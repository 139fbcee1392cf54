// Files that an operator names.
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { CheckError } from "./errors.ts";

/** Bytes of a file that was named. @throws CheckError when there is none */
export function readInput(option: string, file: string): Buffer {
	try {
		return readFileSync(file);
	} catch (error) {
		throw new CheckError(`${option}: expected a file, got ${(error as Error).message}`);
	}
}

/** No file that is read is written over, by whatever name. @throws CheckError */
export function checkOutput(out: string | undefined, inputs: Record<string, string | undefined>): void {
	if (out === undefined) return;
	for (const [name, file] of Object.entries(inputs))
		if (file !== undefined && isSameFile(out, file))
			throw new CheckError(`--out: expected another file than that of --${name}, got ${out}`);
}

function isSameFile(a: string, b: string): boolean {
	if (resolve(a) === resolve(b)) return true;
	const [one, other] = [a, b].map((file) => statSync(file, { throwIfNoEntry: false }));
	return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
