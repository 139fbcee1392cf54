// Stories of an update: how large the new firmware is, whether it is signed, and what it does on trial.
import { createHash } from "node:crypto";
import { Digest } from "crypt";
import type { JSONObject } from "host/contract";
import verify from "host/signature";
import type { Inspect } from "ota/inspector";
import { signedBy } from "ota/signature";
import { buildImage } from "../../../hosts/virtual/image.ts";
import { Target, XSVersion } from "../../../hosts/virtual/target.ts";
import { newKey, publicPoint, readKey, signPackage } from "../../../tools/publish/sign.ts";

/** What the new firmware does on trial. */
export type Script = "confirms" | "fails its check" | "crashes";
export const scripts: readonly Script[] = ["confirms", "fails its check", "crashes"];

export interface Story {
	readonly script: Script;
	readonly image: Uint8Array<ArrayBuffer>;
	readonly offer: JSONObject;
	readonly inspect?: Inspect;
}

export function imageOf(version: string, payload: number): Buffer {
	const identity = { title: "app", version, target: Target, xs: XSVersion };
	return buildImage({ identity, payload: Buffer.alloc(payload, version) });
}

export const oldImage = imageOf("v1", 4_000);

function storyOf(script: Script, image: Buffer): Story {
	const offer = {
		fw_title: "app",
		fw_version: "v2",
		fw_size: image.length,
		fw_checksum_algorithm: "SHA256",
		fw_checksum: createHash("sha256").update(image).digest("hex"),
	};
	return { script, image: Uint8Array.from(image), offer };
}

/** Below 64 KiB: nothing of it is gone on with after a power cut. */
const small = imageOf("v2", 64_000);
const key = readKey(newKey());
const keys = [publicPoint(key).toString("hex")];

/** More than two blocks of 64 KiB, and signed: after a power cut the inspector has to see again what flash kept. */
const large = signPackage(imageOf("v2", 140_000), key, { type: "FIRMWARE", title: "app", version: "v2" });

export const smallStory = (script: Script): Story => storyOf(script, small);
export const largeStory = (script: Script): Story => ({
	...storyOf(script, large),
	inspect: signedBy({ kind: "firmware", keys, digest: Digest, verify }),
});
