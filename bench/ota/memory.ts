// Memory of an update under way, above that of the same device connected, in configurations that could make a difference.
import type { Algorithm } from "../../thingsboard/checksums.ts";
import { type Bench, boot, type Setup } from "../board.ts";
import { bytesBetween, type Heap, heap } from "../heap.ts";
import { imageOf, offer } from "./image.ts";

/** One configuration and its extra heap, the most of three looks. */
export interface ExtraHeap {
	what: string;
	bytes: number;
}

interface Configuration extends Pick<Setup, "chunk" | "signed"> {
	what: string;
	/** Bytes of the image's script; default 1 MiB. */
	size?: number;
	algorithm?: Algorithm;
	/** Every rule of the server is set, and holds nothing. */
	ruled?: boolean;
}

const Large = 1_887_436; // 1.8 MiB: close below a slot's 0x1D0000 bytes
const Block = 65_536;
const link = { roundTrip: 2, rate: 1000, window: 5744 };
const rules = { ota_pause: false, ota_battery: 0, ota_rssi: -120, ota_window: "00:00-23:59", ota_jitter: 1 };

const configurations: readonly Configuration[] = [
	{ what: "as it comes" },
	{ what: "chunks of 512", chunk: 512 },
	{ what: "chunks of 65536", chunk: 65_536 },
	{ what: "1.8 MiB", size: Large },
	{ what: "signed, rules", signed: true, ruled: true },
	{ what: "MURMUR3_128", algorithm: "MURMUR3_128" },
	{ what: "signed, MURMUR3_128", signed: true, algorithm: "MURMUR3_128" },
	{
		...{ what: "all of it", chunk: 65_536, size: Large },
		...{ signed: true, ruled: true, algorithm: "MURMUR3_128" as const },
	},
];

const count = ({ traces }: Bench, state: string): number =>
	traces.filter(({ text }) => text.startsWith(state)).length;

/** The next chunks are withheld for a second: nothing comes or goes. */
function quiet({ clock, peer, machine }: Bench): Heap {
	peer.serving = false;
	clock.advance(1_000);
	const found = heap(machine);
	peer.release();
	return found;
}

/** In the first chunks, in the middle, and with the last byte. */
function looks(bench: Bench, size: number): Heap[] {
	const { clock, machine } = bench;
	clock.until("the begin", () => count(bench, "DOWNLOADING") > 0);
	clock.advance(50);
	const early = quiet(bench);
	const half = Math.floor(size / 2 / Block);
	clock.until("the middle", () => count(bench, "DOWNLOADING") > half);
	const middle = quiet(bench);
	clock.until("the end", () => count(bench, "DOWNLOADED") > 0);
	return [early, middle, heap(machine)];
}

async function extra({
	what,
	size = 1024 * 1024,
	algorithm,
	ruled,
	...setup
}: Configuration): Promise<ExtraHeap> {
	const bench = await boot({ link, ...setup });
	try {
		const { clock, machine, peer } = bench;
		clock.until("a connection", () => count(bench, "connected") > 0);
		clock.advance(10_000);
		const connected = heap(machine);
		offer(peer, imageOf(size), algorithm, ruled ? rules : {});
		const bytes = Math.max(...looks(bench, size).map((found) => bytesBetween(connected, found)));
		return { what, bytes };
	} finally {
		bench.close();
	}
}

/** Every configuration. */
export async function extraHeap(): Promise<ExtraHeap[]> {
	const figures: ExtraHeap[] = [];
	for (const configuration of configurations) figures.push(await extra(configuration));
	return figures;
}
