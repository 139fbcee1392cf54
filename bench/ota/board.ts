// Firmware download against a plain copy: the same bytes over the same link into the same flash.
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { BenchClock } from "../clock.ts";
import { Link, type LinkOptions } from "../link.ts";
import { rate } from "./image.ts";

/** The link of this measurement: a home network's round trip, with lwIP's default receive window. */
export const link: LinkOptions = { roundTrip: 20, rate: 1000, window: 5744 };

/** A socket that is copied to flash as bytes come, 4 KiB at a time, erasing each 64 KiB block when it is reached; kB/s. */
export function tcpCopy(image: Uint8Array): number {
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
