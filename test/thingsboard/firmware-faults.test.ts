import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, online, type Peer } from "./server.ts";

const image = Uint8Array.from({ length: 10 }, (_, i) => i);

describe("thingsboard faults of downloads", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		await at.rest.assign(at.device, await at.rest.firmware("v1", image));
		peer = await online(at);
	});
	afterEach(() => at.end());

	/** Sets a fault as anybody would: over REST. */
	const fault = (name: string, value: number | true = true) =>
		at.rest.send("POST", "/api/standin/faults", { device: "d", [name]: value });
	/** What comes next: request, index and bytes. */
	async function chunk(): Promise<[string, string]> {
		const packet = await peer.next();
		if (packet === "closed" || packet.cmd !== "publish") return ["", JSON.stringify(packet)];
		return [packet.topic.replace("v2/fw/response/", ""), Buffer.from(packet.payload).toString("hex")];
	}
	const ask = (index: number, request = 1, size = "2") =>
		peer.publish(`v2/fw/request/${request}/chunk/${index}`, size, 0);
	async function get(index: number, request = 1): Promise<string> {
		ask(index, request);
		return (await chunk())[1];
	}

	it("emptyChunk: a chunk comes empty though bytes are left, once", async () => {
		await fault("emptyChunk");
		deepEqual([await get(0), await get(0)], ["", "0001"]);
	});

	it("chunkLength: a chunk is too short or too long, once", async () => {
		await fault("chunkLength", 1);
		deepEqual([await get(1), await get(1)], ["02", "0203"]);
		await fault("chunkLength", 4);
		deepEqual([await get(1), await get(1)], ["02030000", "0203"]);
		await fault("chunkLength", 0);
		equal(await get(1), "");
	});

	it("trap 38 staleChunk: the latest answer comes a second time, before the next one", async () => {
		await fault("staleChunk");
		equal(await get(0), "0001", "there is none to repeat yet");
		ask(1);
		deepEqual(
			[await chunk(), await chunk()],
			[
				["1/chunk/0", "0001"],
				["1/chunk/1", "0203"],
			],
		);
		equal(await get(2), "0405");
	});

	it("corrupt: one byte is flipped, of a chunk that has any", async () => {
		await fault("corrupt");
		deepEqual([await get(9), await get(0), await get(0)], ["", "00fe", "0001"]);
	});

	it("14.21 evictAfter: chunks of a known requestId come empty after so many more", async () => {
		await fault("evictAfter", 2);
		deepEqual([await get(0), await get(1), await get(2), await get(2, 9)], ["0001", "0203", "", "0405"]);
	});

	it("14.21 unassignAfter: the package goes away mid-download, the requestId still serves it", async () => {
		await peer.subscribe("v1/devices/me/attributes");
		await fault("unassignAfter", 1);
		equal(await get(0), "0001");
		ok((await peer.message()).text.startsWith('{"deleted":["fw_title"'));
		equal(at.device.firmwareId, null);
		equal(await get(1), "0203");
		ask(0, 2);
		equal((await peer.message()).text, "NOT_FOUND");
	});

	it("14.21 reassignAfter: another version becomes the target mid-download, the requestId still serves the old one", async () => {
		await peer.subscribe("v1/devices/me/attributes");
		await fault("reassignAfter", 2);
		deepEqual([await get(0), await get(1)], ["0001", "0203"]);
		equal((await peer.message()).text, '{"deleted":["fw_tag","fw_url"]}');
		equal(JSON.parse((await peer.message()).text).fw_version, "v1+");
		deepEqual([await get(2), await get(0, 2)], ["0405", "0001"]);
	});

	it("14.21 answers in order after the first; reorderFirst turns those around that were asked for before", async () => {
		await fault("reorderFirst");
		for (const index of [0, 1, 2]) ask(index);
		deepEqual(
			[await chunk(), await chunk(), await chunk()].map(([topic]) => topic.at(-1)),
			["2", "1", "0"],
		);
		for (const index of [0, 1, 2]) ask(index);
		deepEqual(
			[await chunk(), await chunk(), await chunk()].map(([topic]) => topic.at(-1)),
			["0", "1", "2"],
		);
	});

	it("trap 37 attributesFirst: the attributes of an offer come before the list of deleted ones, once", async () => {
		await peer.subscribe("v1/devices/me/attributes");
		await fault("attributesFirst");
		await at.rest.assign(at.device, await at.rest.firmware("v2", image));
		equal(JSON.parse((await peer.message()).text).fw_version, "v2");
		equal((await peer.message()).text, '{"deleted":["fw_tag","fw_url"]}');
		await at.rest.assign(at.device, await at.rest.firmware("v3", image));
		ok((await peer.message()).text.startsWith('{"deleted"'));
	});
});

