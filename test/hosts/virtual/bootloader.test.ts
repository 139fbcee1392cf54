import { boot } from "../../../hosts/virtual/bootloader.ts";
import { type CutMode, NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { buildImage, readSlot } from "../../../hosts/virtual/image.ts";
import { type Partition, readPartitions } from "../../../hosts/virtual/partitions.ts";
import { VirtualSlots } from "../../../hosts/virtual/slots.ts";
import { equal, ok, throws } from "../../assert.ts";

const table = readPartitions();
const [ota0] = table.slots as [Partition];
const PieceSize = 4096;
const ImageBytes = 70_000; // two blocks to erase, 18 pieces to write
const fresh = Math.floor(Math.random() * 2 ** 31);

const image = (version: string): Buffer =>
	buildImage({
		identity: { title: "t", version, target: "virtual", xs: "13.3" },
		payload: Buffer.alloc(ImageBytes, version),
	});
const Versions = ["1.0.0", "2.0.0", "3.0.0"];
const Images = Versions.map(image);

/** A power-on, which can be cut itself. */
function powerOn(flash: NorFlash): { version: string; slots: VirtualSlots } {
	const started = boot(flash, table);
	equal(readSlot(flash, started.slot).sha256, started.image.sha256);
	const slots = new VirtualSlots({ flash, table, boot: started, restart: () => {} });
	return { version: started.image.version, slots };
}

/** A whole update: begin, erase, write, activate, restart, confirm. Nothing is left to do where the new image runs. */
function update(flash: NorFlash, target: number): void {
	const { version, slots } = powerOn(flash);
	if (version !== Versions[target]) {
		slots.begin();
		slots.erase(0, 2 * slots.blockSize);
		write(slots, Images[target] ?? Buffer.alloc(0));
		slots.activate();
	}
	powerOn(flash).slots.confirm();
}

function write(slots: VirtualSlots, bytes: Buffer): void {
	for (let at = 0; at < bytes.length; at += PieceSize) {
		const piece = new Uint8Array(PieceSize).fill(0xff);
		piece.set(bytes.subarray(at, at + PieceSize));
		slots.write(piece.buffer, at, PieceSize);
	}
}

/** A board that runs version `target - 1`: fresh from the factory, or after an update. */
function board(seed: number, target: number): NorFlash {
	const flash = new NorFlash({ seed });
	flash.write(ota0.offset, Images[0] ?? Buffer.alloc(0));
	for (let done = 1; done < target; done++) update(flash, done);
	return flash;
}

function countOperations(target: number): number {
	const flash = board(1, target);
	const before = flash.operations;
	update(flash, target);
	return flash.operations - before;
}

/** Cuts the power at operation n of an update, and once more while it recovers where `again` is given. */
function survive(target: number, n: number, mode: CutMode, seed: number, again?: number): void {
	const flash = board(seed, target);
	flash.cutAt(n, mode);
	ok(throws(() => update(flash, target)) instanceof PowerCut);
	flash.powerOn();
	if (again !== undefined) {
		flash.cutAt(again, mode);
		updateUnlessCut(flash, target);
		flash.powerOn();
	}
	ok(
		Versions.slice(target - 1, target + 1).includes(powerOn(flash).version),
		"the old or the new image boots",
	);
	update(flash, target);
	const { version, slots } = powerOn(flash);
	equal(version, Versions[target]);
	equal(slots.running.state, "VALID");
}

function updateUnlessCut(flash: NorFlash, target: number): void {
	try {
		update(flash, target);
	} catch (error) {
		if (!(error instanceof PowerCut)) throw error;
	}
}

describe("virtual ESP32: power cuts during an update", function () {
	this.timeout(60_000);

	it("can strike at every operation, the bootloader's own included", () => {
		// First boot's record 2, begin 0 (blank), 2 blocks, 18 pieces, then three records of 2: NEW, PENDING_VERIFY, VALID.
		equal(countOperations(1), 2 + 0 + 2 + 18 + 3 * 2);
		// From the second update on, there is a record and begin erases the one of the other slot.
		equal(countOperations(2), 0 + 1 + 2 + 18 + 3 * 2);
	});

	for (const [target, start] of [
		[1, "fresh from the factory"],
		[2, "updated before"],
	] as const) {
		const operations = countOperations(target);

		for (const [mode, seed] of [
			["before", 1],
			["torn", 1],
			["torn", 2],
			["torn", fresh],
		] as const)
			it(`leave a board, ${start}, that boots and finishes: cut ${mode} each operation, seed ${seed}`, () => {
				for (let n = 1; n <= operations; n++) context(`operation ${n}`, () => survive(target, n, mode, seed));
			});
	}

	it(`leave such a board also when power fails again during recovery, seed ${fresh}`, () => {
		for (let n = 1; n <= countOperations(1); n++)
			for (const again of [1, 2, 3])
				context(`operations ${n} and ${again}`, () => survive(1, n, "torn", fresh + n, again));
	});
});

function context(what: string, action: () => void): void {
	try {
		action();
	} catch (error) {
		throw new Error(`${what}: ${error}`, { cause: error });
	}
}
