import { checksum } from "../../thingsboard/checksums.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, online, type Peer } from "./server.ts";

const image = Uint8Array.from({ length: 10 }, (_, i) => i);

describe("thingsboard firmware", () => {
	let at: Bench;
	let peer: Peer;
	let id: string;
	beforeEach(async () => {
		at = await bench();
		id = await at.rest.firmware("v1", image);
		peer = await online(at);
	});
	afterEach(() => at.end());

	/** Asks at QoS 0 and gives the bytes of the answer in hex. */
	async function chunk(request: number, index: number, size: string, kind = "fw"): Promise<string> {
		peer.publish(`v2/${kind}/request/${request}/chunk/${index}`, size, 0);
		const packet = await peer.next();
		if (packet === "closed" || packet.cmd !== "publish") return JSON.stringify(packet);
		equal(packet.topic, `v2/${kind}/response/${request}/chunk/${index}`);
		return Buffer.from(packet.payload).toString("hex");
	}

	it("14.19 announces a package by telemetry, a deleted list and one message of attributes", async () => {
		await peer.subscribe("v1/devices/me/attributes");
		await at.rest.assign(at.device, id);
		equal((await peer.message()).text, '{"deleted":["fw_tag","fw_url"]}');
		deepEqual(JSON.parse((await peer.message()).text), {
			fw_title: "app",
			fw_version: "v1",
			fw_size: 10,
			fw_checksum_algorithm: "SHA256",
			fw_checksum: checksum("SHA256", image),
		});
		const states = at.device.series.get("fw_state")?.map(({ value }) => value.text);
		deepEqual(states?.at(-1), "INITIATED");
		equal(at.device.series.get("target_fw_version")?.[0]?.value.text, "v1");
	});

	it("14.19 says nothing for the same package again, and lists every key when it is taken away", async () => {
		await at.rest.assign(at.device, id);
		await peer.subscribe("v1/devices/me/attributes");
		await at.rest.assign(at.device, id);
		ok(await peer.quiet());
		await at.rest.assign(at.device, null);
		const keys = ["title", "version", "ts", "state", "size", "checksum", "checksum_algorithm", "url", "tag"];
		deepEqual(JSON.parse((await peer.message()).text), { deleted: keys.map((key) => `fw_${key}`) });
		peer.publish("v2/fw/request/1/chunk/0", "4");
		await expectError("NOT_FOUND");
	});

	it("14.20 serves chunks of the size that was named and remembered, shorter at the end, empty past it", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(1, 0, "4"), "00010203");
		equal(await chunk(1, 1, ""), "04050607");
		equal(await chunk(1, 2, "+4"), "0809");
		equal(await chunk(1, 3, "0"), "");
		equal(await chunk(1, 3, "3"), "09");
	});

	it("trap 30 serves the whole file when no size was ever named, whatever the index", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(5, 7, ""), Buffer.from(image).toString("hex"));
	});

	it("14.20 sends PUBACK before the chunk and answers a window in order", async () => {
		await at.rest.assign(at.device, id);
		for (const index of [0, 1, 2]) peer.publish(`v2/fw/request/1/chunk/${index}`, "4", 1, index + 1);
		const kinds: string[] = [];
		for (let i = 0; i < 6; i++) {
			const packet = await peer.next();
			if (packet !== "closed")
				kinds.push(packet.cmd === "publish" ? (packet.topic.at(-1) ?? "") : packet.cmd);
		}
		deepEqual(kinds, ["puback", "0", "puback", "1", "puback", "2"]);
	});

	it("trap 33 serves the old package to an old requestId after the target changed, to both fw and sw", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(1, 0, "2"), "0001");
		await at.rest.assign(at.device, await at.rest.firmware("v2", Uint8Array.of(9, 9)));
		equal(await chunk(1, 0, "2"), "0001");
		equal(await chunk(1, 0, "2", "sw"), "0001");
		equal(await chunk(2, 0, "2"), "0909");
	});

	it("remembers 256 requestIds: what an older one means is asked anew", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(0, 0, "2"), "0001");
		await at.rest.assign(at.device, await at.rest.firmware("v2", Uint8Array.of(9, 9)));
		for (let request = 1; request < 256; request++) equal(await chunk(request, 0, "2"), "0909");
		equal(await chunk(0, 0, ""), "0001");
		equal(await chunk(256, 0, "2"), "0909");
		equal(await chunk(0, 0, "2"), "0909");
	});

	it("trap 32 sends empty chunks after the cache was evicted, until a new requestId loads it again", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(1, 0, "2"), "0001");
		await at.rest.send("POST", "/api/standin/faults", { evict: true });
		equal(await chunk(1, 1, "2"), "");
		equal(await chunk(2, 1, "2"), "0203");
		equal(await chunk(1, 1, "2"), "0203");
	});

	it("14.21 forgets the bytes after 60 minutes, and sends nothing at all in whole-file mode then", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(1, 0, ""), Buffer.from(image).toString("hex"));
		for (let i = 0; i < 7; i++) {
			at.clock.advance(590_000); // below the 600 s of inactivity
			ok(await peer.quiet());
		}
		peer.publish("v2/fw/request/1/chunk/0", "");
		equal(await peer.kind(), "puback 7");
		ok(await peer.quiet());
		equal(await chunk(1, 0, "4"), "");
		equal(await chunk(2, 0, "4"), "00010203");
	});

	it("14.19 offers a tag and a URL as attributes and deletes those that do not apply", async () => {
		const tagged = await at.rest.firmware("v3", image, { tag: "beta" });
		await peer.subscribe("v1/devices/me/attributes");
		await at.rest.assign(at.device, tagged);
		equal((await peer.message()).text, '{"deleted":["fw_url"]}');
		equal(JSON.parse((await peer.message()).text).fw_tag, "beta");
	});

	it("trap 34 reports NOT_FOUND on v2/fw/error, also for software, without PUBACK, and closes", async () => {
		peer.publish("v2/sw/request/1/chunk/0", "4");
		await expectError("NOT_FOUND");
	});

	it("14.20 reports PAYLOAD_TOO_LARGE over 65536 and serves 65536", async () => {
		await at.rest.assign(at.device, id);
		equal(await chunk(1, 0, "65536"), Buffer.from(image).toString("hex"));
		peer.publish("v2/fw/request/1/chunk/0", "65537");
		await expectError("PAYLOAD_TOO_LARGE");
	});

	it("trap 36 reports FAILURE for a package that is only a URL", async () => {
		const made = await at.rest.send("POST", "/api/otaPackage", {
			title: "u",
			version: "1",
			type: "FIRMWARE",
			url: "http://x",
		});
		await at.rest.assign(at.device, (made.body as { id: { id: string } }).id.id);
		peer.publish("v2/fw/request/1/chunk/0", "4");
		await expectError("FAILURE");
	});

	it("flips a byte of one chunk when told to", async () => {
		await at.rest.assign(at.device, id);
		await at.rest.send("POST", "/api/standin/faults", { device: "d", corrupt: true });
		equal(await chunk(1, 0, "4"), "0001fd03");
		equal(await chunk(1, 0, "4"), "00010203");
	});

	it("drops the connection in the middle of a chunk when told to", async () => {
		await at.rest.assign(at.device, id);
		await at.rest.send("POST", "/api/standin/faults", { device: "d", dropAfterBytes: 8 });
		let count = 0;
		peer.socket.on("data", ({ length }) => {
			count += length;
		});
		peer.publish("v2/fw/request/1/chunk/0", "10", 0);
		equal(await peer.kind(), "closed");
		equal(count, 8);
	});

	async function expectError(text: string): Promise<void> {
		const message = await peer.message();
		deepEqual([message.topic, message.text], ["v2/fw/error", text]);
		equal(await peer.kind(), "closed");
	}
});
