import { crc32 } from "../../../hosts/virtual/crc32.ts";
import { NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import {
	decodeEntry,
	encodeEntry,
	isInvalid,
	isValid,
	OtaData,
	OtaState,
	seqCRC,
} from "../../../hosts/virtual/otadata.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { deepEqual, equal, ok, throws } from "../../assert.ts";

const table = readPartitions();
const [first, second] = table.slots;
if (!first || !second) throw new Error("expected two slots");

describe("virtual ESP32: otadata", () => {
	let flash: NorFlash;
	let otadata: OtaData;

	beforeEach(() => {
		flash = new NorFlash();
		otadata = new OtaData(flash, table);
	});

	const put = (sector: 0 | 1, seq: number, state: number, crc = seqCRC(seq)) =>
		otadata.write(sector, { seq, label: new Uint8Array(20).fill(0xff), state, crc });

	it("has the CRC-32 of the standard check value", () => {
		equal(crc32(Buffer.from("123456789"), 0), 0xcbf43926);
	});

	it("has the CRCs that Python's zlib.crc32(struct.pack('<I', seq), 0xFFFFFFFF) gives, as ESP-IDF's otatool asks", () => {
		deepEqual([1, 2, 3, 0x01020304].map(seqCRC), [0x4743989a, 0x55f63774, 0xed4a5011, 0x37ea84e5]);
	});

	it("reads and writes byte for byte the record that an ESP-IDF bootloader left on a real chip", () => {
		// First boot of a chip with blank otadata: ota_seq 1, VALID. The same CRC closes arduino-esp32's boot_app0.bin.
		const witness = Buffer.from(`01000000${"ff".repeat(20)}020000009a984347`, "hex");
		const entry = decodeEntry(witness);
		equal(entry.seq, 1);
		equal(entry.state, OtaState.VALID);
		ok(isValid(entry));
		ok(encodeEntry(entry).equals(witness));
	});

	it("calls a record invalid without a number or after a failed trial, whatever its CRC", () => {
		const entry = decodeEntry(Buffer.alloc(32, 0xff));
		ok(isInvalid(entry));
		for (const state of [OtaState.INVALID, OtaState.ABORTED])
			ok(isInvalid({ ...entry, seq: 1, state, crc: seqCRC(1) }));
		ok(!isInvalid({ ...entry, seq: 1, state: OtaState.UNDEFINED }));
		ok(!isValid({ ...entry, seq: 1, state: OtaState.UNDEFINED, crc: 0 }));
	});

	it("takes the valid record with the higher number", () => {
		equal(otadata.active(), -1);
		put(0, 1, OtaState.VALID);
		equal(otadata.active(), 0);
		put(1, 2, OtaState.NEW);
		equal(otadata.active(), 1);
		put(1, 2, OtaState.ABORTED);
		equal(otadata.active(), 0);
		put(0, 1, OtaState.VALID, 0);
		equal(otadata.active(), -1);
		put(1, 7, OtaState.UNDEFINED);
		equal(otadata.active(), 1);
	});

	it("selects a slot with the next number that names it, in the sector that is not active", () => {
		otadata.select(first);
		deepEqual(
			otadata.entries().map(({ seq }) => seq),
			[1, 0xffffffff],
		);
		otadata.select(second);
		deepEqual(
			otadata.entries().map(({ seq }) => seq),
			[1, 2],
		);
		otadata.select(first);
		deepEqual(
			otadata.entries().map(({ seq }) => seq),
			[3, 2],
		);
		otadata.select(second);
		deepEqual(
			otadata.entries().map(({ seq }) => seq),
			[3, 4],
		);
		equal(otadata.stateOf(second), "NEW");
	});

	it("forgets a slot by erasing its record, keeps the other's, and erases nothing that is blank", () => {
		put(0, 1, OtaState.VALID);
		const before = flash.operations;
		otadata.forget(second);
		equal(flash.operations, before);
		put(1, 2, OtaState.ABORTED);
		otadata.forget(second);
		equal(otadata.stateOf(first), "VALID");
		equal(otadata.stateOf(second), "UNDEFINED");
	});

	it("loses the record when power fails between erase and write", () => {
		put(0, 1, OtaState.VALID);
		put(1, 2, OtaState.PENDING_VERIFY);
		flash.cutAt(2, "before");
		ok(throws(() => otadata.mark(1, OtaState.VALID)) instanceof PowerCut);
		flash.powerOn();
		equal(otadata.active(), 0);
		equal(otadata.stateOf(second), "UNDEFINED");
	});
});
