// `npm run publish-firmware` against a stand-in with a whole board behind it: checks, signature, upload, and the update to its end.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board } from "../../hosts/virtual/board.ts";
import { buildFirmware, writeFactoryImage } from "../../hosts/virtual/factory.ts";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { Nvs } from "../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";
import { newKey, publicPoint, readKey } from "../../tools/publish/sign.ts";
import { equal, includes, ok } from "../assert.ts";
import { Publication, type Run } from "./harness/publish.ts";
import { openSite, type Site } from "./harness/site.ts";

describe("publishing firmware", () => {
	const folder = mkdtempSync(join(tmpdir(), "publish-"));
	const key = newKey();
	let site: Site;
	let board: Board;
	let name: string;
	let token: string;

	before(async () => {
		writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
		site = await openSite();
		const device = await site.device("publish");
		({ name, token } = device);
		const flash = new NorFlash({ timing: { sectorErase: 1, blockErase: 2, pageProgram: 0.01 } });
		const updateKeys = [publicPoint(readKey(key)).toString("hex")];
		writeFactoryImage(
			flash,
			await buildFirmware({ version: "0.1.0", build: "factory", config: { updateKeys } }),
		);
		const nvs = new Nvs(flash, readPartitions().find("nvs"));
		const { host, port } = site.mqtt;
		for (const [what, value] of Object.entries({ host, port, token })) nvs.set("tb", what, value);
		board = new Board({ flash });
		board.powerOn();
	});
	after(async () => {
		board?.close();
		await site?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	const publish = (...words: string[]): Promise<Run> => new Publication(site.rest.url, words).ended;

	it("refuses an image that is not who it says", async () => {
		const out = join(folder, "image.bin");
		equal((await publish("--dry-run", "--version", "0.3.0", "--out", out)).status, 0);
		const { status, stderr } = await publish(
			"--version",
			"0.4.0",
			"--image",
			out,
			"--assign",
			`device=${name}`,
		);
		equal(status, 2);
		includes(stderr, 'identity version: expected "0.4.0" in the image, got "0.3.0"');
	});

	it("refuses an image that holds the device's token, and does not repeat it", async () => {
		const out = join(folder, "leaky.bin");
		await publish("--dry-run", "--version", "0.3.0", "--out", out);
		writeFileSync(out, Buffer.concat([readFileSync(out), Buffer.from(token)]));
		const { status, stderr } = await publish(
			"--version",
			"0.3.0",
			"--image",
			out,
			"--assign",
			`device=${name}`,
		);
		equal(status, 2);
		includes(stderr, "expected none in the image, found the device's credentials");
		ok(!stderr.includes(token));
	});

	it("refuses an image larger than a slot, and one with a private key", async () => {
		const out = join(folder, "large.bin");
		await publish("--dry-run", "--version", "0.3.0", "--out", out);
		const image = readFileSync(out);
		writeFileSync(out, Buffer.concat([image, Buffer.alloc(0x1d0000)]));
		includes(
			(await publish("--dry-run", "--version", "0.3.0", "--image", out)).stderr,
			"size: expected at most 1900544",
		);
		writeFileSync(out, Buffer.concat([image, Buffer.from(key)]));
		includes(
			(await publish("--dry-run", "--version", "0.3.0", "--image", out)).stderr,
			"a private key in PEM",
		);
	});

	it("tells FAILED with the device's reason for an unsigned package on a device that pins a key", async () => {
		const { status, stdout, stderr } = await publish("--version", "0.2.0", "--assign", `device=${name}`);
		equal(status, 1, stderr);
		equal((JSON.parse(stdout) as { state: string }).state, "FAILED");
		includes(stderr, "expected a signed package");
	});

	it("follows a signed package until UPDATED", async () => {
		const sign = ["--sign", join(folder, "key.pem")];
		const { status, stdout, stderr } = await publish(
			"--version",
			"0.3.0",
			...sign,
			"--assign",
			`device=${name}`,
		);
		equal(status, 0, stderr);
		equal((JSON.parse(stdout) as { state: string }).state, "UPDATED");
		includes(stderr, "fw_state UPDATED");
	});

	it("refuses a title and version that exist with other bytes", async () => {
		const { status, stderr } = await publish("--version", "0.3.0");
		equal(status, 2);
		includes(stderr, "is on the server already with other bytes: give the new one another number");
	});
});
