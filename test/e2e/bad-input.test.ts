import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board } from "../../hosts/virtual/board.ts";
import { buildFirmware, writeFactoryImage } from "../../hosts/virtual/factory.ts";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { Nvs } from "../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { Rest } from "../../tools/start/rest.ts";
import { root } from "./program.ts";

const { name: title, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const table = readPartitions();
const image = await buildFirmware({ version, build: "factory" });
/** The same program under another version: the board looks into the image for it. */
const imageOf = (version: string): Promise<Buffer> => buildFirmware({ version, build: "factory" });

/** A board with the first firmware and these settings, off. */
function makeBoard(settings: { host: string; port: number; token: string }, firmware = image): Board {
	const flash = new NorFlash();
	writeFactoryImage(flash, firmware);
	const nvs = new Nvs(flash, table.find("nvs"));
	for (const [name, value] of Object.entries(settings)) nvs.set("tb", name, value);
	return new Board({ flash });
}

/** Resolves with the next traced line that matches. */
function traced(board: Board, pattern: RegExp): Promise<string> {
	return new Promise((resolve) => {
		const listen = ({ text }: { text: string }): void => {
			if (!pattern.test(text)) return;
			board.off("trace", listen);
			resolve(text);
		};
		board.on("trace", listen);
	});
}

const running = (board: Board): Buffer => board.flash.read(table.find("ota_0").offset, image.length);

describe("bad input to a whole board", function () {
	this.timeout(60_000);

	describe("before it is connected", () => {
		const cases: [string, { host: string; port: number; token: string }, RegExp][] = [
			["a refused connection", { host: "127.0.0.1", port: 1, token: "t" }, /TB_LOST.*127\.0\.0\.1:1\b/],
			["an unknown host", { host: "nowhere.invalid", port: 1883, token: "t" }, /TB_LOST.*nowhere\.invalid/],
		];
		for (const [name, settings, expected] of cases)
			it(`${name} is told, and the device keeps running`, async () => {
				const board = makeBoard(settings);
				const resets: unknown[] = [];
				board.on("reset", (reset) => resets.push(reset));
				const told = traced(board, /^tb: disconnected/);
				board.powerOn();
				const text = await told;
				await traced(board, /^tb: disconnected/); // it tries again
				board.close();
				assert.match(text, expected);
				assert.deepEqual(resets, []);
			});
	});

	describe("in flash", () => {
		const refused = { host: "127.0.0.1", port: 1, token: "t" };
		const noise = (name: string, sector: number) => (flash: NorFlash) => {
			const at = table.find(name).offset + sector * 4096;
			flash.erase(at, 4096);
			flash.write(at, randomBytes(4096));
		};
		const full = (flash: NorFlash): void => {
			const nvs = new Nvs(flash, table.find("nvs"));
			assert.throws(() => {
				for (let n = 0; n < 1000; n++) nvs.set("filler", `n${n}`, n);
			}, /ESP_ERR_NVS_NOT_ENOUGH_SPACE/);
		};
		const cases: [string, (flash: NorFlash) => void, RegExp][] = [
			["NVS that is full", full, /TB_LOST.*127\.0\.0\.1:1\b/],
			["NVS that was wiped", (flash) => flash.erase(table.find("nvs").offset, 0x4000), /^tb: /], // whoever has port 1883 here
			["noise in one page of NVS", noise("nvs", 2), /TB_LOST.*127\.0\.0\.1:1\b/],
			["noise in the first sector of otadata", noise("otadata", 0), /TB_LOST.*127\.0\.0\.1:1\b/],
			["noise in the second sector of otadata", noise("otadata", 1), /TB_LOST.*127\.0\.0\.1:1\b/],
		];
		for (const [name, spoil, expected] of cases)
			it(`${name} neither ends the program nor costs the image`, async () => {
				const board = makeBoard(refused);
				spoil(board.flash);
				const resets: unknown[] = [];
				board.on("reset", (reset) => resets.push(reset));
				const told = traced(board, /^tb: /);
				board.powerOn();
				assert.match(await told, expected);
				assert.ok(running(board).equals(image));
				board.close();
				assert.deepEqual(resets, []);
			});
	});

	it("a sensor that fails is told, and the device keeps running", async () => {
		const server = await startThingsBoard({ mqttPort: 0, httpPort: 0 });
		const folder = mkdtempSync(join(tmpdir(), "app-"));
		const app = join(folder, "app.ts");
		const source = readFileSync(join(root, "app.ts"), "utf8");
		writeFileSync(app, source.replace("count += 1;", 'throw new Error("no sensor");'));
		const broken = await buildFirmware({ version, build: "broken", app });
		rmSync(folder, { recursive: true });
		const rest = new Rest(server.url);
		await rest.login("tenant@thingsboard.org", "tenant");
		const { id } = (await rest.device("Sensor", "s")) as { id: { id: string } };
		const board = makeBoard({ host: "127.0.0.1", port: server.mqttPort, token: "s" }, broken);
		const resets: unknown[] = [];
		board.on("reset", (reset) => resets.push(reset));
		const told = traced(board, /no sensor/);
		board.powerOn();
		assert.match(await told, /^app: readings: Error: no sensor/);
		assert.deepEqual(await rest.rpc(id.id, "ping", 1), { pong: 1 });
		board.close();
		await server.close();
		assert.deepEqual(resets, []);
	});

	describe("from the server", () => {
		let server: ThingsBoard;
		let rest: Rest;
		let board: Board;
		let id: string;
		let token = "";
		const resets: unknown[] = [];
		const standin = (path: string, body: object) =>
			fetch(`${server.url}/api/standin/${path}`, {
				method: "POST",
				headers: { "Content-Type": "application/json", "X-Authorization": `Bearer ${token}` },
				body: JSON.stringify({ device: "Bad", ...body }),
			});
		const last = async (key: string) => (await rest.series(id, key, 0)).at(-1)?.value;

		before(async () => {
			server = await startThingsBoard({ mqttPort: 0, httpPort: 0, settings: { otaPacing: 1 } });
			rest = new Rest(server.url);
			await rest.login("tenant@thingsboard.org", "tenant");
			const login = await fetch(`${server.url}/api/auth/login`, {
				method: "POST",
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ username: "tenant@thingsboard.org", password: "tenant" }),
			});
			({ token } = (await login.json()) as { token: string });
			id = ((await rest.device("Bad", "bad-token")) as { id: { id: string } }).id.id;
			board = makeBoard({ host: "127.0.0.1", port: server.mqttPort, token: "bad-token" });
			board.on("reset", (reset) => resets.push(reset));
			const connected = traced(board, /^tb: connected/);
			board.powerOn();
			await connected;
			await rest.rpc(id, "ping", 1); // subscribed
		});
		after(async () => {
			board.close();
			await server.close();
		});
		afterEach(async () => {
			assert.deepEqual(resets, [], "the device has restarted");
			assert.ok(running(board).equals(image), "the running image has changed");
			assert.deepEqual(await rest.rpc(id, "ping", "still here"), { pong: "still here" });
		});

		it("how the device is, is known once it is connected, not at the end of an interval", async () => {
			assert.equal(await last("resetReason"), "POWERON");
			assert.match(String(await last("uptime")), /^\d+$/);
		});

		it("a wrong token is refused with its code and a cure", async () => {
			const stranger = makeBoard({ host: "127.0.0.1", port: server.mqttPort, token: "wrong" });
			const told = traced(stranger, /^tb: disconnected/);
			stranger.powerOn();
			const text = await told;
			stranger.close();
			assert.match(text, /TB_CREDENTIALS/);
			assert.match(text, /\b5\b/);
			assert.match(text, /token/);
			assert.ok(!text.includes("wrong "), "the token is not told");
		});

		for (const topic of [
			"v1/devices/me/attributes",
			"v1/devices/me/attributes/response/1",
			"v1/devices/me/rpc/request/7",
		])
			for (const [what, payload] of [
				["malformed JSON", "{"],
				["a list", "[1]"],
				["invalid UTF-8", "\xff\xfe"],
			] as const)
				it(`${what} on ${topic} is told`, async () => {
					const told = traced(board, /TB_MALFORMED/);
					await standin("publish", { topic, payload: Buffer.from(payload, "latin1").toString("base64") });
					assert.match(await told, /expected/);
				});

		it("an oversize message is told and dropped", async () => {
			const told = traced(board, /TB_TOO_LARGE/);
			const payload = Buffer.from(JSON.stringify({ a: "x".repeat(9000) })).toString("base64");
			await standin("publish", { topic: "v1/devices/me/attributes", payload });
			assert.match(await told, /expected at most 4096 bytes, got 90/);
		});

		it("an RPC that the application refuses is answered with its error", async () => {
			assert.match(JSON.stringify(await rest.rpc(id, "setLamp", "on")), /expected a boolean, got string/);
			assert.match(JSON.stringify(await rest.rpc(id, "fly", null)), /unknown method fly/);
		});

		const offers: [string, Record<string, unknown>, RegExp][] = [
			[
				"fw_size larger than the slot",
				{ fw_size: 99_000_000, fw_checksum: "00".repeat(32), fw_checksum_algorithm: "SHA256" },
				/OTA_SIZE.*1900544.*99000000/,
			],
			[
				"an unknown checksum algorithm",
				{ fw_size: 1000, fw_checksum: "00", fw_checksum_algorithm: "SHA3" },
				/OTA_ALGORITHM.*SHA3/,
			],
		];
		for (const [what, values, expected] of offers)
			it(`${what} is refused before any flash command`, async () => {
				const operations = board.flash.operations;
				const told = traced(board, /^ota: FAILED/);
				await rest.share(id, { fw_title: title, fw_version: `9.9.${Object.keys(values).length}`, ...values });
				assert.match(await told, expected);
				assert.match(String(await last("fw_error")), expected);
				assert.equal(board.flash.operations, operations);
			});

		const packages: [string, string, (image: Buffer) => Buffer, RegExp][] = [
			[
				"a truncated image",
				"8.0.1",
				(whole) => whole.subarray(0, whole.length - 5000),
				/OTA_FLASH.*ESP_ERR_OTA_VALIDATE_FAILED/,
			],
			[
				"a wrong image magic",
				"8.0.2",
				(whole) => Buffer.concat([Buffer.of(0x7f), whole.subarray(1)]),
				/OTA_IMAGE.*0xE9.*0x7F/,
			],
			[
				"an image of another version",
				"8.0.4",
				(whole) => whole,
				/OTA_IDENTITY.*version.*"8\.0\.4", got "8\.0\.3"/,
			],
		];
		for (const [what, offered, spoil, expected] of packages)
			it(`${what} is refused and never booted`, async () => {
				const told = traced(board, /^ota: FAILED/);
				const bytes = spoil(await imageOf(offered === "8.0.4" ? "8.0.3" : offered));
				await rest.assign(id, await rest.firmware(title, offered, new Uint8Array(bytes)));
				assert.match(await told, expected);
			});

		it("a wrong checksum is refused after one fresh download", async () => {
			// Assigned under another title first: nothing is fetched until our title comes, and with it the wrong checksum.
			const next = await imageOf("8.1.0");
			const refused = traced(board, /^ota: FAILED.*OTA_TITLE/);
			await rest.assign(id, await rest.firmware("another", "8.1.0", new Uint8Array(next)));
			await refused;
			const told = traced(board, /^ota: FAILED/);
			const wrong = { fw_checksum: "ab".repeat(32), fw_checksum_algorithm: "SHA256" };
			await rest.share(id, { fw_title: title, fw_version: "8.1.0", fw_size: next.length, ...wrong });
			assert.match(await told, /OTA_CHECKSUM.*expected abab/);
		});

		it("a server that is gone in the middle of a chunk is met again, and the image arrives whole", async () => {
			await standin("faults", { dropAfterBytes: 30_000 });
			const lost = traced(board, /^tb: disconnected/);
			const whole = traced(board, /^ota: VERIFIED/);
			await rest.assign(id, await rest.firmware(title, "8.2.0", new Uint8Array(await imageOf("8.2.0"))));
			await lost;
			await whole;
			board.removeAllListeners("reset"); // it is going to restart: the package is right
			board.powerCut();
			board.powerOn();
			await traced(board, /^tb: connected/);
			await rest.rpc(id, "ping", 1);
		});
	});
});
