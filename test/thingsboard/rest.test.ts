import { createServer } from "node:net";
import { startThingsBoard } from "../../thingsboard/server.ts";
import { deepEqual, equal, includes } from "../assert.ts";
import { type Bench, bench, hello, online, Peer, Rest } from "./server.ts";

describe("thingsboard REST", () => {
	let at: Bench;
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(() => at.end());

	it("answers 401 without a token and to a wrong password", async () => {
		const stranger = new Rest(at.server.url);
		equal((await stranger.send("GET", "/api/device/x")).status, 401);
		equal((await stranger.send("GET", `/%61pi/device/${at.device.id}`)).status, 401);
		const login = { username: "tenant@thingsboard.org", password: "no" };
		equal((await stranger.send("POST", "/api/auth/login", login)).status, 401);
	});

	it("creates a device with its token, finds it by name and shows its credentials", async () => {
		const made = await at.rest.send("POST", "/api/device?accessToken=T2", { name: "new" });
		const { id } = made.body as { id: { entityType: string; id: string } };
		equal(id.entityType, "DEVICE");
		deepEqual((await at.rest.send("GET", "/api/tenant/devices?deviceName=new")).body, made.body);
		const { body } = await at.rest.send("GET", `/api/device/${id.id}/credentials`);
		equal((body as { credentialsId: string }).credentialsId, "T2");
	});

	it("answers 404 for what is unknown and 400 for a taken name or token and for a body that is no JSON", async () => {
		equal((await at.rest.send("GET", "/api/tenant/devices?deviceName=none")).status, 404);
		equal((await at.rest.send("GET", "/api/nothing")).status, 404);
		equal((await at.rest.send("POST", "/api/device", { name: "d" })).status, 400);
		equal((await at.rest.send("POST", "/api/device?accessToken=token", { name: "e" })).status, 400);
		equal((await at.rest.send("POST", "/api/device", "{")).status, 400);
	});

	it("gives the latest value as text, as its type when asked, and null for a key without data", async () => {
		const path = `/api/plugins/telemetry/DEVICE/${at.device.id}`;
		await at.rest.send(
			"POST",
			`${path}/timeseries/ANY`,
			'[{"ts":1,"values":{"a":1}},{"ts":2,"values":{"a":2.0}}]',
		);
		const latest = await at.rest.send("GET", `${path}/values/timeseries?keys=a,b`);
		deepEqual(latest.body, { a: [{ ts: 2, value: "2.0" }], b: [{ ts: at.clock.now(), value: null }] });
		const strict = await at.rest.send("GET", `${path}/values/timeseries?keys=a&useStrictDataTypes=true`);
		deepEqual(strict.body, { a: [{ ts: 2, value: 2 }] });
	});

	it("gives a range newest first, end excluded, limited", async () => {
		const path = `/api/plugins/telemetry/DEVICE/${at.device.id}`;
		const rows = [3, 1, 2, 4].map((ts) => ({ ts, values: { a: ts } }));
		await at.rest.send("POST", `${path}/timeseries/ANY`, JSON.stringify(rows));
		const range = async (more: string) => {
			const { body } = await at.rest.send(
				"GET",
				`${path}/values/timeseries?keys=a,b&startTs=1&endTs=4${more}`,
			);
			const { a, ...others } = body as { a: { ts: number }[] };
			deepEqual(others, {});
			return a.map(({ ts }) => ts);
		};
		deepEqual(await range(""), [3, 2, 1]);
		deepEqual(await range("&limit=2"), [3, 2]);
		deepEqual(await range("&orderBy=ASC"), [1, 2, 3]);
	});

	it("reads attributes by scope and key and refuses to write client attributes", async () => {
		const path = `/api/plugins/telemetry/DEVICE/${at.device.id}`;
		equal((await at.rest.send("POST", `${path}/attributes/SHARED_SCOPE`, { a: 1, b: "x" })).status, 200);
		equal((await at.rest.send("POST", `${path}/CLIENT_SCOPE`, { a: 1 })).status, 400);
		equal((await at.rest.send("POST", `${path}/NO_SCOPE`, { a: 1 })).status, 400);
		const { body } = await at.rest.send("GET", `${path}/values/attributes/SHARED_SCOPE?keys=b`);
		deepEqual(body, [{ lastUpdateTs: at.clock.now(), key: "b", value: "x" }]);
		equal(((await at.rest.send("GET", `${path}/values/attributes`)).body as unknown[]).length, 2);
	});

	it("refuses an upload whose checksum is wrong and a package twice", async () => {
		const info = { title: "t", version: "1", type: "FIRMWARE" };
		const { id } = (await at.rest.send("POST", "/api/otaPackage", info)).body as { id: { id: string } };
		const form = new FormData();
		form.append("file", new Blob(["x"]), "x.bin");
		const upload = (query: string) => at.rest.send("POST", `/api/otaPackage/${id.id}?${query}`, form);
		equal((await upload("checksumAlgorithm=SHA256&checksum=00")).status, 400);
		equal((await upload("checksumAlgorithm=SHA1")).status, 400);
		const { body } = await upload("checksumAlgorithm=CRC32");
		deepEqual((body as { dataSize: number }).dataSize, 1);
		equal((await at.rest.send("POST", "/api/otaPackage", info)).status, 400);
	});

	it("refuses to assign a package without bytes", async () => {
		const info = { title: "t", version: "1", type: "FIRMWARE" };
		const { id } = (await at.rest.send("POST", "/api/otaPackage", info)).body as { id: object };
		equal(
			(await at.rest.send("POST", "/api/device", { id: { id: at.device.id }, name: "d", firmwareId: id }))
				.status,
			400,
		);
	});

	it("keeps bytes of an upload that look like a boundary line", async () => {
		const bytes = Buffer.from("\r\n--x\r\n\r\n--");
		const id = await at.rest.firmware("v1", Uint8Array.from(bytes));
		deepEqual(at.server.core.packages.byId(id)?.data, bytes);
	});

	it("names host and port when a port is taken", async () => {
		const other = createServer();
		await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
		const { port } = other.address() as { port: number };
		const error = await startThingsBoard({ mqttPort: port, httpPort: 0 }).catch((reason: Error) => reason);
		includes(String(error), `MQTT on 127.0.0.1:${port}: expected a free port, it is taken`);
		other.close();
	});
});

