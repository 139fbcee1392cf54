// A virtual board on a clock and a link of ours, with the program of bench/guest.ts in its flash.
import { fileURLToPath } from "node:url";
import { Board } from "../hosts/virtual/board.ts";
import { buildFirmware, writeFactoryImage } from "../hosts/virtual/factory.ts";
import { type FlashTiming, NorFlash } from "../hosts/virtual/flash.ts";
import type { Machine } from "../hosts/virtual/machine.ts";
import { Nvs } from "../hosts/virtual/nvs.ts";
import { readPartitions } from "../hosts/virtual/partitions.ts";
import { BenchClock } from "./clock.ts";
import { Link, type LinkOptions } from "./link.ts";
import { Peer } from "./peer.ts";

const images = new Map<string, Promise<Buffer>>();

/** A measured program as an image, built once. */
function firmware(name: string): Promise<Buffer> {
	const entry = fileURLToPath(new URL(name, import.meta.url));
	const image =
		images.get(name) ?? buildFirmware({ entry, version: "1.0.0", build: "bench", title: "bench" });
	images.set(name, image);
	return image;
}

/** How the bench's board is set up. */
export interface Setup {
	link: LinkOptions;
	/** Seconds after boot between which one telemetry message a second is sent. */
	from?: number;
	to?: number;
	/** The same once more. */
	again?: number;
	until?: number;
	/** Messages that are handed over at once in second 2. */
	queue?: number;
	/** Without TBClient: the MQTT client alone. */
	transportOnly?: boolean;
	/** The program, beside this file; default `guest.ts`. */
	entry?: string;
	/** For a gateway. */
	children?: number;
	/** Most bytes of a chunk; default: the updater's own. */
	chunk?: number;
	/** Packages must be signed. */
	signed?: boolean;
	/** Flash commands take the time they take on the chip. Default false: none. */
	flashTime?: boolean;
	/** Times of the flash chip, where they count; default: typical ones. */
	timing?: FlashTiming;
}

/** Board, server and clock, running. */
export interface Bench {
	clock: BenchClock;
	peer: Peer;
	link: Link;
	flash: NorFlash;
	machine: Machine;
	/** Lines the program traced so far, with the time of each. */
	traces: { at: number; text: string }[];
	close(): void;
}

/** A chip with the program in ota_0. `connect` false: the server refuses at first. */
export async function boot(setup: Setup, connect = true): Promise<Bench> {
	const clock = new BenchClock();
	const peer = new Peer();
	const link = new Link(clock, setup.link, peer.serve);
	link.open = connect;
	const flash = new NorFlash(setup.timing ? { timing: setup.timing } : {});
	writeFactoryImage(flash, await firmware(setup.entry ?? "guest.ts"));
	const nvs = new Nvs(flash, readPartitions().find("nvs"));
	nvs.set("bench", "stage", setup.transportOnly ? 1 : 0);
	nvs.set("bench", "from", setup.from ?? 0);
	nvs.set("bench", "to", setup.to ?? 0);
	nvs.set("bench", "queue", setup.queue ?? 0);
	nvs.set("bench", "again", setup.again ?? 0);
	nvs.set("bench", "until", setup.until ?? 0);
	nvs.set("bench", "children", setup.children ?? 0);
	nvs.set("bench", "chunk", setup.chunk ?? 0);
	nvs.set("bench", "signed", setup.signed ? 1 : 0);
	if (setup.flashTime) flash.onBusy = (ms) => clock.stall(ms);
	const traces: Bench["traces"] = [];
	const board = new Board({ flash, clock, network: link, flashTime: 0 });
	board.on("trace", ({ text }) => traces.push({ at: clock.now(), text }));
	board.on("reset", ({ reason, text }) => {
		throw new Error(`bench: expected the board to keep running, it reset: ${reason} ${text}`);
	});
	board.powerOn();
	clock.until("a running machine", () => board.machine !== undefined, 10_000);
	clock.advance(0);
	const { machine } = board;
	if (!machine) throw new Error("bench: expected a running machine, got none");
	return { clock, peer, link, flash, machine, traces, close: () => board.close() };
}
