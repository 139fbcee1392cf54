/** Firmware images of the virtual board, and the first one in its flash: what a release build and a USB cable do. */
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoreValue } from "../contract.ts";
import { bundle, bundleMod } from "./bundle.ts";
import { NorFlash } from "./flash.ts";
import type { Config } from "./guest/config.ts";
import { buildImage } from "./image.ts";
import { packMod } from "./mod.ts";
import { Nvs } from "./nvs.ts";
import { readPartitions } from "./partitions.ts";
import { Target, XSVersion } from "./target.ts";
import { isPublicKey } from "./verify.ts";

export { XSVersion } from "./target.ts";

export interface FirmwareOptions {
	/** Three numbers; at most 31 bytes. */
	version: string;
	/** Random, so that telemetry tells which image is running. */
	build: string;
	/** Default: the name in package.json. */
	title?: string;
	/** The application part to bundle instead of `app.ts`. */
	app?: string;
	/** The whole program instead of `main.ts`. */
	entry?: string;
	/** More of `mc/config`, beside what manifest.json has. */
	config?: Partial<Config>;
}

/** What manifest.json gives every host: enabled commands, keys of updates. */
function manifestConfig(): Partial<Config> {
	const file = fileURLToPath(new URL("../../manifest.json", import.meta.url));
	return (JSON.parse(readFileSync(file, "utf8")) as { config: Partial<Config> }).config;
}

function projectName(): string {
	const file = fileURLToPath(new URL("../../package.json", import.meta.url));
	return (JSON.parse(readFileSync(file, "utf8")) as { name: string }).name;
}

/** Such a firmware would refuse every further update. @throws RangeError naming the key */
export function checkUpdateKeys(keys: readonly string[] = []): void {
	for (const key of keys)
		if (typeof key !== "string" || !isPublicKey(key))
			throw new RangeError(
				`updateKeys: expected 130 hex digits of a public key on P-256 (npm run sign prints them), got ${JSON.stringify(key)}`,
			);
}

/** What manifest.json pins. @throws RangeError as `checkUpdateKeys` */
export function pinnedKeys(): readonly string[] {
	const { updateKeys = [] } = manifestConfig();
	checkUpdateKeys(updateKeys);
	return updateKeys;
}

/** Bundles the application and wraps it into a genuine ESP32 image. @throws as `bundle`, `buildImage` and `checkUpdateKeys` */
export async function buildFirmware(options: FirmwareOptions): Promise<Buffer> {
	const { version, build, title = projectName(), app, entry, config } = options;
	checkUpdateKeys(config?.updateKeys ?? manifestConfig().updateKeys);
	const script = await bundle({
		...(entry !== undefined && { entry }),
		...(app !== undefined && { modules: { app } }),
		config: { ...manifestConfig(), ...config, title, version, build },
	});
	const identity = { title, version, target: Target, xs: XSVersion };
	return buildImage({ identity, payload: Buffer.from(script) });
}

export interface ModOptions {
	/** As packages of this product are called: `sw_title`. */
	title: string;
	version: string;
	/** The module that takes the place of `app`, or its text. */
	entry?: string;
	source?: string;
}

/** Bundles a mod for the virtual board. @throws as `bundleMod` and `packMod` */
export async function buildMod({ title, version, ...options }: ModOptions): Promise<Buffer> {
	const script = await bundleMod(options);
	return packMod({ title, version, target: Target, xs: XSVersion }, Buffer.from(script));
}

/** Writes an image to slot ota_0 of a blank chip, as esptool would; the bootloader then starts it. */
export function writeFactoryImage(flash: NorFlash, image: Uint8Array): void {
	const table = readPartitions();
	const slot = table.find("ota_0");
	const end = Math.ceil(image.length / NorFlash.SECTOR) * NorFlash.SECTOR;
	if (end > slot.size)
		throw new RangeError(`factory image: expected at most ${slot.size} bytes, got ${image.length}`);
	flash.erase(table.otadata.offset, table.otadata.size);
	flash.erase(slot.offset, end);
	flash.write(slot.offset, image);
}

export interface FactoryOptions extends FirmwareOptions {
	/** NVS namespaces to fill, e.g. `{ tb: { host, port, token } }`. */
	store?: Record<string, Record<string, StoreValue>>;
}

/**
 * Builds the firmware, writes it to slot ota_0 of `stateDir/flash.bin` (created when missing) and settings to NVS.
 * The board must be off. Returns the image.
 */
export async function flashFactory(stateDir: string, options: FactoryOptions): Promise<Buffer> {
	const image = await buildFirmware(options);
	mkdirSync(stateDir, { recursive: true });
	const file = join(stateDir, "flash.bin");
	rmSync(`${file}.new`, { force: true });
	const flash = new NorFlash({ file: `${file}.new` });
	try {
		writeFactoryImage(flash, image);
		const nvs = new Nvs(flash, readPartitions().find("nvs"));
		for (const [namespace, values] of Object.entries(options.store ?? {}))
			for (const [name, value] of Object.entries(values)) nvs.set(namespace, name, value);
	} finally {
		flash.close();
	}
	renameSync(`${file}.new`, file); // a kill before this line leaves no chip rather than half a one
	return image;
}
