// A download that a restart has ended, and what follows.
import type Updater from "ota";
import type { UpdaterOptions } from "ota";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

export const Block = 65_536;

/** A download that a restart has ended after `chunks` answers. */
export function cutOff(size = 3 * Block - 1000, chunks = 20, image = imageOf(size)): Rig {
	const rig = new Rig(size);
	rig.server.image = image;
	const updater = rig.updater({ chunkSize: 8192 });
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	for (let chunk = 0; chunk < chunks; chunk++) rig.server.answer(updater);
	updater.close();
	rig.server.pending.length = 0;
	rig.server.asked.length = 0;
	rig.slots.log.length = 0;
	return rig;
}

/** The next boot, the same package again. */
export function goOn(rig: Rig, version = "v2", options: Partial<UpdaterOptions> = {}): Updater {
	const updater = rig.updater(options);
	updater.connected();
	updater.offer(packageOf(rig.server.image, version));
	clock.advance(0);
	return updater;
}

/** Where it goes on; negative: nothing was asked for. */
export const firstByte = (rig: Rig): number =>
	(rig.server.asked[0]?.index ?? -1) * (rig.server.asked[0]?.size ?? 0);
