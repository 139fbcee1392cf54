// What the attributes of a package come to, message by message.
import { decide, merge } from "ota/firmware";
import { deepEqual, equal } from "../../assert.ts";
import { imageOf, packageOf } from "./rig.ts";

const current = { title: "app", version: "v1" };
const room = () => 65_536;

describe("Attributes of a package", () => {
	it("start afresh with another title or version, and add up otherwise", () => {
		const known = { fw_title: "app", fw_version: "v2", fw_size: 5, fw_checksum: "00" };
		deepEqual(merge(known, { fw_version: "v3" }), { fw_version: "v3" });
		deepEqual(merge(known, { fw_title: "other", fw_size: 6 }), { fw_title: "other", fw_size: 6 });
		deepEqual(merge(known, { fw_title: "app", fw_version: "v2", fw_size: 6 }), { ...known, fw_size: 6 });
		deepEqual(merge(known, { fw_checksum: null, telemetryInterval: 5 }), known);
	});

	it("ask for nothing without title and version, whatever else is there", () => {
		for (const offer of [{ fw_title: "app" }, { fw_version: "v2" }, {}])
			equal(decide({ ...offer, fw_url: "https://x" }, current, room).kind, "nothing");
	});

	it("are wanted from one byte up to the whole slot", () => {
		const offer = packageOf(imageOf(100));
		for (const [size, kind] of [
			[0, "refused"],
			[1, "wanted"],
			[65_536, "wanted"],
			[65_537, "refused"],
		] as const)
			equal(decide({ ...offer, fw_size: size }, current, room).kind, kind, `${size} bytes`);
	});
});
