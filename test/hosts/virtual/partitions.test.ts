import { parsePartitions, readPartitions } from "../../../hosts/virtual/partitions.ts";
import { deepEqual, equal, throws } from "../../assert.ts";

const otadata = "otadata, data, ota, 0xd000, 0x2000";

describe("virtual ESP32: partition table", () => {
	it("is the very file the chip is flashed with", () => {
		const rows = readPartitions().all.map(
			({ label, type, subtype, offset, size }) =>
				`${label} ${type}/${subtype} ${offset.toString(16)}+${size.toString(16)}`,
		);
		deepEqual(rows, [
			"nvs 1/2 9000+4000",
			"otadata 1/0 d000+2000",
			"phy_init 1/1 f000+1000",
			"ota_0 0/16 10000+1d0000",
			"ota_1 0/17 1e0000+1d0000",
			"xs 64/1 3b0000+40000",
			"outbox 1/6 3f0000+10000",
		]);
	});

	it("fills 4 MB to the last byte, without a gap, and both slots have the same size", () => {
		const { all, slots } = readPartitions();
		let end = 0x9000;
		for (const { offset, size } of all) {
			equal(offset, end);
			end = offset + size;
		}
		equal(end, 0x400000);
		equal(slots[0]?.size, slots[1]?.size);
	});

	it("finds by name, and says so when there is none", () => {
		equal(readPartitions().find("xs").offset, 0x3b0000);
		throws(
			() => readPartitions().find("storage"),
			"expected a partition storage, found none (ESP_ERR_NOT_FOUND)",
		);
	});

	it("reads comments, blank lines, sizes with K and M, and offsets that follow from the line before", () => {
		const table = parsePartitions(`# comment\n\nnvs,data,nvs,,16K\n${otadata}\napp,app,ota_0,,1M,encrypted`);
		equal(table.find("nvs").offset, 0x9000);
		equal(table.find("app").offset, 0x10000);
		equal(table.find("app").size, 0x100000);
		equal(table.find("app").encrypted, true);
	});

	it("refuses overlap, misalignment, what does not fit and what it cannot read, naming it", () => {
		const cases: [string, string][] = [
			["nvs,data,nvs,0x9000,0x5000", "partition otadata: expected an offset from 0xe000, got 0xd000"],
			["app,app,ota_0,0x18000,0x10000", "partition app: expected an offset in steps of 0x10000, got 0x18000"],
			["nvs,data,nvs,0x9100,0x1000", "partition nvs: expected an offset in steps of 0x1000, got 0x9100"],
			["nvs,data,nvs,0x8000,0x1000", "partition nvs: expected an offset from 0x9000, got 0x8000"],
			["app,app,ota_0,0x10000,0x400000", "partition app: expected an end up to 0x400000, got 0x410000"],
			["nvs,data,nvs,0x9000,4000", "partition nvs: expected whole sectors"],
			["nvs,data,nvs,0x9000,many", 'partitions line 1, size: expected a number, got "many"'],
			["nvs,data,nvs,0x9000,0x1000,blue", 'partitions line 1: expected no flag but encrypted, got "blue"'],
			["a_long_name_of_16,data,nvs,0x9000,0x1000", "expected a name of 1…15 bytes"],
			["otadata,data,nvs,0x9000,0x1000", "expected unique names"],
		];
		for (const [line, text] of cases) throws(() => parsePartitions(`${line}\n${otadata}`), text);
		throws(
			() => parsePartitions("nvs,data,nvs,0x9000,0x1000"),
			"expected a partition of type data, subtype ota",
		);
		throws(
			() => parsePartitions("otadata,data,ota,0xd000,0x1000"),
			"expected 0x2000 bytes for otadata, got 0x1000",
		);
	});
});
