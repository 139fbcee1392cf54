// What XS counts: byte codes and slots of a telemetry message, and the memory that our objects hold.
import { XSVersion } from "../hosts/virtual/factory.ts";
import { type Bench, boot } from "./board.ts";
import { bytesBetween, heap } from "./heap.ts";
import type { LinkOptions } from "./link.ts";
import { imageOf, offer } from "./ota/image.ts";
import type { Peer } from "./peer.ts";

const Messages = 100;
const Quiet = 10; // seconds before the first message, and after the last
const Second = 1000;
const PayloadBytes = '{"temperature":21.5,"humidity":40,"count":10}'.length; // bench/guest.ts, `send`
const link: LinkOptions = { roundTrip: 2, rate: 1000, window: 5744 };

/** Figures of one engine. Bytes are an ESP32's, as bench/heap.ts scales them. */
export interface XS {
	version: string;
	instructionsPerTelemetry: number;
	slotsPerTelemetry: number;
	/** A call of the server: parsed, handed to the application, answered, acknowledged. */
	instructionsPerRPC: number;
	/** A push of two shared attributes. */
	instructionsPerAttributes: number;
	/** Of a message that waits, besides its payload. */
	bytesPerQueued: number;
	heapBytes: { idle: number; connected: number; updating: number };
	/** What the MQTT client and its socket hold: not in `heapBytes`. */
	transportBytes: number;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Byte codes and new slots of the coming seconds, one pair each. */
function perSecond({ clock, machine }: Bench, seconds: number): { compute: number[]; slots: number[] } {
	const compute: number[] = [];
	const slots: number[] = [];
	for (let second = 0; second < seconds; second += 1) {
		let sum = 0;
		let seen = machine.meter;
		const before = seen.currentHeapCount;
		clock.onStep = () => {
			if (machine.meter !== seen) sum += machine.meter.compute;
			seen = machine.meter;
		};
		clock.advance(Second);
		compute.push(sum);
		slots.push(machine.meter.currentHeapCount - before);
	}
	clock.onStep = undefined;
	return { compute, slots };
}

/** Seconds with a message against seconds without: the medians' difference, acknowledgement included. */
async function telemetry(): Promise<Pick<XS, "instructionsPerTelemetry" | "slotsPerTelemetry">> {
	const bench = await boot({ link, from: 2 * Quiet, to: 2 * Quiet + Messages + 2 });
	try {
		const { clock, machine, peer } = bench;
		clock.advance(Quiet * Second);
		machine.collect();
		const quiet = perSecond(bench, Quiet - 1);
		clock.advance(2 * Second);
		const received = peer.received;
		const busy = perSecond(bench, Messages);
		if (peer.received - received !== Messages)
			throw new Error(`bench: expected ${Messages} messages, got ${peer.received - received}`);
		return {
			instructionsPerTelemetry: median(busy.compute) - median(quiet.compute),
			slotsPerTelemetry: median(busy.slots) - median(quiet.slots),
		};
	} finally {
		bench.close();
	}
}

/** What one push of the server costs, its answer included; one a second. */
async function inbound(push: (peer: Peer, index: number) => void): Promise<number> {
	const bench = await boot({ link });
	try {
		const { clock, peer } = bench;
		clock.advance(Quiet * Second);
		const quiet = perSecond(bench, Quiet - 1);
		const busy: number[] = [];
		for (let index = 0; index < Messages; index += 1) {
			push(peer, index);
			busy.push(...perSecond(bench, 1).compute);
		}
		return median(busy) - median(quiet.compute);
	} finally {
		bench.close();
	}
}

const rpc = (peer: Peer, index: number) =>
	peer.publish(`v1/devices/me/rpc/request/${index}`, `{"method":"setLamp","params":${index}}`);
const attributes = (peer: Peer, index: number) =>
	peer.publish("v1/devices/me/attributes", `{"interval":${index},"mode":"auto"}`);

/** Heap of a message that waits for a connection, less its payload. */
async function queued(): Promise<number> {
	const measure = async (queue: number) => {
		const bench = await boot({ link, queue }, false);
		try {
			const before = heap(bench.machine);
			bench.clock.advance(2.5 * Second);
			return bytesBetween(before, heap(bench.machine));
		} finally {
			bench.close();
		}
	};
	const few = 20;
	const many = 220;
	return ((await measure(many)) - (await measure(few))) / (many - few) - PayloadBytes;
}

/** Memory of an MQTT client without anything of ours: connected, or after the server refused it. */
async function transport(connect: boolean): Promise<number> {
	const bench = await boot({ link, transportOnly: true }, connect);
	try {
		const before = heap(bench.machine);
		bench.clock.advance(Quiet * Second);
		return bytesBetween(before, heap(bench.machine));
	} finally {
		bench.close();
	}
}

/** Memory of our objects in three situations, less what the transport alone holds in the same situation. */
async function memory(transportBytes: number): Promise<XS["heapBytes"]> {
	const refused = await transport(false);
	const bench = await boot({ link }, false);
	try {
		const { clock, machine, peer } = bench;
		const before = heap(machine);
		clock.advance(Second + 2 * link.roundTrip + 10);
		const idle = bytesBetween(before, heap(machine)) - refused;
		bench.link.open = true;
		clock.until("a connection", () => bench.traces.some(({ text }) => text === "connected"));
		clock.advance(Quiet * Second);
		const connected = bytesBetween(before, heap(machine)) - transportBytes;
		offer(peer, imageOf(1024 * 1024));
		clock.advance(200);
		peer.serving = false;
		clock.advance(Second);
		const state = bench.traces.at(-1)?.text ?? "nothing";
		if (!state.startsWith("DOWNLOADING"))
			throw new Error(`bench: expected a download under way, got ${state}`);
		const updating = bytesBetween(before, heap(machine)) - transportBytes;
		return { idle, connected, updating };
	} finally {
		bench.close();
	}
}

/** Measures everything that XS counts. The same sources give the same figures. */
export async function xs(): Promise<XS> {
	const transportBytes = await transport(true);
	return {
		version: XSVersion,
		...(await telemetry()),
		instructionsPerRPC: await inbound(rpc),
		instructionsPerAttributes: await inbound(attributes),
		bytesPerQueued: await queued(),
		heapBytes: await memory(transportBytes),
		transportBytes,
	};
}
