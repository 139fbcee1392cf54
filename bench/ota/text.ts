// The figures of downloads for people.
import type { OTA } from "./main.ts";
import type { Row } from "./table.ts";

const cell = (value: number | null | string, width: number): string =>
	(value === null ? "-" : String(value)).padStart(width);

function line({ rttMs, bandwidthkBps, loss, windowBytes, flash, ...rates }: Row): string {
	const where = [cell(rttMs, 6), cell(bandwidthkBps, 8), cell(`${100 * loss} %`, 7), cell(windowBytes, 8)];
	const { ours, cpp, rainmaker, python, limit } = rates;
	const speeds = [ours, cpp, rainmaker, python, limit].map((rate) => cell(rate, 10));
	return `  ${where.join("")}  ${flash}${speeds.join("")}`;
}

export function tableText({ table, extraHeapBytes, extraHeap, refetch }: OTA): string {
	const again = refetch.map(
		({ drops, ratio, chunksAgain }) => `${drops} drops: ${chunksAgain} (${100 * ratio} %)`,
	);
	const heaps = extraHeap.map(({ what, bytes }) => `${what} ${bytes}`);
	return `
  kB/s, 1 MiB   RTT ms, kB/s, loss, TCP window, flash: this updater, C++ SDK, RainMaker, Python SDK, limit
${table.map(line).join("\n")}
                the others are models of their algorithms (docs/bench.md); limit = min(bandwidth, flash, window / round trip)
  extra heap    at most ${extraHeapBytes} B while updating: ${heaps.join("; ")}
  fetched again in chunks of 4096 B, ${again.join("; ")}`;
}
