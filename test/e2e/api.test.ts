// The device API, row by row, on a virtual board with the real client in the real engine, looked at by REST from the outside.
import assert from "node:assert/strict";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { boardWith, type TestBoard } from "./harness/board.ts";
import { eventually, openSite, type Site, type SiteDevice } from "./harness/site.ts";

(workerBuilt() ? describe : describe.skip)("The device API (needs the XS worker) @real", function () {
	this.timeout(60_000);
	let at: Site;
	let device: SiteDevice;
	let board: TestBoard;

	before(async () => {
		at = await openSite("--answer-rpc");
		device = await at.device("puppet");
		await at.setAttributes(device.id, "SHARED_SCOPE", { watched: 1 });
		board = await boardWith("test/e2e/guests/puppet.ts", settings(device.token));
		await board.saw("ready");
		await board.saw("watched 1");
	});
	after(async () => {
		board.close();
		await at.close();
	});

	/** NVS of a board for that token. */
	const settings = (token: string) => ({ host: at.mqtt.host, port: at.mqtt.port, token });
	/** What the device answers when it is told to do something. */
	const tell = (method: string, params: unknown = {}) => at.rpc(device.id, method, params);
	const done = { code: null };
	const values = async (...keys: string[]) => {
		const latest = await at.latest(device.id, ...keys);
		return Object.fromEntries(Object.entries(latest).map(([key, { value }]) => [key, value]));
	};
	const stored = (...keys: string[]) =>
		eventually(keys.join(), async () => {
			const found = await values(...keys);
			return Object.keys(found).length === keys.length && found;
		});

	describe("connection", () => {
		it("with an access token is accepted; with a wrong one it is refused, and told so", async () => {
			const stranger = await boardWith("test/e2e/guests/puppet.ts", settings("nobody"));
			await stranger.saw("disconnected TB_CREDENTIALS");
			stranger.close();
		});

		it("without a user name is refused", async () => {
			const stranger = await boardWith("test/e2e/guests/puppet.ts", settings(""));
			await stranger.saw("disconnected TB_CREDENTIALS");
			stranger.close();
		});

		it("ends when the device's credentials change, and the old ones are refused", async () => {
			const other = await at.device("changing");
			const changing = await boardWith("test/e2e/guests/puppet.ts", settings(other.token));
			await changing.saw("ready");
			const before = await at.rest.ask("GET", `/api/device/${other.id}/credentials`);
			await at.rest.ask("POST", "/api/device/credentials", { ...before, credentialsId: at.name("changed") });
			await changing.saw("disconnected TB_LOST");
			await changing.saw("disconnected TB_CREDENTIALS");
			changing.close();
		});
	});

	describe("telemetry", () => {
		it("as an object: numbers, text, booleans and JSON, stored with their types", async () => {
			const sent = { integer: 7, double: 20.25, text: "auto", flag: false, json: { a: [1, { b: null }] } };
			assert.deepEqual(await tell("sendTelemetry", sent), done);
			assert.deepEqual(await stored(...Object.keys(sent)), sent);
		});

		it("as an array of objects", async () => {
			assert.deepEqual(await tell("sendTelemetry", [{ first: 1 }, { second: 2 }]), done);
			assert.deepEqual(await stored("first", "second"), { first: 1, second: 2 });
		});

		it("with the client's time", async () => {
			const ts = 1_451_649_600_512;
			assert.deepEqual(await tell("sendTelemetry", { ts, values: { dated: 1 } }), done);
			assert.deepEqual(
				await eventually("dated", () => at.series(device.id, "dated").then((all) => all.length && all)),
				[{ ts, value: 1 }],
			);
		});

		it("without the client's time gets the server's", async () => {
			const from = Date.now() - 60_000;
			await tell("sendTelemetry", { undated: 1 });
			await stored("undated");
			const [point] = await at.series(device.id, "undated");
			assert.ok(point && point.ts > from && point.ts < Date.now() + 60_000);
		});

		it("a hundred at once, each acknowledged, none lost, in order", async () => {
			assert.equal(await tell("burst", 100), "all");
			const points = await eventually("100 points", async () => {
				const all = await at.series(device.id, "burst");
				return all.length === 100 && all;
			});
			assert.deepEqual(
				points.map(({ value }) => value),
				Array.from({ length: 100 }, (_, index) => index),
			);
		});

		it("at QoS 0", async () => {
			assert.deepEqual(await tell("sendUnacknowledged", { loose: 1 }), done);
			assert.deepEqual(await stored("loose"), { loose: 1 });
		});

		it("with a number of too many decimals, which the server would store as text, is a number all the same", async () => {
			assert.deepEqual(await tell("sendTelemetry", { sum: 0.1 + 0.2, version: "v1.10" }), done);
			assert.deepEqual(await stored("sum", "version"), { sum: 0.3, version: "v1.10" });
		});
	});

	describe("attributes", () => {
		it("of the device go up", async () => {
			assert.deepEqual(await tell("sendAttributes", { model: "X1", serial: 12 }), done);
			const { model, serial } = await at.attributes(device.id, "CLIENT_SCOPE");
			assert.deepEqual([model, serial], ["X1", 12]);
		});

		it("are asked for: client and shared ones, mixed, and one that there is not", async () => {
			await tell("sendAttributes", { own: true });
			await at.setAttributes(device.id, "SHARED_SCOPE", { theirs: { a: 1 } });
			await board.saw('attributes {"theirs":{"a":1}}');
			const both = { client: ["own", "nothing"], shared: ["theirs"] };
			assert.deepEqual(await tell("requestAttributes", both), {
				client: { own: true },
				shared: { theirs: { a: 1 } },
			});
			assert.deepEqual(await tell("requestAttributes", { client: ["own"] }), { client: { own: true } });
			assert.deepEqual(await tell("requestAttributes", { shared: ["nothing"] }), {});
		});

		it("that an operator sets are pushed, all of one step together, and so are deletions", async () => {
			await at.setAttributes(device.id, "SHARED_SCOPE", { watched: 2, beside: "x" });
			await board.saw('attributes {"watched":2,"beside":"x"}');
			await board.saw("watched 2");
			await at.deleteAttributes(device.id, "SHARED_SCOPE", "beside", "watched");
			await board.saw("watched null watched");
		});

		it("that were set while the device was away are known when it is back", async () => {
			board.board.setLink(false);
			await board.saw("disconnected");
			await at.setAttributes(device.id, "SHARED_SCOPE", { watched: 3 });
			board.board.setLink(true);
			await board.saw("watched 3");
		});
	});

	describe("RPC from the server", () => {
		it("is answered at once, or later, with any JSON", async () => {
			for (const params of [{ a: [1] }, [1, 2], "text", 5, true, null])
				assert.deepEqual(await tell("echo", params), params);
			assert.deepEqual(await tell("later", { slow: true }), { slow: true });
		});

		it("one way needs no answer", async () => {
			const path = `/api/rpc/oneway/${device.id}`;
			assert.equal((await at.rest.send("POST", path, { method: "never", params: {} })).status, 200);
			await board.saw("call never");
		});

		it("with a method that the device does not know is answered with an error", async () => {
			assert.deepEqual(await tell("dance"), { error: "unknown method dance" });
		});

		it("without an answer ends by the caller's timeout", async () => {
			const body = { method: "never", params: {}, timeout: 5000 };
			assert.equal((await at.rest.send("POST", `/api/rpc/twoway/${device.id}`, body)).status, 504);
		});

		it("for a device that is away is delivered when it is back", async () => {
			board.board.setLink(false);
			await board.saw("disconnected");
			const answer = at.rpc(device.id, "echo", "waited", { timeout: 30_000 });
			board.board.setLink(true);
			assert.equal(await answer, "waited");
		});

		it("that is persistent ends as SUCCESSFUL, with the answer", async () => {
			const call = { method: "echo", params: { p: 1 }, persistent: true, timeout: 20_000 };
			const { rpcId } = await at.rest.ask("POST", `/api/rpc/twoway/${device.id}`, call);
			const record = await eventually("an end", async () => {
				const body = await at.rest.ask("GET", `/api/rpc/persistent/${rpcId}`);
				return body.status === "SUCCESSFUL" && body;
			});
			assert.deepEqual(record.response, { p: 1 });
		});
	});

	it("RPC from the device is answered by the rule chain", async function () {
		if (process.env.TB_URL) this.skip(); // what a rule chain answers is its owner's to say
		assert.deepEqual(await tell("call", { pin: 7 }), { pin: 7 });
	});
});
