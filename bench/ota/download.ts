// One download by the virtual board: XS, MQTT client, TBClient and Updater, on a link and a flash chip of the caller's choice.
import type { FlashTiming } from "../../hosts/virtual/flash.ts";
import { type Bench, boot } from "../board.ts";
import type { LinkOptions } from "../link.ts";
import { offer } from "./image.ts";

export interface Downloaded {
	/** From the state DOWNLOADING to DOWNLOADED, on the board's clock. */
	ms: number;
	/** Bytes of chunks that came to the device, the header's request and repetitions included. */
	bytes: number;
}

function timeOf({ traces }: Bench, state: string): number {
	const found = traces.find(({ text }) => text.startsWith(state));
	if (!found)
		throw new Error(`bench: expected the state ${state}, saw ${traces.map(({ text }) => text).join("; ")}`);
	return found.at;
}

/** `disturb` is called once the download has begun, and may pass time. */
export async function download(
	image: Uint8Array,
	link: LinkOptions,
	timing?: FlashTiming,
	disturb: (bench: Bench) => void = () => {},
): Promise<Downloaded> {
	const bench = await boot({ link, flashTime: true, ...(timing && { timing }) });
	try {
		const { clock, traces, peer } = bench;
		clock.until("a connection", () => traces.some(({ text }) => text === "connected"));
		clock.advance(5000);
		offer(peer, image);
		clock.until("the begin", () => traces.some(({ text }) => text.startsWith("DOWNLOADING")));
		disturb(bench);
		const isOver = () => traces.some(({ text }) => /^(DOWNLOADED|FAILED)/.test(text));
		clock.until("the end of the download", isOver, 3_600_000);
		const tally = traces.find(({ text }) => text.startsWith("tally "))?.text.slice(6) ?? "{}";
		return {
			ms: timeOf(bench, "DOWNLOADED") - timeOf(bench, "DOWNLOADING"),
			bytes: Number((JSON.parse(tally) as { bytes?: number }).bytes),
		};
	} finally {
		bench.close();
	}
}
