// Which packages are taken: order of versions, and what an application may say.
import { compareVersions, type refusal } from "ota/version";
import { equal } from "../../assert.ts";
import { packageOf, Rig } from "./rig.ts";

describe("compareVersions", () => {
	const rising = [
		["1.9", "v1.10"],
		["1.2", "1.9"],
		["1.0-2", "1.0--x"],
		["release-1.0-rc1", "release-1.0"],
		["1.0-rc1", "1.0"],
		["1.0-rc.2", "1.0-rc.10"],
		["1.0-1", "1.0-rc"],
		["1.0-alpha", "1.0-beta"],
		["1.0-alpha", "1.0-alpha.1"],
		["0.9.9", "1"],
		["1.2", "1.2.1"],
		["release", "release1"],
		["1.0rc", "1.0"],
	] as const;
	for (const [lower, higher] of rising)
		it(`${lower} is below ${higher}`, () => {
			equal(Math.sign(compareVersions(lower, higher)), -1);
			equal(Math.sign(compareVersions(higher, lower)), 1);
		});

	for (const [a, b] of [
		["1.2", "v1.2.0"],
		["1.0+b1", "1.0+b2"],
		["1.0-rc1", "1.0-rc1"],
		["1.0-2", "1.0-2"],
		["1.0-rc1", "1.0rc1"],
	] as const)
		it(`neither of ${a} and ${b} is above the other`, () => {
			equal(compareVersions(a, b), 0);
			equal(compareVersions(b, a), 0);
		});
});

describe("Updater takes", () => {
	function offered(version: string, accept?: Parameters<typeof refusal>[2], title = "app"): string {
		const rig = new Rig();
		rig.current = { title: "app", version: "v1.5" };
		const updater = rig.updater(accept ? { accept } : {});
		updater.offer({ ...packageOf(rig.server.image, version), fw_title: title });
		return rig.errors[0] ?? updater.state;
	}

	it("any version of its title by default, an older one too", () => {
		equal(offered("v1.4"), "DOWNLOADING");
		equal(offered("v1.6", undefined, "other"), 'OTA_TITLE: fw_title: expected "app", got "other"');
	});

	it("only a higher version when told so", () => {
		for (const version of ["v1.10", "v1.6", "v1.5.1"]) equal(offered(version, "newer"), "DOWNLOADING");
		for (const version of ["v1.4", "v1.5.0", "v1.5-rc1"])
			equal(
				offered(version, "newer"),
				`OTA_DOWNGRADE: fw_version: expected a version above "v1.5", got "${version}"`,
			);
	});

	it("what the application takes, another title too, and nothing when it throws", () => {
		const odd = ({ version }: { version: string }) =>
			version === "v3" ? "v3 is for other boards" : undefined;
		equal(offered("v2", odd, "other"), "DOWNLOADING");
		equal(offered("v3", odd), "OTA_POLICY: v3 is for other boards");
		const broken = (): undefined => {
			throw new Error("oops");
		};
		equal(offered("v2", broken), "OTA_POLICY: accept: expected a decision, got Error: oops");
	});
});
