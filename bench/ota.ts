// Firmware download against a plain copy: the same bytes over the same link into the same flash.
import { createHash } from "node:crypto";
import { NorFlash } from "../hosts/virtual/flash.ts";
import { buildImage } from "../hosts/virtual/image.ts";
import { type Bench, boot } from "./board.ts";
import { BenchClock } from "./clock.ts";
import { Link, type LinkOptions } from "./link.ts";
import type { Peer } from "./peer.ts";

const Payload = 256 * 1024;

/** The link of this measurement: a home network's round trip, with lwIP's default receive window. */
export const link: LinkOptions = { roundTrip: 20, rate: 1000, window: 5744 };

/** kB/s, 1 kB = 1000 bytes, in the board's time. */
export interface OTA {
	board: { kBps: number; tcpCopykBps: number };
}

/** Announces an image to the device, as ThingsBoard's shared attributes do. */
export function offer(peer: Peer, image: Uint8Array): void {
	peer.firmware = image;
	const values = {
		fw_title: "bench",
		fw_version: "2.0.0",
		fw_size: image.length,
		fw_checksum: createHash("sha256").update(image).digest("hex"),
		fw_checksum_algorithm: "SHA256",
	};
	peer.publish("v1/devices/me/attributes", JSON.stringify(values));
}

function timeOf({ traces }: Bench, state: string): number {
	const found = traces.find(({ text }) => text.startsWith(state));
	if (!found)
		throw new Error(`bench: expected the state ${state}, saw ${traces.map(({ text }) => text).join("; ")}`);
	return found.at;
}

const rate = (bytes: number, ms: number): number => Math.round((100 * bytes) / ms) / 100;

/** The whole way through MQTT client, TBClient and Updater, from DOWNLOADING to DOWNLOADED. */
async function board(image: Uint8Array): Promise<number> {
	const bench = await boot({ link, flashTime: true });
	try {
		const { clock, traces, peer } = bench;
		clock.until("a connection", () => traces.some(({ text }) => text === "connected"));
		clock.advance(5000);
		offer(peer, image);
		clock.until("the end of the download", () => traces.some(({ text }) => /^(ready|FAILED)/.test(text)));
		return rate(image.length, timeOf(bench, "DOWNLOADED") - timeOf(bench, "DOWNLOADING"));
	} finally {
		bench.close();
	}
}

/** A socket that is copied to flash as bytes come, 4 KiB at a time, erasing each 64 KiB block when it is reached. */
function tcpCopy(image: Uint8Array): number {
	const clock = new BenchClock();
	const flash = new NorFlash({ onBusy: (ms) => clock.stall(ms) });
	const buffer = Buffer.alloc(4096);
	let [fill, written] = [0, 0];
	const flush = () => {
		if (written % NorFlash.BLOCK === 0) flash.erase(written, NorFlash.BLOCK);
		flash.write(written, buffer.subarray(0, fill));
		written += fill;
		fill = 0;
	};
	const take = (data: Uint8Array) => {
		for (let at = 0; at < data.length; ) {
			const part = data.subarray(at, at + buffer.length - fill);
			buffer.set(part, fill);
			fill += part.length;
			at += part.length;
			if (fill === buffer.length || written + fill === image.length) flush();
		}
	};
	const network = new Link(clock, link, (send) => () => send(image));
	const nothing = () => {};
	const wire = network.connect("127.0.0.1", 1, {
		onOpen: () => wire.write(Buffer.of(1)),
		onData: take,
		onDrain: nothing,
		onEnd: nothing,
	});
	clock.until("an open connection", () => wire.queued > 0);
	const start = clock.now();
	clock.until("all bytes", () => written === image.length);
	return rate(image.length, clock.now() - start);
}

/** Both figures, of one image, in one run. */
export async function ota(): Promise<OTA> {
	const identity = { title: "bench", version: "2.0.0", target: "virtual", xs: "13.3.0" };
	const image = buildImage({ identity, payload: Buffer.alloc(Payload, "x") });
	return { board: { kBps: await board(image), tcpCopykBps: tcpCopy(image) } };
}
