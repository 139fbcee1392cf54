// Mods on a whole board: examples/software.ts gets one, runs it, gets broken ones, and drops them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFirmware, buildMod } from "../../hosts/virtual/factory.ts";
import { newKey, publicPoint, readKey } from "../../tools/publish/sign.ts";
import { equal, includes, ok } from "../assert.ts";
import { boardWith, type TestBoard } from "./harness/board.ts";
import { Publication, type Run } from "./harness/publish.ts";
import { eventually, openSite, type Site, type SiteDevice } from "./harness/site.ts";

/** A module that takes the place of app.ts. */
const appOf = (build: string, more = ""): string => `
import pins from "host/pins";
import config from "mc/config";
export const build = ${JSON.stringify(build)};
let count = 0;
export function readings() {
	${more}
	count += 1;
	return { build, count, lamp: pins.lamp === undefined, image: config.build };
}
`;

describe("software packages", function () {
	this.timeout(60_000);
	const folder = mkdtempSync(join(tmpdir(), "software-"));
	let site: Site;
	let device: SiteDevice;
	let board: TestBoard;

	before(async () => {
		site = await openSite();
		device = await site.device("software");
		const { host, port } = site.mqtt;
		board = await boardWith("examples/software.ts", { host, port, token: device.token });
	});
	after(async () => {
		board?.close();
		await site?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	/** The tool that operators have. */
	const tool = (...words: string[]): Promise<Run> => new Publication(site.rest.url, words).ended;

	/** Builds, uploads, assigns and follows a mod. */
	function publish(version: string, source: string): Promise<Run> {
		const app = join(folder, `${version}.ts`);
		writeFileSync(app, source);
		const words = ["--type", "software", "--title", "test", "--version", version, "--app", app];
		return tool(...words, "--assign", `device=${device.name}`);
	}

	/** Checks a file that is to be a mod; the reason against it. */
	async function check(bytes: Uint8Array, version = "1"): Promise<string> {
		const file = join(folder, "mod.bin");
		writeFileSync(file, bytes);
		const words = ["--type", "software", "--title", "test", "--version", version, "--image", file];
		const { status, stderr } = await tool(...words, "--dry-run");
		return `${status} ${stderr}`;
	}

	const latest = async (key: string): Promise<unknown> => (await site.latest(device.id, key))[key]?.value;
	const runs = (build: string): Promise<unknown> =>
		eventually(`build ${build}`, async () => (await latest("build")) === build);

	it("are not needed: the image's own application runs", async () => {
		await board.saw("mod none, app test");
		await runs("test");
	});

	it("replace the application by a mod of a few kilobytes, without a new image", async () => {
		const { status, stderr } = await publish("m1", appOf("first"));
		equal(status, 0, stderr);
		await board.saw("mod m1, app first");
		await runs("first");
		equal(await latest("current_sw_version"), "m1");
		equal(await latest("image"), "test");
		ok(Number(/, (\d+) bytes/.exec(stderr)?.[1]) < 4096, stderr);
	});

	it("replace a mod by another", async () => {
		const { status, stderr } = await publish("m2", appOf("second"));
		equal(status, 0, stderr);
		await board.saw("mod m2, app second");
		await runs("second");
	});

	for (const [what, version, source] of [
		["crashes when it runs", "m3", appOf("third", 'throw new Error("crash");')],
		["crashes when it is loaded", "m4", `${appOf("fourth")}\nthrow new Error("crash");`],
	] as const)
		it(`drop a mod that ${what}, tell FAILED, and run the image's own application`, async () => {
			const { status, stderr } = await publish(version, source);
			equal(status, 1, stderr);
			includes(stderr, `OTA_REVERTED: ${version}: trial: expected a confirmation, got reset PANIC`);
			await board.saw("mod none, app test");
			await runs("test");
		});

	it("are not built with imports that a mod cannot have", async () => {
		const { status, stderr } = await publish(
			"m5",
			`import Link from "host/link";\nnew Link({});\n${appOf("fifth")}`,
		);
		equal(status, 2);
		includes(stderr, 'Could not resolve "host/link"');
	});

	it("are taken again after a broken one", async () => {
		const { status, stderr } = await publish("m6", appOf("sixth"));
		equal(status, 0, stderr);
		await board.saw("mod m6, app sixth");
	});

	it("survive a loss of power", async () => {
		board.board.powerCut();
		board.board.powerOn();
		await board.saw("mod m6, app sixth");
	});

	it("are taken signed only by a device that pins keys", async () => {
		const pem = join(folder, "key.pem");
		writeFileSync(pem, newKey());
		const updateKeys = [publicPoint(readKey(readFileSync(pem, "utf8"))).toString("hex")];
		const pinning = await site.device("software-pinning");
		const { host, port } = site.mqtt;
		const other = await boardWith(
			"examples/software.ts",
			{ host, port, token: pinning.token },
			{ config: { updateKeys } },
		);
		try {
			await other.saw("mod none");
			const app = join(folder, "signed.ts");
			writeFileSync(app, appOf("signed"));
			const words = ["--type", "software", "--title", "test", "--app", app];
			const goal = ["--assign", `device=${pinning.name}`];
			const unsigned = await tool(...words, ...goal, "--version", "s1");
			equal(unsigned.status, 1);
			includes(unsigned.stderr, "OTA_INSPECTION: signature: expected a signed package");
			const signed = await tool(...words, ...goal, "--version", "s2", "--sign", pem);
			equal(signed.status, 0, signed.stderr);
			await other.saw("mod s2, app signed");
		} finally {
			other.close();
		}
	});

	it("and a firmware, assigned at the same time, take turns, each to its end", async () => {
		const entry = fileURLToPath(new URL("../../examples/software.ts", import.meta.url));
		const image = join(folder, "image.bin");
		writeFileSync(image, await buildFirmware({ entry, title: "test", version: "1.1.0", build: "newer" }));
		const app = join(folder, "beside.ts");
		writeFileSync(app, appOf("beside"));
		const goal = ["--title", "test", "--assign", `device=${device.name}`];
		const runs = await Promise.all([
			tool("--image", image, "--version", "1.1.0", ...goal),
			tool("--type", "software", "--app", app, "--version", "m7", ...goal),
		]);
		for (const { status, stderr } of runs) equal(status, 0, stderr);
		await board.saw("image 1.1.0");
		await board.saw("mod m7, app beside");
		equal(await latest("current_fw_version"), "1.1.0");
		const holds = [await site.latest(device.id, "ota_hold"), await site.latest(device.id, "sw_hold")];
		ok(
			holds.some((told) => Object.keys(told).length),
			"one has waited for the other, and said so",
		);
	});

	it("are checked before they are published", async () => {
		includes((await tool("--type", "toaster")).stderr, "--type: expected firmware or software, got toaster");
		includes(await check(Buffer.alloc(500)), "2 publish: mod: expected an archive for XS");
		const archive = Buffer.from("00000014 58535f41 0000000c 56455253 11070000".replaceAll(" ", ""), "hex");
		includes(await check(archive), "2 publish: mod atom at 20: expected SIGN");
		archive[16] = 16;
		includes(await check(archive), "2 publish: image engine: expected XS 17.7, got 16.7");
		const own = await buildMod({ title: "test", version: "2", source: appOf("checked") });
		includes(await check(own), '2 publish: identity version: expected "1" in the image, got "2"');
		includes(
			await check(Buffer.concat([own, Buffer.alloc(0x40000)]), "2"),
			"2 publish: size: expected at most 262144",
		);
	});
});
