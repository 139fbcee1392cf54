// Every example on a virtual board, looked at from the server's side.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { Authority } from "../../thingsboard/tls/authority.ts";
import { idOf } from "../../tools/peer/rest.ts";
import { der, examples, prepare, type Settings, standInFor } from "../../tools/start/example.ts";
import { boardWith, type TestBoard } from "./harness/board.ts";
import { eventually, openSite, type Site, type SiteDevice } from "./harness/site.ts";
import { root } from "./program.ts";

/** What must be seen of an example. `run` boots it for the device, with more settings if it needs any. */
interface Stage {
	at: Site;
	device: SiteDevice;
	/** What the example was set up with. */
	ground: Settings;
	run(settings?: Settings): Promise<TestBoard>;
}

const checks: Record<string, (stage: Stage) => Promise<void>> = {
	async telemetry({ at, device, run }) {
		const board = await run();
		for (const what of ["now", "a minute ago", "two readings"]) await board.saw(`${what}: acknowledged`);
		const points = await eventually("four temperatures", async () => {
			const list = await at.series(device.id, "temperature");
			return list.length === 4 && list;
		});
		assert.deepEqual(
			points.map(({ value }) => value),
			[18.5, 19.5, 20.5, 21.5],
		);
		assert.deepEqual(
			points.slice(1, 3).map(({ ts }, index) => ts - (points[index]?.ts ?? 0)),
			[60_000, 60_000],
		);
		const { open, mode, position } = await at.latest(device.id, "open", "mode", "position");
		assert.deepEqual([open?.value, mode?.value, position?.value], [false, "auto", { x: 1, y: 2 }]);
	},

	async attributes({ at, device, run }) {
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: 7 });
		const board = await run();
		await board.saw("serial 4711, interval 7");
		assert.deepEqual(await at.attributes(device.id, "CLIENT_SCOPE"), {
			...{ firmware: "v1.2", serial: 4711, calibration: { offset: 0.5 } },
		});
	},

	async "shared-attributes"({ at, device, run }) {
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: 7 });
		const board = await run();
		await board.saw("interval 7");
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: 30 });
		await board.saw("pushed interval");
		await board.saw("interval 30");
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: "soon" });
		await at.deleteAttributes(device.id, "SHARED_SCOPE", "interval");
		await board.saw("interval 10");
	},

	async rpc({ at, device, run }) {
		const board = await run();
		await board.saw("ready");
		assert.deepEqual(await at.rpc(device.id, "setLamp", true), { lamp: true });
		assert.deepEqual(await at.rpc(device.id, "measure"), { temperature: 21.5 });
		assert.deepEqual(await at.rpc(device.id, "setLamp", "on"), {
			error: "setLamp: expected a boolean, got string",
		});
		const { error } = await at.rpc(device.id, "dance");
		assert.match(String(error), /dance/);
	},

	async claim({ at, device, run }) {
		const customer = await at.customer("claimer");
		await at.setAttributes(device.id, "SERVER_SCOPE", { claimingAllowed: true });
		const board = await run();
		await board.saw("claim: acknowledged");
		const path = `/api/customer/device/${encodeURIComponent(device.name)}/claim`;
		const answer = await customer.rest.ask("POST", path, { secretKey: "printed-on-the-device" });
		assert.equal(answer.response, "SUCCESS");
		const { customerId } = await at.rest.ask("GET", `/api/device/${device.id}`);
		assert.equal((customerId as { id: string }).id, customer.id);
	},

	async provisioning({ at, device, run }) {
		const name = at.name("provisioning-provisioned");
		const board = await run();
		await board.saw("telemetry: acknowledged");
		const made = await at.rest.ask("GET", `/api/tenant/devices?deviceName=${name}`);
		const id = idOf(made);
		at.later(() => at.rest.send("DELETE", `/api/device/${id}`));
		const provisioned = async () => (await at.latest(id, "provisioned")).provisioned;
		assert.equal((await eventually("telemetry", provisioned)).value, true);
		// At the next boot it uses what it kept: the server would refuse its name a second time.
		board.board.powerCut();
		board.board.powerOn();
		await board.saw("telemetry: acknowledged");
		const { credentialsType } = await at.rest.ask("GET", `/api/device/${id}/credentials`);
		assert.equal(credentialsType, "ACCESS_TOKEN");
		assert.notEqual(id, device.id);
	},

	async call({ run }) {
		const board = await run();
		await board.saw(/^time: .*\d{13}/);
		await board.saw('echo: {"pin":7}');
	},

	async health({ at, device, run }) {
		const board = await run();
		await board.saw("0 acknowledged, 0 dropped");
		const seen = await eventually("a report", async () => {
			const latest = await at.latest(device.id, "tbConnects", "resetReason");
			return latest.resetReason && latest;
		});
		assert.deepEqual([seen.tbConnects?.value, seen.resetReason?.value], [1, "POWERON"]);
	},

	async outbox({ at, device, run }) {
		const { board, ...watched } = await offlineReadings(await run());
		board.setLink(true);
		const points = await eventually("readings from before the power cut, and after it", async () => {
			const all = await at.series(device.id, "reading");
			return all.filter(({ value }) => value === 1).length === 2 && all;
		});
		const first = points.map(({ value }) => value).slice(0, watched.last);
		assert.deepEqual(
			first,
			Array.from({ length: watched.last }, (_, index) => index + 1),
		);
		const gaps = points.slice(1, watched.last).map(({ ts }, index) => ts - (points[index]?.ts ?? 0));
		assert.ok(Math.min(...gaps) >= 300, `${gaps} ms between readings, taken every 500 ms`);
	},

	// With a mod: test/e2e/software.test.ts.
	async software({ at, device, run }) {
		const board = await run();
		await board.saw("mod none, app test");
		const told = await eventually("what runs", async () => {
			const { current_sw_version: sw } = await at.latest(device.id, "current_sw_version");
			return sw?.value;
		});
		assert.equal(told, "none");
	},

	async tls({ at, device, run }) {
		const board = await run();
		await board.saw("telemetry: acknowledged");
		assert.equal((await at.latest(device.id, "encrypted")).encrypted?.value, true);
		const stranger = await run({ ca: (await foreign()).ca as ArrayBuffer });
		await stranger.saw("TB_TLS");
	},

	async x509({ at, device, run }) {
		const board = await run();
		await board.saw("telemetry: acknowledged");
		assert.equal((await at.latest(device.id, "login")).login?.value, "x509");
		const stranger = await run(await foreign());
		await stranger.saw("TB_");
		assert.equal((await at.series(device.id, "login")).length, 1);
	},

	async "basic-credentials"({ at, device, run }) {
		const wrong = await run({ password: "guess" });
		await wrong.saw("the server does not know these credentials");
		const board = await run();
		await board.saw("telemetry: acknowledged");
		const { login } = await eventually("telemetry", async () => {
			const latest = await at.latest(device.id, "login");
			return latest.login && latest;
		});
		assert.equal(login?.value, "basic");
	},

	async topics({ at, device, run }) {
		const board = await run();
		await board.saw("both: acknowledged");
		await eventually("telemetry", async () => (await at.latest(device.id, "temperature")).temperature);
		assert.deepEqual(await at.attributes(device.id, "CLIENT_SCOPE"), { line: 7 });
	},

	async protobuf({ at, device, run }) {
		const board = await run();
		await board.saw("both: acknowledged");
		const seen = await eventually("telemetry", async () => {
			const latest = await at.latest(device.id, "temperature", "humidity", "innerObject");
			return Object.keys(latest).length === 3 && latest;
		});
		assert.deepEqual(
			["temperature", "humidity", "innerObject"].map((key) => seen[key]?.value),
			[21.5, 40, { key1: "protobuf", key4: 7 }],
		);
		assert.deepEqual(await at.attributes(device.id, "CLIENT_SCOPE"), {
			...{ firmwareVersion: "v1.2", serialNumber: "SN-1" },
		});
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: 8, mode: "slow" });
		await board.saw(/pushed .*"interval":8/);
		const { payload } = await at.rpc(device.id, "echo", "text");
		assert.deepEqual(JSON.parse(String(payload)), { method: "echo", params: "text" });
	},

	async "gateway-udp"({ at, ground, run }) {
		const board = await run();
		await board.saw("ready");
		const sensor = createSocket("udp4");
		try {
			const name = at.name('sensor "ä"');
			at.forget(name);
			const say = (text: string) => void sensor.send(text, Number(ground.udpPort), "127.0.0.1");
			sensor.on("message", (data) => {
				const { id, method, params } = JSON.parse(String(data));
				say(JSON.stringify({ name, id, result: { method, params } }));
			});
			say("no JSON");
			say(JSON.stringify({ name, values: { temperature: 21.5 } }));
			await board.saw("udp: ");
			await board.saw("connected");
			const made = await at.rest.ask("GET", `/api/tenant/devices?deviceName=${encodeURIComponent(name)}`);
			assert.equal(made.type, "sensor");
			const stored = async () => (await at.latest(idOf(made), "temperature")).temperature;
			assert.equal((await eventually("temperature", stored)).value, 21.5);
			assert.deepEqual(await at.rpc(idOf(made), "blink", 3), { method: "blink", params: 3 });
			const other = at.name("renamed");
			at.forget(other);
			await at.rest.ask("POST", "/api/device", { ...made, name: other });
			await board.saw(`${other} connected`);
			say(JSON.stringify({ name, values: { temperature: 22 } }));
			await eventually("temperature", async () => (await stored())?.value === 22);
			assert.deepEqual(await at.rpc(idOf(made), "blink", 4), { method: "blink", params: 4 });
		} finally {
			sensor.close();
		}
	},

	async "short-topics"({ at, device, run }) {
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: 7 });
		const board = await run();
		await board.saw("interval: 7");
		assert.deepEqual(await at.attributes(device.id, "CLIENT_SCOPE"), { short: true });
		await eventually("telemetry", async () => (await at.latest(device.id, "temperature")).temperature);
		await at.setAttributes(device.id, "SHARED_SCOPE", { interval: 8 });
		await board.saw('pushed {"interval":8}');
		assert.deepEqual(await at.rpc(device.id, "echo", [1, 2]), { echo: [1, 2] });
	},
};

