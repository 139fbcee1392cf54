// What a child costs: the heap of a gateway with many less that of one with few.
import { boot } from "../board.ts";
import { bytesBetween, heap } from "../heap.ts";

const Few = 10;
const Many = 110;
const link = { roundTrip: 2, rate: 1000, window: 5744 };

/** Bytes of a gateway, client and transport with so many idle children. */
async function bytesWith(children: number): Promise<number> {
	const bench = await boot({ link, children, entry: "gateway/guest.ts" });
	try {
		const before = heap(bench.machine);
		bench.clock.advance(21_000);
		if (!bench.traces.some(({ text }) => text === `${children} children`))
			throw new Error(`bench: expected ${children} children, got ${bench.traces.map(({ text }) => text)}`);
		return bytesBetween(before, heap(bench.machine));
	} finally {
		bench.close();
	}
}

/** Heap of one idle child, its name of 10 characters included. */
export async function heapBytesPerChild(): Promise<number> {
	return Math.round(((await bytesWith(Many)) - (await bytesWith(Few))) / (Many - Few));
}

/** Heap of a gateway, its client and its transport, without children. */
export const heapBytesAlone = (): Promise<number> => bytesWith(0);
