import "../../setup.ts";
import { crc32 } from "log/crc32";
import { SectorLog } from "log/sectors";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { FakeRegion } from "../../fakes/region.ts";

const record = (text: string) => ArrayBuffer.fromString(text);

/** The texts of a log, in order. */
function texts(log: SectorLog): string[] {
	const found: string[] = [];
	for (let at = log.after(); at !== undefined; at = log.after(at)) {
		const bytes = log.read(at);
		found.push(bytes ? String.fromArrayBuffer(bytes) : "damaged");
	}
	return found;
}

const Large = 1350; // three of them fill a sector

/** A program over a log: appends, and removes the oldest; what is certain to be there is kept in `sure`. */
function program(log: SectorLog, sure: string[], unsure: Set<string>, steps: number): void {
	const positions = new Map<string, number>();
	for (let step = 0; step < steps; step++) {
		const text = `${step} ${"x".repeat(step % 3 ? 20 : Large)}`;
		unsure.add(text);
		const position = log.append(record(text));
		if (position !== undefined) {
			sure.push(text);
			positions.set(text, position);
		}
		unsure.delete(text);
		if (step % 4 === 3 || position === undefined)
			for (let i = 0; i < 3; i++) {
				const oldest = sure.shift();
				if (oldest === undefined) break;
				unsure.add(oldest);
				log.remove(positions.get(oldest) as number);
				unsure.delete(oldest);
			}
	}
}

describe("The log in flash", () => {
	it("knows CRC-32 as everybody does", () => {
		equal(crc32(new Uint8Array(record("123456789"))), 0xcbf43926);
		equal(crc32(new Uint8Array(0)), 0);
	});
	it("keeps records in order, over restarts, of any size up to its largest", () => {
		const region = new FakeRegion();
		const log = new SectorLog(region);
		deepEqual([log.after(), texts(log)], [undefined, []]);
		const all = ["", "a", "ä\n", "x".repeat(log.maxRecord), "b", "y".repeat(3000), "c"];
		for (const text of all) ok(log.append(record(text)) !== undefined, text);
		deepEqual(texts(log), all);
		deepEqual(texts(new SectorLog(region)), all);
		equal(log.append(new ArrayBuffer(log.maxRecord + 1)), undefined);
	});
	it("forgets what is removed, once, and no other", () => {
		const region = new FakeRegion();
		const log = new SectorLog(region);
		const [first = 0, second = 0] = ["a", "b", "c"].map((text) => log.append(record(text)));
		log.remove(second);
		log.remove(second);
		equal(log.read(second), undefined);
		deepEqual(texts(log), ["a", "c"]);
		log.remove(first);
		log.remove(99 * 4096 + 12);
		equal(log.read(99 * 4096 + 12), undefined);
		deepEqual(texts(new SectorLog(region)), ["c"]);
	});
	it("says when it is full, and has room again when its oldest sector is not needed", () => {
		const log = new SectorLog(new FakeRegion(2));
		const positions: number[] = [];
		for (
			let position = log.append(new ArrayBuffer(1000));
			position;
			position = log.append(new ArrayBuffer(1000))
		)
			positions.push(position);
		equal(positions.length, 8);
		for (const position of positions.slice(0, 3)) log.remove(position);
		equal(log.append(new ArrayBuffer(1000)), undefined);
		log.remove(positions[3] as number);
		ok(log.append(new ArrayBuffer(1000)));
	});
	it("wears its sectors alike", () => {
		const region = new FakeRegion(4);
		const log = new SectorLog(region);
		for (let i = 0; i < 400; i++) log.remove(log.append(new ArrayBuffer(1000)) as number);
		ok(Math.max(...region.erases) - Math.min(...region.erases) <= 1, String(region.erases));
		equal(
			region.erases.reduce((sum, one) => sum + one),
			100,
		);
	});
	it("loses nothing that it took, wherever the power is cut, and the same again after another cut", () => {
		const whole = new FakeRegion();
		program(new SectorLog(whole), [], new Set(), 60);
		ok(whole.operations > 80);
		for (let cut = 1; cut <= whole.operations; cut++)
			for (const seed of [1, 2, 3]) {
				const region = new FakeRegion(4, seed * 7919 + cut);
				const sure: string[] = [];
				const unsure = new Set<string>();
				region.cutAt = cut;
				throws(() => program(new SectorLog(region), sure, unsure, 60), "power cut");
				region.powerOn();
				for (let again = 1; again < 4; again++) {
					region.cutAt = region.operations + again; // the repair itself is cut
					try {
						const log = new SectorLog(region);
						log.append(record("unsure"));
						log.append(record("unsure"));
					} catch {
						// wherever it struck
					}
					region.powerOn();
				}
				const log = new SectorLog(region);
				ok(log.append(record("last")) !== undefined, `cut ${cut}`);
				const found = texts(log).filter((text) => text !== "unsure" && text !== "damaged");
				equal(found.pop(), "last", `cut ${cut}`);
				deepEqual(
					found.filter((text) => !unsure.has(text)),
					sure,
					`cut ${cut}, seed ${seed}`,
				);
			}
	});
	it("passes over a record that has rotted, and never over others", () => {
		const region = new FakeRegion();
		const log = new SectorLog(region);
		for (const text of ["a", "b", "c"]) log.append(record(text));
		region.bytes[12 + 16 + 12] = 0;
		deepEqual(texts(log), ["a", "damaged", "c"]);
	});
	it("goes on after a write that failed, whatever it has left, and where even the repair fails", () => {
		for (const [failures, spoils] of [
			[1, false],
			[1, true],
			[2, true],
		] as const) {
			const region = new FakeRegion();
			const log = new SectorLog(region);
			log.append(record("a"));
			Object.assign(region, { failAt: region.operations + 1, failures, spoils });
			throws(() => log.append(record("b".repeat(100))), "ESP_ERR_FLASH_OP_FAIL");
			log.append(record("c"));
			deepEqual(texts(log), ["a", "c"]);
			deepEqual(texts(new SectorLog(region)), ["a", "c"]);
		}
	});
	it("takes foreign bytes for nothing", () => {
		const region = new FakeRegion();
		region.bytes.fill(0x5a);
		const log = new SectorLog(region);
		deepEqual(texts(log), []);
		log.append(record("a"));
		deepEqual(texts(new SectorLog(region)), ["a"]);
	});
});
