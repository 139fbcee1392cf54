// A Chromium for specs and pictures: the one CHROMIUM names, or the first on PATH.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** Path of the browser; `undefined` when there is none. */
export function findChromium(): string | undefined {
	const { CHROMIUM, PATH = "" } = process.env;
	const wanted = names.flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name)));
	return CHROMIUM ?? wanted.find(runnable);
}

function runnable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** Starts it without a window. As root it must run without its sandbox. */
export function startChromium(executablePath: string): Promise<Browser> {
	const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
	return chromium.launch({ executablePath, args: [...args, "--disable-gpu", "--force-color-profile=srgb"] });
}
