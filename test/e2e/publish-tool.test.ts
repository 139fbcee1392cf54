// `npm run publish-firmware` with packages that exist, and whose end it follows; the device says what the spec wants.
import { type Body, idOf } from "../../tools/peer/rest.ts";
import { newKey } from "../../tools/publish/sign.ts";
import { equal, includes, ok } from "../assert.ts";
import { Operator, report } from "./harness/publish.ts";
import { openSite, type Site, type SiteDevice } from "./harness/site.ts";

describe("the publishing tool", () => {
	let site: Site;
	let by: Operator;

	before(async () => {
		site = await openSite();
		by = new Operator(site);
	});
	after(async () => {
		by?.close();
		await site?.close();
	});

	describe("packages that exist", () => {
		it("are assigned, when they hold the same", async () => {
			const [first, ...to] = await by.target("canary");
			const words = by.image("1.1");
			const one = by.start(...words, ...to);
			await by.offered(first, "1.1");
			await by.tell(first, "UPDATED", "1.1");
			equal((await one.ended).status, 0);
			const again = await by.publish(...words);
			equal(again.status, 0, again.stderr);
			equal(report(again).id, report(await one.ended).id);
			const profile = await site.rest.ask("GET", "/api/deviceProfileInfo/default");
			const all = await by.publish(...words, "--assign", `profile=${profile.name}`);
			equal(all.status, 0, all.stderr);
			const changed = await site.rest.ask("GET", `/api/deviceProfile/${idOf(profile)}`);
			equal((changed.firmwareId as Body).id, report(all).id);
			await site.rest.ask("POST", "/api/deviceProfile", { ...changed, firmwareId: null });
		});

		it("are assigned, when this key has signed the same image", async () => {
			const words = [...by.image("1.2"), "--sign", by.key];
			const [one, two] = [await by.publish(...words), await by.publish(...words)];
			equal(two.status, 0, two.stderr);
			equal(report(one).id, report(two).id);
			const other = by.file("other.pem", Buffer.from(newKey()));
			await by.mistakes("on the server already with other bytes", ...by.image("1.2"), "--sign", other);
		});

		it("are assigned, when the same sources were built again", async () => {
			const words = ["--title", by.title, "--version", "1.3"];
			const [one, two] = [await by.publish(...words), await by.publish(...words)];
			equal(two.status, 0, two.stderr);
			equal(report(one).id, report(two).id);
		});

		it("are called what the image calls itself", async () => {
			const words = by.image("1.8").slice(-2);
			equal(words[0], "--image");
			const { title, version } = report(await by.publish(...words, "--dry-run"));
			equal(`${title} ${version}`, `${by.title} 1.8`);
		});

		it("are warned of, when the server makes another number of the version", async () => {
			includes(
				(await by.publish(...by.image("1.10"), "--dry-run")).stderr,
				"ThingsBoard makes 1.1 of version 1.10",
			);
			ok(!(await by.publish(...by.image("1.1.0"), "--dry-run")).stderr.includes("ThingsBoard makes"));
		});

		it("are filled, when they are empty", async () => {
			const { id: deviceProfileId } = await site.rest.ask("GET", "/api/deviceProfileInfo/default");
			const info = { title: by.title, version: "1.4", type: "FIRMWARE", deviceProfileId };
			const made = await site.rest.ask("POST", "/api/otaPackage", info);
			const run = await by.publish(...by.image("1.4"));
			equal(run.status, 0, run.stderr);
			equal(report(run).id, idOf(made));
			equal((await site.rest.ask("GET", `/api/otaPackage/info/${idOf(made)}`)).hasData, true);
		});

		it("are refused, when they hold something else, or are of another type or profile", async () => {
			equal((await by.publish(...by.image("1.5"))).status, 0);
			await by.mistakes("on the server already with other bytes", ...by.image("1.5", "another script"));
			const profile = await site.profile("others");
			await by.mistakes("for another device profile", ...by.image("1.5"), "--profile", String(profile.name));
			const mod = { title: by.title, version: "1.6", type: "SOFTWARE" };
			await site.rest.ask("POST", "/api/otaPackage", mod);
			await by.mistakes("is SOFTWARE", ...by.image("1.6"));
		});

		it("are followed from their assignment, when the device has them already", async () => {
			const [device, ...to] = await by.target("again");
			const words = [...by.image("1.7"), ...to];
			const one = by.start(...words);
			await by.offered(device, "1.7");
			await by.tell(device, "DOWNLOADING", "1");
			await by.tell(device, "FAILED", "1", { fw_error: "OTA_TIMEOUT: nothing came" });
			equal((await one.ended).status, 1);
			const two = await by.publish(...words);
			equal(two.status, 1);
			includes(two.stderr, "assigned already");
			includes(two.stderr, "OTA_TIMEOUT: nothing came");
		});
	});

	describe("follows", () => {
		it("not another package's end", async () => {
			const [device, ...to] = await by.target("ours");
			await by.tell(device, "DOWNLOADING", "0.9.0");
			const run = by.start(...by.image("2.1"), ...to);
			await by.offered(device, "2.1");
			await by.tell(device, "UPDATED", "0.9.1");
			await run.said("of another package: the device runs tool 0.9.1");
			const reverted = "OTA_REVERTED: 0.9.2: trial: expected a confirmation, got reset PANIC";
			await by.tell(device, "FAILED", "0.9.1", { fw_error: reverted });
			await run.said("fw_state FAILED");
			await by.tell(device, "DOWNLOADING", "0.9.1");
			await by.tell(device, "UPDATED", "2.1");
			const { status, stderr } = await run.ended;
			equal(status, 0, stderr);
		});

		it("a version that the server made a number of", async () => {
			const [device, ...to] = await by.target("number");
			const run = by.start(...by.image("2.10"), ...to);
			await by.offered(device, "2.10");
			await by.tell(device, "UPDATED", "2.10");
			equal((await run.ended).status, 0);
		});

		it("the devices of a profile that are online, and sums up", async () => {
			const profile = await site.profile("fleet");
			const of = (name: string) => site.device(name, { deviceProfileId: profile.id });
			const devices = [await of("fleet-1"), await of("fleet-2"), await of("fleet-3"), await of("fleet-4")];
			const [one, two, own, done] = devices as [SiteDevice, SiteDevice, SiteDevice, SiteDevice];
			for (const { token } of devices) await site.online(token);
			await of("fleet-off");
			await by.tell(done, "UPDATED", "2.2");
			const alone = await site.package("own", new Uint8Array(9), { deviceProfileId: profile.id });
			await site.assign(own.id, alone);
			const run = by.start(...by.image("2.2"), "--assign", `profile=${profile.name}`);
			await by.offered(one, "2.2");
			await by.offered(two, "2.2");
			await by.tell(one, "UPDATED", "2.2");
			await by.tell(two, "DOWNLOADING", "1");
			await by.tell(two, "FAILED", "1", { fw_error: "OTA_FLASH: write" });
			const end = await run.ended;
			equal(end.status, 1, end.stderr);
			includes(end.stderr, "2; of 4 online, 1 has a package of its own (take it away), 1 runs it already");
			const { devices: list } = report(end) as { devices: Body[] };
			const found = list.map(({ name, state: last }) => `${name} ${last}`).sort();
			equal(found.join(), [`${one.name} UPDATED`, `${two.name} FAILED`].sort().join());
			ok(!end.stderr.includes("fleet-off"));
		});
	});
});