/** The network goes, three readings later the power, and comes back without the network. */
async function offlineReadings(made: TestBoard): Promise<{ board: TestBoard["board"]; last: number }> {
	const { board } = made;
	await made.saw("connected");
	await made.saw("reading 1");
	board.setLink(false);
	for (let i = 0; i < 3; i++) await made.saw("reading");
	board.powerCut();
	const last = made.traces.filter((line) => line.startsWith("reading")).length;
	board.powerOn();
	await made.saw("reading 1");
	return { board, last };
}

/** An authority and a device that the server never heard of. */
async function foreign(): Promise<Settings> {
	const authority = await Authority.make("somebody else");
	const { cert, key } = await authority.issue({ name: "stranger" });
	return { ca: der(authority.cert), cert: der(cert), key: der(key) };
}

const names = examples();
// They need a server whose authority we are, and a rule chain that answers.
const onlyHere = ["call", "tls", "x509"];
const needs = (name: string): string =>
	onlyHere.includes(name) ? "needs a stand-in of our own" : "needs the XS worker";

describe("The examples @real", function () {
	this.timeout(60_000);
	const folder = mkdtempSync(join(tmpdir(), "examples-"));
	let at: Site;
	let authority: Authority;
	before(async () => {
		const { args, authority: own } = await standInFor(folder);
		at = await openSite(...args);
		authority = own;
	});
	after(async () => {
		rmSync(folder, { recursive: true });
		await at.close();
	});

	for (const [name, check] of Object.entries(checks))
		(workerBuilt() ? it : it.skip)(`${name} (${needs(name)})`, async function () {
			if (process.env.TB_URL && onlyHere.includes(name)) this.skip();
			const boards: TestBoard[] = [];
			const device = await at.device(name);
			const { host, port } = at.mqtt;
			const ground = await prepare(name, {
				rest: at.rest,
				later: (undo) => at.later(undo),
				tls: at.tlsPort === undefined ? undefined : { port: at.tlsPort, authority },
				device,
				unique: (what) => at.name(`${name}-${what}`),
			});
			const run = async (settings: Settings = {}): Promise<TestBoard> => {
				const board = await boardWith(`examples/${name}.ts`, {
					host,
					port,
					token: device.token,
					...ground,
					...settings,
				});
				boards.push(board);
				return board;
			};
			try {
				await check({ at, device, ground, run });
				for (const { traces } of boards)
					assert.deepEqual(
						traces.filter((line) => line.startsWith("reset")),
						[],
					);
			} finally {
				for (const board of boards) board.close();
			}
		});
});

describe("The examples", () => {
	it("are all run here, and all in examples/README.md", () => {
		assert.deepEqual(Object.keys(checks).sort(), names.sort());
		const text = readFileSync(join(root, "examples/README.md"), "utf8");
		const rows = [...text.matchAll(/^\| \[([a-z0-9-]+)\]\(\1\.ts\) \|/gm)].map(([, name]) => name);
		assert.deepEqual(rows.sort(), [...names].sort());
	});

	it("are about 30 lines: on average at most that, the longest, a bridge to real sensors, 55", () => {
		const lines = names.map(
			(name) =>
				readFileSync(join(root, `examples/${name}.ts`), "utf8")
					.trim()
					.split("\n").length,
		);
		assert.ok(lines.reduce((sum, count) => sum + count, 0) <= 30 * lines.length, `${lines}`);
		assert.ok(Math.max(...lines) <= 55, `${lines}`);
	});
});
