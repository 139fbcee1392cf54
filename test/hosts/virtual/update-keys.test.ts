// Keys of updates: a firmware that pins what is no key would refuse every further update.
import { buildFirmware, pinnedKeys } from "../../../hosts/virtual/factory.ts";
import { newKey, publicPoint, readKey } from "../../../tools/publish/sign.ts";
import { includes, ok } from "../../assert.ts";

describe("keys of updates", () => {
	const build = (key: string) =>
		buildFirmware({ version: "1.2.3", build: "spec", config: { updateKeys: [key] } });

	it("are built into a firmware", async () => {
		ok(Buffer.isBuffer(await build(publicPoint(readKey(newKey())).toString("hex"))));
	});

	for (const [what, key] of [
		["too short", "04typo"],
		["no point on the curve", `04${"1".repeat(128)}`],
		["another form of a point", `02${"1".repeat(64)}`],
	] as const)
		it(`are refused when one is ${what}`, async () => {
			const error = await build(key).catch(String);
			includes(String(error), "updateKeys: expected 130 hex digits of a public key on P-256");
			includes(String(error), key);
		});

	it("are right in manifest.json, which builds of the chip take them from", () => {
		ok(Array.isArray(pinnedKeys()));
	});
});
