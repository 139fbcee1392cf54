// What flash kept over a restart is shown to the inspector too: else a good signed package would be given up.
import { Digest } from "crypt";
import verify from "host/signature";
import { signedBy } from "ota/signature";
import { deepEqual, equal, ok } from "../../assert.ts";
import { Block, cutOff, firstByte, goOn } from "./cut-off.ts";
import { imageOf } from "./rig.ts";

/** Signed with `tools/sign.ts`: `imageOf(3 * Block - 1080)` as firmware "app" v2. */
const key =
	"0404caa68e97d6ca8e307065d2f1a85b7dc5f6e16fbc767492f5fd09a9e8f940fd0862cdf7c8f7b5d79cb99d3850e3c3bf62591db99a2e4f3206f42e3d5a25f29e";
const trailer =
	"544258532d5347021395c7b3439bc9c5f59e1a5734a9305193e7c92fb14728b08a612e4d0afc415bac7385028d7061e98121cfe1f498b6b1b87a98a926dea0fcedb9ab7e8b6d62a4b53d543b9e1e62af";

function signed(): Uint8Array<ArrayBuffer> {
	const image = imageOf(3 * Block - 1000);
	image.set(imageOf(3 * Block - 1080));
	image.set(
		(trailer.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16)),
		3 * Block - 1080,
	);
	return image;
}

describe("A download after a restart, inspected", () => {
	it("shows the inspector every byte once and in order, those that flash kept included", () => {
		for (const spoils of [false, true]) {
			const rig = cutOff();
			if (spoils) rig.slots.bytes[Block + 77] = 0; // what was shown counts for nothing then
			const seen: number[][] = [];
			const inspect = () => {
				const bytes: number[] = [];
				seen.push(bytes);
				return { write: (view: Uint8Array) => void bytes.push(...view), close: () => undefined };
			};
			const updater = goOn(rig, "v2", { inspect });
			equal(updater.progress.written, spoils ? 0 : 2 * Block);
			rig.serve(updater);
			deepEqual([updater.state, seen.length], ["UPDATING", spoils ? 2 : 1]);
			const last = seen.at(-1) ?? [];
			equal(last.length, rig.server.image.length);
			ok(rig.server.image.every((byte, index) => byte === last[index]));
		}
	});

	it("takes a signed package, and still refuses one that is signed by another key", () => {
		for (const [pinned, state] of [
			[key, "UPDATING"],
			[`04${"11".repeat(64)}`, "FAILED"],
		] as const) {
			const rig = cutOff(undefined, undefined, signed());
			const inspect = signedBy({ kind: "firmware", keys: [pinned], digest: Digest, verify });
			const updater = goOn(rig, "v2", { inspect });
			equal(firstByte(rig), 2 * Block);
			rig.serve(updater);
			equal(updater.state, state, rig.errors.join());
			equal(rig.store.values.has("quarantine"), state === "FAILED");
		}
	});
});
