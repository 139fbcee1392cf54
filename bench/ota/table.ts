// The table of docs/bench.md: one image over many links and two flash chips, by this updater and by models of others.
import { type FlashTiming, NorFlash } from "../../hosts/virtual/flash.ts";
import { BenchClock } from "../clock.ts";
import { Link, type LinkOptions } from "../link.ts";
import { Peer } from "../peer.ts";
import { download } from "./download.ts";
import { rate } from "./image.ts";
import { CppSDK } from "./peers/cpp.ts";
import type { PeerDevice } from "./peers/peer.ts";
import { PythonSDK } from "./peers/python.ts";
import { RainMaker } from "./peers/rainmaker.ts";

/** Winbond W25Q32FV: 6.8, AC characteristics, typical and maximum of tSE, tBE2, tPP. */
export const chips: Record<"typical" | "maximum", FlashTiming> = {
	typical: { sectorErase: 45, blockErase: 150, pageProgram: 0.7 },
	maximum: { sectorErase: 400, blockErase: 2000, pageProgram: 3 },
};

/** kB/s; `null`: that updater gave up. */
export interface Row {
	rttMs: number;
	bandwidthkBps: number;
	loss: number;
	windowBytes: number;
	flash: keyof typeof chips;
	ours: number;
	cpp: number | null;
	rainmaker: number | null;
	python: number | null;
	/** min(bandwidth, flash, window / round trip). */
	limit: number;
}

type Cell = Pick<Row, "rttMs" | "bandwidthkBps" | "loss" | "windowBytes" | "flash">;

const RoundTrips = [5, 50, 100, 300]; // ms
const Lwip = 5_744; // bytes; lwIP's default receive window (CONFIG_LWIP_TCP_WND_DEFAULT)
/** Bytes; the receive window of hosts/esp32/sdkconfig. */
export const OurWindow = 24_576;
const Hour = 3_600_000;

const usual = { bandwidthkBps: 1000, loss: 0, windowBytes: OurWindow, flash: "typical" } as const;

/** What is measured. */
export const cells: readonly Cell[] = [
	{},
	{ windowBytes: Lwip },
	{ bandwidthkBps: 50 },
	{ bandwidthkBps: 10 },
	{ loss: 0.01 },
	{ flash: "maximum" as const },
].flatMap((change) => RoundTrips.map((rttMs) => ({ rttMs, ...usual, ...change })));

const two = (value: number): number => Math.round(100 * value) / 100;

/** kB/s that flash takes: a block's erase and its 256 pages. */
export function flashRate({ blockErase, pageProgram }: FlashTiming): number {
	return NorFlash.BLOCK / (blockErase + (NorFlash.BLOCK / NorFlash.PAGE) * pageProgram);
}

export function limitOf({ rttMs, bandwidthkBps, windowBytes, flash }: Cell): number {
	return two(Math.min(bandwidthkBps, flashRate(chips[flash]), windowBytes / rttMs));
}

const linkOf = ({ rttMs, bandwidthkBps, loss, windowBytes }: Cell): LinkOptions => ({
	...{ roundTrip: rttMs, rate: bandwidthkBps, loss, window: windowBytes },
});

/** Milliseconds of another updater for the same image, or undefined when it gave up. */
function timeOf(make: new (device: PeerDevice) => object, image: Uint8Array, cell: Cell): number | undefined {
	const clock = new BenchClock();
	const peer = new Peer();
	peer.firmware = image;
	const flash = new NorFlash({ timing: chips[cell.flash], onBusy: (ms) => clock.stall(ms) });
	const link = new Link(clock, linkOf(cell), peer.serve);
	let end: { at: number; error?: string | undefined } | undefined;
	const start = clock.now();
	const onEnd = (error?: string) => {
		end ??= { at: clock.now(), error };
	};
	new make({ clock, link, flash, size: image.length, onEnd });
	clock.until("the end of the download", () => !!end, Hour);
	const connecting = 2 * cell.rttMs; // ours is connected already when its time begins
	return end && end.error === undefined ? end.at - start - connecting : undefined;
}

function rateOf(make: new (device: PeerDevice) => object, image: Uint8Array, cell: Cell): number | null {
	const ms = timeOf(make, image, cell);
	return ms === undefined ? null : rate(image.length, ms);
}

/** One row per cell. */
export async function table(image: Uint8Array): Promise<Row[]> {
	const rows: Row[] = [];
	for (const cell of cells) {
		const { ms } = await download(image, linkOf(cell), chips[cell.flash]);
		rows.push({
			...cell,
			ours: rate(image.length, ms),
			cpp: rateOf(CppSDK, image, cell),
			rainmaker: rateOf(RainMaker, image, cell),
			python: rateOf(PythonSDK, image, cell),
			limit: limitOf(cell),
		});
	}
	return rows;
}
