// A virtual board in this process, with a program of ours in its flash and a server's address in its NVS.
import { fileURLToPath } from "node:url";
import type { StoreValue } from "../../../hosts/contract.ts";
import { Board } from "../../../hosts/virtual/board.ts";
import { buildFirmware, type FirmwareOptions, writeFactoryImage } from "../../../hosts/virtual/factory.ts";
import { NorFlash } from "../../../hosts/virtual/flash.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";

const Patience = 15_000; // ms; the back-off of a client is below that

/** What the board says and does, to be waited for. */
export class TestBoard {
	readonly board: Board;
	/** Lines that the program traced so far. */
	readonly traces: string[] = [];
	#seen = 0;
	#waiting: (() => void) | undefined;

	constructor(board: Board) {
		this.board = board;
		board.on("trace", ({ text }) => this.#add(text));
		board.on("reset", ({ reason, text }) => this.#add(`reset ${reason} ${text}`));
	}

	/** The next line with this text, after those that were waited for. @throws Error with what came instead. */
	async saw(text: string | RegExp): Promise<string> {
		const end = Date.now() + Patience;
		for (;;) {
			const found = this.traces.findIndex((line, at) => at >= this.#seen && matches(line, text));
			if (found >= 0) {
				this.#seen = found + 1;
				return this.traces[found] as string;
			}
			if (Date.now() >= end)
				throw new Error(`board: expected "${text}", got:\n${this.traces.slice(-20).join("\n")}`);
			await this.#more(end - Date.now());
		}
	}

	close(): void {
		this.board.close();
	}

	#add(line: string): void {
		this.traces.push(line);
		this.#waiting?.();
	}

	#more(ms: number): Promise<void> {
		return new Promise((done) => {
			const timer = setTimeout(done, ms);
			this.#waiting = () => {
				clearTimeout(timer);
				done();
			};
		});
	}
}

const matches = (line: string, text: string | RegExp): boolean =>
	typeof text === "string" ? line.includes(text) : text.test(line);

/**
 * Builds `entry` (a path from the project's folder), writes it and the namespace `tb` to a blank chip, and powers it on. `over` changes
 * the build, `more` are further namespaces.
 */
export async function boardWith(
	entry: string,
	tb: Record<string, StoreValue>,
	over: Partial<FirmwareOptions> = {},
	more: Record<string, Record<string, StoreValue>> = {},
): Promise<TestBoard> {
	const flash = new NorFlash();
	const file = fileURLToPath(new URL(`../../../${entry}`, import.meta.url));
	const identity = { version: "1.0.0", build: "test", title: "test" };
	writeFactoryImage(flash, await buildFirmware({ entry: file, ...identity, ...over }));
	const nvs = new Nvs(flash, readPartitions().find("nvs"));
	for (const [namespace, values] of Object.entries({ ...more, tb }))
		for (const [name, value] of Object.entries(values)) nvs.set(namespace, name, value);
	const made = new TestBoard(new Board({ flash }));
	made.board.powerOn();
	return made;
}
