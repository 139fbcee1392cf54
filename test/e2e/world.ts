// A virtual board, a link and the stand-in in this process, on one clock: minutes of protocol time cost a spec a second.
import { BenchClock } from "../../bench/clock.ts";
import { Link, type LinkOptions } from "../../bench/link.ts";
import { Board } from "../../hosts/virtual/board.ts";
import { bundle } from "../../hosts/virtual/bundle.ts";
import { writeFactoryImage, XSVersion } from "../../hosts/virtual/factory.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { Core, type Settings } from "../../thingsboard/core.ts";
import { Connection } from "../../thingsboard/mqtt/connection.ts";
import type { Wire } from "../../thingsboard/mqtt/wire.ts";

const options: LinkOptions = { roundTrip: 60, rate: 100, window: 5744 };
const nothing = () => undefined;

/** What a spec has at hand. */
export interface World {
	clock: BenchClock;
	core: Core;
	/** What the board traced. */
	traces: string[];
	/** What the server logged. */
	log: string[];
	/** Ends the board's connection as a network does. */
	cut(): void;
	close(): void;
}

/** Boots a program against a server with these settings. */
export async function makeWorld(source: string, settings: Partial<Settings> = {}): Promise<World> {
	const clock = new BenchClock();
	const log: string[] = [];
	const core = new Core({
		clock: { now: () => clock.now(), after: (ms, action) => clock.outside(ms, action) },
		settings,
		log: (line) => log.push(line),
	});
	let present: Wire | undefined;
	const network: Link = new Link(clock, options, (send) => {
		const wire: Wire = {
			write: send,
			close: () => void (wire === present && network.cut()),
			onBytes: nothing,
			onGone: nothing,
		};
		present = wire;
		new Connection(core, wire);
		return (data) => wire.onBytes(data);
	});
	const script = await bundle({ source, config: { title: "world", version: "1.0.0", build: "b" } });
	const identity = { title: "world", version: "1.0.0", target: "virtual", xs: XSVersion };
	const board = new Board({ clock, network });
	writeFactoryImage(board.flash, buildImage({ identity, payload: Buffer.from(script) }));
	const traces: string[] = [];
	board.on("trace", ({ text }) => traces.push(text));
	board.on("reset", ({ reason, text }) => {
		throw new Error(`expected the board to keep running, it reset: ${reason} ${text}`);
	});
	board.powerOn();
	return {
		...{ clock, core, traces, log },
		cut() {
			present?.onGone();
			network.cut();
		},
		close() {
			board.close();
			core.clock.close();
		},
	};
}