describe("thingsboard downloads on the wire", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		await at.rest.assign(at.device, await at.rest.firmware("v1", image));
		peer = await online(at);
	});
	afterEach(() => at.end());

	it("trap 31 refuses v2/fw/response/+ and sends chunks all the same; the right filter decides the QoS", async () => {
		deepEqual(
			await peer.subscribe("v2/fw/response/+", "v2/fw/response/+/chunk/+", "v2/sw/error"),
			[128, 1, 1],
		);
		const other = await online(at);
		other.publish("v2/fw/request/1/chunk/0", "4", 0);
		equal((await other.message()).qos, 1);
		other.send({
			cmd: "subscribe",
			messageId: 1,
			subscriptions: [{ topic: "v2/fw/response/+/chunk/+", qos: 0 }],
		});
		await other.kind();
		other.publish("v2/fw/request/1/chunk/0", "4", 0);
		equal((await other.message()).qos, 0);
	});

	for (const size of ["4096\n", " 4096", "4096.0", "0x10", "2147483648", "four"])
		it(`trap 30 closes without a word on the chunk size ${JSON.stringify(size)}`, async () => {
			peer.publish("v2/fw/request/1/chunk/0", size);
			equal(await peer.kind(), "closed");
		});

	it("14.20 takes a negative size for none: the remembered one, else the whole file", async () => {
		peer.publish("v2/fw/request/1/chunk/3", "-1", 0);
		equal((await peer.message()).text.length, 10);
		peer.publish("v2/fw/request/1/chunk/0", "3", 0);
		equal((await peer.message()).text.length, 3);
		peer.publish("v2/fw/request/1/chunk/3", "-1", 0);
		equal((await peer.message()).text.length, 1);
	});

	it("14.21 forgets requestIds and sizes with the connection", async () => {
		peer.publish("v2/fw/request/1/chunk/0", "4", 0);
		equal((await peer.message()).text.length, 4);
		const again = await online(at);
		again.publish("v2/fw/request/1/chunk/0", "", 0);
		equal((await again.message()).text.length, 10);
	});

	it("trap 39 keeps the target's version as text and turns a reported 1.10 into the number 1.1", async () => {
		await at.rest.assign(at.device, await at.rest.firmware("1.10", image));
		peer.publish("v1/devices/me/telemetry", '{"current_fw_version":"1.10"}');
		await peer.kind();
		const value = (key: string) => at.device.series.get(key)?.at(-1)?.value;
		deepEqual(value("target_fw_version"), { type: "STRING", text: "1.10" });
		deepEqual(value("current_fw_version"), { type: "DOUBLE", text: "1.1" });
	});

	it("14.24 closes without a message when the first request of an id meets a rate limit; later chunks are free", async () => {
		at.server.core.limits.set("device", { messages: "1:60" });
		for (const index of [0, 1, 2]) {
			peer.publish(`v2/fw/request/1/chunk/${index}`, "2", 0);
			equal((await peer.message()).topic, `v2/fw/response/1/chunk/${index}`);
		}
		peer.publish("v2/fw/request/2/chunk/0", "2");
		equal(await peer.kind(), "closed");
	});
});
