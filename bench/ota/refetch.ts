// What dropped connections cost: bytes that came to the device more than once.
import { makeRandom } from "../../hosts/virtual/tear.ts";
import type { Bench } from "../board.ts";
import type { LinkOptions } from "../link.ts";
import { download } from "./download.ts";

export interface Refetch {
	drops: number;
	/** Bytes that came above the image's, as a share of it; the 512 of the header's own request are among them. */
	ratio: number;
	/** The same in chunks of 4096 bytes. */
	chunksAgain: number;
}

const Seed = 1;
const link: LinkOptions = { roundTrip: 50, rate: 1000, window: 24_576 };

/** Cuts the connection `drops` times at random, evenly over the image. */
function cutter(drops: number, size: number): (bench: Bench) => void {
	const random = makeRandom(Seed);
	return ({ clock, link, flash }) => {
		const begin = flash.operations;
		const writes = size / 2048;
		for (let drop = 0; drop < drops; drop++) {
			const at = begin + ((drop + random()) * writes) / (drops + 1);
			clock.until(`drop ${drop}`, () => flash.operations >= at, 3_600_000);
			clock.advance(Math.floor(random() * 20)); // not always right after a write
			link.cut();
		}
	};
}

export async function refetch(image: Uint8Array): Promise<Refetch[]> {
	const figures: Refetch[] = [];
	for (const drops of [10, 100]) {
		const { bytes } = await download(image, link, undefined, cutter(drops, image.length));
		const again = bytes - image.length;
		figures.push({
			drops,
			ratio: Math.round((10_000 * again) / image.length) / 10_000,
			chunksAgain: Math.round((100 * again) / 4096) / 100,
		});
	}
	return figures;
}
