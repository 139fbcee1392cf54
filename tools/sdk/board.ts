// A board whose chip is the desktop simulator: power, reset and bootloader around runs of mcsim. State lives in one directory.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archiveLength } from "../../hosts/simulator/archive.ts";
import {
	type Boot,
	BootFile,
	blank,
	boot,
	type Label,
	type Otadata,
	OtadataFile,
} from "../../hosts/simulator/otadata.ts";
import { type End, Simulator } from "./mcsim.ts";

/** What the board is made of. */
export interface BoardOptions {
	moddable: string;
	display: string;
	/** Absolute path of the host's `mc.so`: the application that ota_0 holds from the factory. */
	library: string;
	/** Absolute path of the state directory, created where missing. */
	state: string;
	/** Per boot, ms. Default none. */
	timeout?: number;
	onLine?(line: string): void;
	onBoot?(boot: Boot): void;
}

/** The partition for mods: mapped where the application is the one built in, since XS takes one archive. */
const Mods = "xs.bin";
/** Traced by the application's restart; see hosts/simulator/system.ts. */
const Restart = 64;
/** A program that crashes at every boot would restart for ever; a person would unplug it. */
const Crashes = 5;

/** Power is on from the constructor to `stop()`. */
export class Board {
	/** Resolves with the reason when the board stays off. */
	readonly gone: Promise<string>;
	#options: BoardOptions;
	#simulator: Simulator | undefined;
	#stopped = false;

	constructor(options: BoardOptions) {
		this.#options = options;
		mkdirSync(options.state, { recursive: true });
		this.gone = this.#live();
	}

	/** Cuts the power. */
	async stop(): Promise<void> {
		this.#stopped = true;
		await this.#simulator?.stop();
		await this.gone;
	}

	async #live(): Promise<string> {
		let resetReason: Boot["resetReason"] = "POWERON";
		let crashes = 0;
		while (!this.#stopped) {
			const end = await this.#boot(resetReason);
			if (end.reason === "exit" && end.status !== Restart) return `the application ended with ${end.status}`;
			if (end.reason === "timeout" || end.reason === "stopped") return end.text || "power off";
			resetReason = end.reason === "exit" ? "SW" : "PANIC";
			crashes = end.reason === "exit" ? 0 : crashes + 1;
			if (crashes) this.#options.onLine?.(`reset: ${end.text}`);
			if (crashes === Crashes) return `${Crashes} crashes in a row, the last one: ${end.text}`;
		}
		return "power off";
	}

	#boot(resetReason: Boot["resetReason"]): Promise<End> {
		const { state, timeout = Number.POSITIVE_INFINITY } = this.#options;
		const slot = bootloader(state);
		const mod = image(state, slot) ? undefined : extract(state, Mods);
		const told: Boot = { slot, resetReason, bootId: count(state), mod: mod !== undefined };
		writeFileSync(join(state, BootFile), JSON.stringify(told));
		this.#options.onBoot?.(told);
		const archive = mod ?? extract(state, `${slot}.xsa`);
		this.#simulator = new Simulator({ ...this.#options, directory: state, archive, timeout });
		return this.#simulator.end;
	}
}

/** Chooses the slot as ESP-IDF's bootloader does, and records what it did. */
function bootloader(state: string): Label {
	const file = join(state, OtadataFile);
	const data = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Otadata) : blank();
	// Without an archive of its own, ota_0 holds what was built into the host: there always is something to boot.
	const slot = boot(data, (label) => label === "ota_0" || image(state, label) !== undefined) ?? "ota_0";
	replace(file, JSON.stringify(data));
	return slot;
}

/** A slot's archive; undefined when the slot holds none that XS would take. */
const image = (state: string, label: Label): Uint8Array | undefined => archiveIn(join(state, `${label}.xsa`));

function archiveIn(file: string): Uint8Array | undefined {
	if (!existsSync(file)) return undefined;
	const bytes = new Uint8Array(readFileSync(file));
	try {
		return bytes.subarray(
			0,
			archiveLength((offset, length) => bytes.slice(offset, offset + length), bytes.length),
		);
	} catch {
		return undefined;
	}
}

/** XS writes into the archive it maps, so it gets a copy. */
function extract(state: string, name: string): string | undefined {
	const bytes = archiveIn(join(state, name));
	if (!bytes) return undefined;
	const file = join(state, "app.xsa");
	writeFileSync(file, bytes);
	return file;
}

function count(state: string): number {
	const file = join(state, "boots");
	const bootId = existsSync(file) ? Number(readFileSync(file, "utf8")) + 1 : 1;
	replace(file, String(bootId));
	return bootId;
}

function replace(file: string, text: string): void {
	writeFileSync(`${file}.new`, text);
	renameSync(`${file}.new`, file);
}

/** Writes the settings of `main.ts` (store namespace `tb`) into a board that is off. */
export function commission(state: string, settings: { host: string; port: number; token: string }): void {
	mkdirSync(state, { recursive: true });
	const file = join(state, "store.json");
	const all = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>) : {};
	replace(file, JSON.stringify({ ...all, tb: { ...settings } }));
}

/** Forgets everything: slots, record, store. */
export function wipe(state: string): void {
	rmSync(state, { recursive: true, force: true });
}
