// The firmware that is downloaded: a genuine image for the virtual board.
import { buildImage } from "../../hosts/virtual/image.ts";
import { Target, XSVersion } from "../../hosts/virtual/target.ts";
import { type Algorithm, checksum } from "../../thingsboard/checksums.ts";
import type { Peer } from "../peer.ts";

/** An image with a script of `bytes` bytes; some 500 more in all. */
export function imageOf(bytes: number): Buffer {
	const identity = { title: "bench", version: "2.0.0", target: Target, xs: XSVersion };
	return buildImage({ identity, payload: Buffer.alloc(bytes, "x") });
}

/** Announces an image to the device, as ThingsBoard's shared attributes do; `more` come with it. */
export function offer(
	peer: Peer,
	image: Uint8Array,
	algorithm: Algorithm = "SHA256",
	more: object = {},
): void {
	peer.firmware = image;
	const values = {
		fw_title: "bench",
		fw_version: "2.0.0",
		fw_size: image.length,
		fw_checksum: checksum(algorithm, image),
		fw_checksum_algorithm: algorithm,
		...more,
	};
	peer.publish("v1/devices/me/attributes", JSON.stringify(values));
}

/** kB/s; 1 kB is 1000 bytes. */
export const rate = (bytes: number, ms: number): number => Math.round((100 * bytes) / ms) / 100;
