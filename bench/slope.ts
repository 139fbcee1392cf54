// Whether memory comes back to its level, however long a device runs.
import { type Bench, boot } from "./board.ts";
import { bytesBetween, heap } from "./heap.ts";

const Second = 1000;
const Quiet = 10; // seconds that a connection lasts at least before memory is looked at
const Warm = 100; // messages or connections before the first look
const link = { roundTrip: 2, rate: 1000, window: 5744 };

/** Bytes that are left of `count` messages: one a second, each acknowledged. */
export async function slopeOfMessages(count: number): Promise<number> {
	const from = Quiet;
	const pause = Warm + 2 * Quiet;
	const bench = await boot({ link, from, to: from + Warm, again: pause, until: pause + count });
	try {
		const { clock, machine, peer } = bench;
		clock.advance((pause - Quiet) * Second);
		const before = heap(machine);
		const received = peer.received;
		clock.advance((count + 2 * Quiet) * Second);
		if (peer.received - received !== count)
			throw new Error(`slope: expected ${count} messages, got ${peer.received - received}`);
		return bytesBetween(before, heap(machine));
	} finally {
		bench.close();
	}
}

/** Bytes that are left of `count` connections that the network ends, some of them with messages in flight. */
export async function slopeOfConnections(count: number): Promise<number> {
	const bench = await boot({ link });
	try {
		for (let i = 0; i < Warm; i += 1) reconnect(bench);
		const before = heap(bench.machine);
		for (let i = 0; i < count; i += 1) reconnect(bench);
		return bytesBetween(before, heap(bench.machine));
	} finally {
		bench.close();
	}
}

/** Ends the connection and waits until the next one has lasted for a while. */
function reconnect({ clock, link: network, traces }: Bench): void {
	traces.length = 0;
	network.cut();
	clock.until("a connection", () => traces.some(({ text }) => text === "connected"), 3_600_000);
	clock.advance(Quiet * Second);
}
