// Images and settings of the virtual board: what a USB cable, esptool and a release build do for a real one.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFirmware, flashFactory as flash } from "../../hosts/virtual/factory.ts";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { Nvs } from "../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";
import { nextApp, nextVersion } from "../next-app.ts";
import type { Offer } from "./scenario.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const draw = (): string => randomBytes(6).toString("hex");

/** The one source of title and version. */
function identity(): { name: string; version: string } {
	return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

/** Where the board finds its ThingsBoard. The token stays in NVS; it is never part of an image. */
export interface Settings {
	host: string;
	/** MQTT port. */
	port: number;
	token: string;
}

/** What a person changes: a board that was flashed from other sources runs other code. */
const sources = ["app.ts", "main.ts"];

function sourceDigest(): string {
	const hash = createHash("sha256");
	for (const file of sources) hash.update(readFileSync(join(root, file)));
	return hash.digest("hex");
}

/** Builds the first firmware and writes it to slot ota_0, as over USB. Returns its build value. */
export async function flashFactory(state: string): Promise<string> {
	const build = draw();
	await flash(state, { version: identity().version, build });
	writeFileSync(join(state, "sources.sha256"), sourceDigest());
	return build;
}

/** Whether `app.ts` or `main.ts` has changed since the board was flashed: it still runs what it had. */
export function isOutdated(state: string): boolean {
	const file = join(state, "sources.sha256");
	return existsSync(file) && readFileSync(file, "utf8") !== sourceDigest();
}

/** Writes the settings into the board's NVS. The board must be off. */
export function commission(state: string, settings: Settings): void {
	const memory = new NorFlash({ file: join(state, "flash.bin") });
	try {
		const nvs = new Nvs(memory, readPartitions().find("nvs"));
		for (const [name, value] of Object.entries(settings))
			if (nvs.get("tb", name) !== value) nvs.set("tb", name, value);
	} finally {
		memory.close();
	}
}

/**
 * Builds the firmware after `current` from a source that is written now and kept in `DIR/next/app.ts`. A version is never
 * offered twice: the board may still hold the image of an update that was cut off, and tells packages by title and version.
 */
export async function offerNext(state: string, current: string): Promise<Offer> {
	const { name: title } = identity();
	const version = nextVersion(newer(current, lastOffer(state)));
	const build = draw();
	const app = join(state, "next", "app.ts");
	mkdirSync(join(state, "next"), { recursive: true });
	writeFileSync(join(state, "next", "version"), version);
	writeFileSync(app, nextApp(readFileSync(join(root, "app.ts"), "utf8"), title, { version, build }));
	return { title, version, build, image: new Uint8Array(await buildFirmware({ version, build, app })) };
}

function lastOffer(state: string): string {
	const file = join(state, "next", "version");
	return existsSync(file) ? readFileSync(file, "utf8") : "0.0.0";
}

/** The higher of two versions of three numbers. */
function newer(a: string, b: string): string {
	return a.localeCompare(b, "en", { numeric: true }) < 0 ? b : a;
}
