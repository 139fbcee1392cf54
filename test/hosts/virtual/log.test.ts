// The log of hosts/log over the virtual flash: the flash's own way of tearing, at every operation.

import { SectorLog } from "../../../hosts/log/sectors.ts";
import { NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { PartitionRegion } from "../../../hosts/virtual/region.ts";
import { deepEqual, equal, ok, throws } from "../../assert.ts";

const outbox = readPartitions().find("outbox");
const size = 3 * NorFlash.SECTOR;

/** Three sectors of the partition, so that they are written round and round. */
const region = (flash: NorFlash) => new PartitionRegion(flash, { ...outbox, size });
const record = (text: string) => Uint8Array.from(Buffer.from(text)).buffer;

/** A queue: each step appends one record and, once five wait, removes the oldest. */
function queue(flash: NorFlash, sure: string[], unsure: Set<string>): void {
	const log = new SectorLog(region(flash));
	const positions: number[] = [];
	for (let step = 0; step < 40; step++) {
		const text = `${step} `.padEnd(20 + ((step * 397) % 900), "x");
		unsure.add(text);
		positions.push(log.append(record(text)) ?? 0);
		unsure.delete(text);
		sure.push(text);
		if (sure.length < 6) continue;
		const oldest = sure.shift() as string;
		unsure.add(oldest);
		log.remove(positions.shift() as number);
		unsure.delete(oldest);
	}
}

function texts(flash: NorFlash): string[] {
	const log = new SectorLog(region(flash));
	const found: string[] = [];
	for (let at = log.after(); at !== undefined; at = log.after(at)) {
		const bytes = log.read(at);
		if (bytes) found.push(Buffer.from(bytes).toString());
	}
	return found;
}

describe("virtual ESP32: partition outbox", () => {
	it("loses no record that was taken, at a cut in or before any operation", () => {
		const whole = new NorFlash();
		queue(whole, [], new Set());
		ok(whole.operations > 80, String(whole.operations));
		for (let cut = 1; cut <= whole.operations; cut++)
			for (const mode of ["before", "torn"] as const) {
				const flash = new NorFlash({ seed: cut });
				const sure: string[] = [];
				const unsure = new Set<string>();
				flash.cutAt(cut, mode);
				throws(() => queue(flash, sure, unsure), "power failed");
				flash.powerOn();
				const found = texts(flash).filter((text) => !unsure.has(text));
				deepEqual(found, sure, `${mode} ${cut}`);
			}
	});
	it("stays inside its partition, and tells the chip's errors", () => {
		const flash = new NorFlash();
		const part = new PartitionRegion(flash, outbox);
		for (const [offset, length] of [
			[outbox.size, 4],
			[-4, 4],
			[0, -1],
		] as const)
			throws(() => part.read(new ArrayBuffer(4), offset, length), "ESP_ERR_INVALID_SIZE");
		part.write(record("abcd"), outbox.size - 4, 4);
		equal(flash.read(outbox.offset + outbox.size - 4, 4).toString(), "abcd");
		part.erase(outbox.size - NorFlash.SECTOR);
		equal(flash.read(outbox.offset + outbox.size - 4, 1)[0], 0xff);
		flash.cutAt(1, "before");
		let thrown: unknown;
		try {
			part.erase(0);
		} catch (error) {
			thrown = error;
		}
		ok(thrown instanceof PowerCut);
	});
});