describe("thingsboard faults", () => {
	let at: Bench;
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(() => at.end());

	const fault = (body: object) => at.rest.send("POST", "/api/standin/faults", { device: "d", ...body });

	it("refuses the next connections with the code that was asked for", async () => {
		await fault({ refuse: 3, refuseTimes: 2 });
		for (const expected of [3, 3, 0]) {
			const peer = new Peer(at.server);
			peer.send(hello({ username: "token" }));
			const packet = await peer.next();
			equal(packet !== "closed" && packet.cmd === "connack" && packet.returnCode, expected);
		}
	});

	it("publishes any bytes on any topic", async () => {
		const peer = await online(at);
		const payload = Buffer.from("{not json").toString("base64");
		await at.rest.send("POST", "/api/standin/publish", {
			device: "d",
			topic: "v1/devices/me/attributes",
			payload,
		});
		const { topic, text } = await peer.message();
		deepEqual([topic, text], ["v1/devices/me/attributes", "{not json"]);
	});

	it("lets packet ids overflow to 0, as the server's do", async () => {
		const peer = await online(at);
		await fault({ nextId: 65_535 });
		const bytes: Buffer[] = [];
		peer.socket.removeAllListeners("data").on("data", (part) => bytes.push(part));
		const long = { device: "d", topic: "t".repeat(65_536) };
		equal((await at.rest.send("POST", "/api/standin/publish", long)).status, 400);
		for (const _ of [1, 2]) await at.rest.send("POST", "/api/standin/publish", { device: "d", topic: "t" });
		await fault({ close: true });
		equal(await peer.kind(), "closed");
		deepEqual(
			Buffer.concat(bytes),
			Buffer.from("320500 0174ffff 320500 01740000".replaceAll(" ", ""), "hex"),
		);
	});

	it("answers 400 to a count that is none and to a publish without a connection", async () => {
		equal((await fault({ dropAfterBytes: -1 })).status, 400);
		equal((await at.rest.send("POST", "/api/standin/publish", { device: "d", topic: "t" })).status, 400);
	});
});
