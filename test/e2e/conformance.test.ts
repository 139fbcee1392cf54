import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { startThingsBoard } from "../../thingsboard/server.ts";
import type { Limits } from "../../tools/conformance/question.ts";
import { rows, unasked } from "../../tools/conformance/rows/index.ts";
import { type Choice, conformance, type Result } from "../../tools/conformance/run.ts";
import { RestClient } from "../../tools/peer/rest.ts";
import { Site } from "../../tools/peer/site.ts";
import { startServer } from "../../tools/start/process.ts";
import { run } from "./program.ts";

const long = process.env.TEST_LONG === "1";
const limits: Limits = {
	patience: 5000,
	settle: 30,
	inactivity: 6000,
	clientRpc: 300,
	rpcAck: 300,
	provisionClose: 300,
};
const settings = {
	inactivity: limits.inactivity,
	clientRpcTimeout: limits.clientRpc,
	rpcAckTimeout: limits.rpcAck,
	provisionClose: limits.provisionClose,
	otaPacing: 0,
};
const everything: Choice = { derived: true, slow: long, only: "" };

/** A stand-in in this process, and a site on it; `mqttPort` may be somebody else's. */
async function open(patience: number, mqttPort?: number) {
	const server = await startThingsBoard({ mqttPort: 0, httpPort: 0, settings });
	const rest = new RestClient(server.url);
	await rest.login("tenant@thingsboard.org", "tenant");
	const options = { patience, end: () => server.close() };
	return { server, site: new Site(rest, { host: "127.0.0.1", port: mqttPort ?? server.mqttPort }, options) };
}

const brief = ({ items, title, ...rest }: Result): string =>
	`${items.join()} ${title} ${JSON.stringify(rest)}`;

describe("npm run conformance", function () {
	this.timeout(120_000);

	it("has a question, or a reason for none, for each of the 24 items and 48 traps", () => {
		const asked = new Set([
			...rows(limits).flatMap(({ items }) => items),
			...unasked.map(({ item }) => item),
		]);
		const names = [
			...Array.from({ length: 24 }, (_, i) => `14.${i + 1}`),
			...Array.from({ length: 48 }, (_, i) => `trap ${i + 1}`),
		];
		assert.deepEqual(
			names.filter((name) => !asked.has(name)),
			[],
		);
		assert.deepEqual(
			[...asked].filter((name) => !names.includes(name)),
			[],
		);
	});

	it("finds that the stand-in holds in every row, and leaves nothing behind on it", async () => {
		const { server, site } = await open(limits.patience);
		const results = await conformance(site, limits, everything);
		await site.close();
		const differing = results.filter(({ verdict }) => verdict === "differs");
		assert.deepEqual(differing.map(brief), []);
		assert.ok(results.filter(({ verdict }) => verdict === "holds").length > 85, "too few rows were asked");
		assert.deepEqual(server.core.devices.all(), []);
		assert.deepEqual(server.core.packages.all(), []);
		assert.equal(server.core.profiles.all().length, 1);
		assert.deepEqual(server.core.users.customers(), []);
	});

	it("asks of rate limits where the server has some", async () => {
		const only = { ...everything, only: "14.24" };
		const first = await open(limits.patience);
		const without = await conformance(first.site, limits, only);
		await first.site.close();
		const { server, site } = await open(limits.patience);
		for (const level of ["device", "gateway", "gatewayDevice"] as const)
			server.core.limits.set(level, { telemetryMessages: "5:60" });
		const results = await conformance(site, limits, only);
		await site.close();
		assert.deepEqual(
			without.map(({ verdict }) => verdict),
			["not asked", "not asked"],
		);
		assert.deepEqual(results.filter(({ verdict }) => verdict !== "holds").map(brief), []);
	});

	it("finds what differs on a server that loses its acknowledgements", async () => {
		const { server, site } = await open(150);
		const { onCreated } = server.core.devices;
		server.core.devices.onCreated = (device) => {
			onCreated(device);
			server.core.faults.set("loseAcks", 100, device);
		};
		const results = await conformance(site, { ...limits, patience: 150 }, { ...everything, only: "14.8" });
		await site.close();
		const unknown = results.find(({ title }) => title.startsWith("an unknown topic is acknowledged"));
		assert.ok(unknown?.verdict === "differs");
		assert.deepEqual([unknown.expected, unknown.got], ["puback 1", ""]);
		const silence = results.find(({ title }) => title.startsWith("a gateway topic from a device"));
		assert.equal(silence?.verdict, "holds");
	});

	it("finds no row to hold, but the one by REST alone, where MQTT is only a port that says nothing", async () => {
		const sockets = new Set<Socket>();
		const silent = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
		await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
		const { site } = await open(40, (silent.address() as { port: number }).port);
		const results = await conformance(site, { ...limits, patience: 40 }, { ...everything, slow: false });
		await site.close();
		for (const socket of sockets) socket.destroy();
		silent.close();
		const holding = results.filter(({ verdict }) => verdict === "holds");
		assert.deepEqual(
			holding.map(({ items }) => items[0]),
			["14.22"],
		);
	});

	it("ends with 0, 1 or 2, and prints one JSON object with --json", async () => {
		const args = ["--port", "0", "--http-port", "0", "--set", "maxPayload=1000"];
		const { program, url, mqttPort } = await startServer(args);
		const ask = (...more: string[]) =>
			run("tools/conformance.ts", [
				"--url",
				url,
				"--mqtt",
				`127.0.0.1:${mqttPort}`,
				"--settle",
				"30",
				...more,
			]);
		const [good, bad, nobody] = await Promise.all([
			ask("--json", "--only", "14.3"),
			ask("--only", "14.7"),
			run("tools/conformance.ts", ["--url", "http://127.0.0.1:1"]),
		]);
		await program.end();
		assert.equal(good.status, 0, good.text);
		const report = JSON.parse(/^\{.*\}$/m.exec(good.text)?.[0] ?? "");
		assert.deepEqual([report.holds, report.differs, report.rows.length], [2, 0, 2]);
		assert.equal(bad.status, 1, bad.text);
		assert.match(bad.text, /expected puback 1\n {4}got {6}closed/);
		assert.equal(nobody.status, 2, nobody.text);
	});
});
