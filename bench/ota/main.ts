// All figures of firmware downloads.
import { link, tcpCopy } from "./board.ts";
import { download } from "./download.ts";
import { imageOf, rate } from "./image.ts";
import { type Refetch, refetch } from "./refetch.ts";
import { type Row, table } from "./table.ts";

export { link } from "./board.ts";

const Payload = 256 * 1024;
const Large = 1024 * 1024;

/** kB/s, 1 kB = 1000 bytes, in the board's time. */
export interface OTA {
	board: { kBps: number; tcpCopykBps: number };
	table: Row[];
	/** Memory of an update under way, above that of a connected device. */
	extraHeapBytes: number;
	refetch: Refetch[];
}

/** `heapBytes` as measured by bench/xs.ts. */
export async function ota(heapBytes: { connected: number; updating: number }): Promise<OTA> {
	const image = imageOf(Payload);
	const large = imageOf(Large);
	const { ms } = await download(image, link);
	return {
		board: { kBps: rate(image.length, ms), tcpCopykBps: tcpCopy(image) },
		table: await table(large),
		extraHeapBytes: heapBytes.updating - heapBytes.connected,
		refetch: await refetch(large),
	};
}
