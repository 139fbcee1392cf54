// Small files of the simulator's state directory. Replaced by rename, so that a kill leaves the old text or the new one.
import { File } from "file";
import config from "mc/config";

const directory: string = config.state ?? ".";

/** Path of a file in the state directory: `state` of `mc/config`, else where the simulator was started. */
export function statePath(name: string): string {
	return `${directory}/${name}`;
}

/** A file's JSON, undefined where there is no file. Throws SyntaxError when it is not JSON. */
export function readJSON(name: string): unknown {
	const path = statePath(name);
	if (!File.exists(path)) return undefined;
	const file = new File(path);
	try {
		return JSON.parse(file.length ? file.read(String) : "null");
	} finally {
		file.close();
	}
}

/** Replaces a file by the JSON of `value`. Throws when the directory cannot be written. */
export function writeJSON(name: string, value: unknown): void {
	const path = statePath(`${name}.new`);
	File.delete(path); // the SDK opens an existing file for writing without cutting it
	const file = new File(path, true);
	try {
		file.write(JSON.stringify(value));
	} finally {
		file.close();
	}
	if (!File.rename(path, name)) throw new Error(`simulator: cannot rename ${path} to ${name}`);
}

/** Removes a file; does nothing when it is missing. */
export function remove(name: string): void {
	File.delete(statePath(name));
}
