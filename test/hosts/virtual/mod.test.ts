// What the virtual board takes for a mod.
import { packMod, readMod } from "../../../hosts/virtual/mod.ts";
import { Target, XSVersion } from "../../../hosts/virtual/target.ts";
import { deepEqual, equal } from "../../assert.ts";

const identity = { title: "app", version: "1.2.3", target: Target, xs: XSVersion };
const mod = packMod(identity, Buffer.from("exports.a = 1;"));

describe("a mod of the virtual board", () => {
	it("is read from a partition, whatever follows", () => {
		const found = readMod(Buffer.concat([mod, Buffer.alloc(5000, 0xff)]));
		deepEqual(found, { identity, script: "exports.a = 1;", length: mod.length });
	});

	it("is none when any byte is another, or missing", () => {
		for (let at = 0; at < mod.length; at++) {
			const bytes = Buffer.from(mod);
			bytes[at] = (bytes[at] ?? 0) ^ 1;
			equal(readMod(bytes), undefined, `byte ${at}`);
			equal(readMod(mod.subarray(0, at)), undefined, `${at} bytes`);
		}
	});

	it("is none for another XS", () => {
		equal(readMod(packMod({ ...identity, xs: "17.7.0" }, Buffer.from("x"))), undefined);
	});
});
