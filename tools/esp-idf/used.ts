// What hosts/esp32 uses of ESP-IDF, read from the files that the SDK reads too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const Folder = "hosts/esp32/sdkconfig";

/** A function of the manifest's `ffi` section; types are those of the SDK's FFI. */
export interface Binding {
	arguments: string[];
	returns: string;
}

/** The `ffi` section of a manifest's text. */
export function bindings(manifest: string): Record<string, Binding> {
	return (JSON.parse(manifest) as { ffi: { functions: Record<string, Binding> } }).ffi.functions;
}

/** Names of ESP-IDF's functions that the manifest binds; those of our own C file are not among them. */
export const calledFunctions = (manifest: string): string[] =>
	Object.keys(bindings(manifest))
		.filter((name) => !name.startsWith("tbxs_"))
		.sort();

/** Every `CONFIG_NAME=value` line of our sdkconfig files, by file, without the prefix. */
export function settings(): { file: string; name: string; value: string }[] {
	return readdirSync(Folder).flatMap((file) =>
		[...readFileSync(join(Folder, file), "utf8").matchAll(/^CONFIG_(\w+)=(.*)$/gm)].map(
			([, name = "", value = ""]) => ({ file, name, value }),
		),
	);
}

/** Names of the symbols that we set. */
export const setSymbols = (): string[] => [...new Set(settings().map(({ name }) => name))].sort();
