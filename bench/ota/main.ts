// All figures of firmware downloads.
import { link, tcpCopy } from "./board.ts";
import { download } from "./download.ts";
import { imageOf, rate } from "./image.ts";
import { type ExtraHeap, extraHeap } from "./memory.ts";
import { type Refetch, refetch } from "./refetch.ts";
import { type Row, table } from "./table.ts";

export { link } from "./board.ts";

const Payload = 256 * 1024;
const Large = 1024 * 1024;

/** kB/s, 1 kB = 1000 bytes, in the board's time. */
export interface OTA {
	board: { kBps: number; tcpCopykBps: number };
	table: Row[];
	/** Memory of an update under way, above that of a connected device: the most of `extraHeap`. */
	extraHeapBytes: number;
	extraHeap: ExtraHeap[];
	refetch: Refetch[];
}

/** Everything is measured anew. */
export async function ota(): Promise<OTA> {
	const image = imageOf(Payload);
	const large = imageOf(Large);
	const { ms } = await download(image, link);
	const heaps = await extraHeap();
	return {
		board: { kBps: rate(image.length, ms), tcpCopykBps: tcpCopy(image) },
		table: await table(large),
		extraHeapBytes: Math.max(...heaps.map(({ bytes }) => bytes)),
		extraHeap: heaps,
		refetch: await refetch(large),
	};
}
