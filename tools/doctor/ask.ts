// Asks programs on this machine who they are.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const Patience = 10_000; // ms; esptool through a cold Python takes a few seconds

/** Where a program is on PATH (or in `folders`), `undefined` when it is nowhere. */
export function which(
	program: string,
	folders = (process.env.PATH ?? "").split(delimiter),
): string | undefined {
	return folders.map((folder) => join(folder, program)).find(runs);
}

function runs(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/**
 * The first match of `pattern` (its first group, if any) in what the program prints. The program's status does not matter:
 * some end with an error after printing their help. `undefined` when it cannot be started or says nothing like it.
 */
export function ask(program: string, args: string[], pattern = /\d+(?:\.\d+)+/): string | undefined {
	const { stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", timeout: Patience });
	if (error) return undefined;
	const found = pattern.exec(`${stdout}\n${stderr}`);
	return found?.[1]?.trim() ?? found?.[0].trim();
}

/** A small text file, trimmed; `undefined` when there is none. */
export function text(file: string): string | undefined {
	return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/** Whether `version` is at least `wanted`, number by number. */
export function atLeast(version: string, wanted: string): boolean {
	const have = version.split(".").map(Number);
	for (const [index, need] of wanted.split(".").map(Number).entries()) {
		const part = have[index] ?? 0;
		if (part !== need) return part > need;
	}
	return true;
}
