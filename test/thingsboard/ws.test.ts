import { once } from "node:events";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench } from "./server.ts";

type Update = { subscriptionId: number; errorCode: number; errorMsg: string | null; data: unknown };

/** A client of the websocket API: updates are kept until they are taken. */
class Client {
	readonly socket: WebSocket;
	readonly closed: Promise<[number, Buffer]>;
	#updates: Update[] = [];
	#wake: () => void = () => undefined;

	constructor(url: string) {
		this.socket = new WebSocket(url.replace("http", "ws"));
		this.closed = once(this.socket, "close") as Promise<[number, Buffer]>;
		this.socket.on("message", (data) => {
			this.#updates.push(JSON.parse(data.toString()));
			this.#wake();
		});
	}

	async send(message: object | string): Promise<void> {
		if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, "open");
		this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
	}

	async next(): Promise<Update> {
		while (!this.#updates.length)
			await new Promise<void>((done) => {
				this.#wake = done;
			});
		return this.#updates.shift() as Update;
	}
}

describe("thingsboard websocket", () => {
	let at: Bench;
	let client: Client;
	const ids = () => ({ entityType: "DEVICE", entityId: at.device.id });
	const telemetry = (text: string) =>
		at.rest.send("POST", `/api/plugins/telemetry/DEVICE/${at.device.id}/timeseries/ANY`, text);
	const attributes = (scope: string, values: object) =>
		at.rest.send("POST", `/api/plugins/telemetry/DEVICE/${at.device.id}/attributes/${scope}`, values);
	const open = (path: string) => {
		client = new Client(at.server.url + path);
		return client;
	};
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(async () => {
		client.socket.terminate();
		await at.end();
	});

	it("gives the latest values and then every new one, as text, after an authCmd", async () => {
		await telemetry('{"ts":5,"values":{"a":1,"b":2.0,"c":true}}');
		const cmd = { type: "TIMESERIES", cmdId: 7, ...ids(), scope: "LATEST_TELEMETRY", keys: "a,b" };
		await open("/api/ws").send({ authCmd: { cmdId: 0, token: at.rest.token }, cmds: [cmd] });
		deepEqual(await client.next(), {
			subscriptionId: 7,
			errorCode: 0,
			errorMsg: null,
			data: { a: [[5, "1"]], b: [[5, "2.0"]] },
			latestValues: { a: 5, b: 5 },
		});
		await telemetry('{"ts":4,"values":{"a":0}}'); // older than what was told
		await telemetry('{"ts":6,"values":{"a":{"x":1},"c":2}}');
		deepEqual((await client.next()).data, { a: [[6, '{"x":1}']] });
	});

	it("gives attributes of a scope, later changes, and deleted ones as empty text", async () => {
		await attributes("SHARED_SCOPE", { a: 1 });
		await attributes("SERVER_SCOPE", { b: 1 });
		const cmd = { cmdId: 1, ...ids(), scope: "SHARED_SCOPE" };
		await open(`/api/ws/plugins/telemetry?token=${at.rest.token}`).send({ attrSubCmds: [cmd] });
		const now = at.clock.now();
		deepEqual((await client.next()).data, { a: [[now, "1"]] });
		await attributes("SERVER_SCOPE", { b: 2 });
		await attributes("SHARED_SCOPE", { c: "x" });
		deepEqual((await client.next()).data, { c: [[now, "x"]] });
		await at.rest.send("DELETE", `/api/plugins/telemetry/DEVICE/${at.device.id}/SHARED_SCOPE?keys=a`);
		deepEqual((await client.next()).data, { a: [[0, ""]] });
	});

	it("gives a time window and a history, and goes silent when unsubscribed", async () => {
		for (const ts of [1, 2, 3]) await telemetry(`{"ts":${ts},"values":{"a":${ts}}}`);
		const path = `/api/ws/plugins/telemetry?token=${at.rest.token}`;
		const history = { cmdId: 2, ...ids(), keys: "a", startTs: 1, endTs: 3 };
		const window = { cmdId: 3, ...ids(), keys: "a", startTs: 2, timeWindow: 10 };
		await open(path).send({ tsSubCmds: [window], historyCmds: [history] });
		deepEqual((await client.next()).data, {
			a: [
				[2, "2"],
				[3, "3"],
			],
		});
		deepEqual((await client.next()).data, {
			a: [
				[1, "1"],
				[2, "2"],
			],
		});
		await client.send({ tsSubCmds: [{ ...window, unsubscribe: true }] });
		await client.send({ attrSubCmds: [{ cmdId: 4, ...ids() }] });
		equal((await client.next()).subscriptionId, 4);
		equal(at.device.watchers.size, 1);
	});

	it("forgets its subscriptions when the connection ends", async () => {
		await open("/api/ws").send({
			authCmd: { token: at.rest.token },
			cmds: [{ type: "ATTRIBUTES", cmdId: 1, ...ids() }],
		});
		await client.next();
		equal(at.device.watchers.size, 1);
		client.socket.close();
		await client.closed;
		equal(at.device.watchers.size, 0);
	});

	it("refuses a command with its reason", async () => {
		const path = `/api/ws?token=${at.rest.token}`;
		const cases: [object, number, string][] = [
			[{ cmdId: -1, ...ids() }, 2, "Cmd id is negative value!"],
			[{ cmdId: 1 }, 2, "Device id is empty!"],
			[{ cmdId: 1, entityId: "x" }, 1, "Invalid UUID string: x"],
			[{ cmdId: 1, ...ids(), scope: "NONE" }, 1, "Invalid attributes scope: NONE"],
		];
		open(path);
		for (const [cmd, code, text] of cases) {
			await client.send({ cmds: [{ type: "ATTRIBUTES", ...cmd }] });
			const { errorCode, errorMsg } = await client.next();
			deepEqual([errorCode, errorMsg], [code, text]);
		}
		for (const text of [
			"{",
			"[]",
			'{"cmds":[{"type":"NONE"}]}',
			'{"cmds":[{"type":"TIMESERIES","cmdId":"x"}]}',
		]) {
			await client.send(text);
			equal((await client.next()).errorMsg, "Failed to parse the payload");
		}
	});

	it("ends a connection without a token, with a wrong one, and one that says nothing", async () => {
		await open("/api/ws").send({ cmds: [] });
		equal((await client.closed)[0], 1008);
		await open("/api/ws").send({ authCmd: { token: "no" } });
		equal((await client.closed)[0], 1007);
		equal((await open("/api/ws?token=no").closed)[0], 1011);
		open("/api/ws");
		await once(client.socket, "open");
		at.clock.advance(10_000);
		equal((await client.closed)[0], 1008);
	});

	it("outlives requests to upgrade whose address is no URL, and those that are cut", async () => {
		const { hostname, port } = new URL(at.server.url);
		const head = "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
		for (const path of ["//", "http://[", "/api/ws?token=%zz"]) {
			const socket = connect(Number(port), hostname).on("error", () => undefined);
			socket.end(`GET ${path} ${head}`).resume();
			await once(socket, "close");
		}
		const rude = connect(Number(port), hostname).on("error", () => undefined);
		rude.write(`GET /api/other ${head}`);
		await once(rude, "data");
		rude.resetAndDestroy();
		await open(`/api/ws?token=${at.rest.token}`).send({ cmds: [{ type: "ATTRIBUTES", cmdId: 1, ...ids() }] });
		equal((await client.next()).subscriptionId, 1);
	});

	it("ends although somebody who was refused keeps the connection", async () => {
		const { hostname, port } = new URL(at.server.url);
		const held = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
		held.on("error", () => undefined).write("GET /api/other HTTP/1.1\r\nHost: x\r\n");
		held.write("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
		await once(held, "data");
		await at.server.close();
		held.destroy();
		open("/api/ws").socket.on("error", () => undefined);
	});

	it("ends a connection whose message is too long, and refuses other paths", async () => {
		open(`/api/ws?token=${at.rest.token}`);
		await client.send("x".repeat(40_000));
		equal((await client.closed)[0], 1009);
		open("/api/other");
		const [error] = await once(client.socket, "error");
		ok(String(error).includes("404"));
	});
});
