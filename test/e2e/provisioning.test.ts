// Provisioning with credentials of every type, by a virtual board, looked at by REST from the outside.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { Authority } from "../../thingsboard/tls/authority.ts";
import { idOf } from "../../tools/peer/rest.ts";
import { der, prepare, type Settings, standInFor } from "../../tools/start/example.ts";
import { boardWith, type TestBoard } from "./harness/board.ts";
import { openSite, type Site } from "./harness/site.ts";

(workerBuilt() ? describe : describe.skip)("Provisioning (needs the XS worker) @real", function () {
	this.timeout(60_000);
	const folder = mkdtempSync(join(tmpdir(), "provisioning-"));
	const boards: TestBoard[] = [];
	let at: Site;
	let authority: Authority;
	let profile: Settings;
	let count = 0;

	before(async () => {
		const { args, authority: own } = await standInFor(folder);
		authority = own;
		at = await openSite(...args);
		const ground = { rest: at.rest, device: { id: "", name: "" }, unique: (what: string) => at.name(what) };
		profile = await prepare("provisioning", { ...ground, later: (undo) => at.later(undo) });
	});
	after(async () => {
		rmSync(folder, { recursive: true });
		await at.close();
	});
	afterEach(() => {
		for (const board of boards.splice(0)) board.close();
	});

	/** A new device that boots with these settings, under a name of its own. */
	async function boot(settings: Settings = {}): Promise<{ board: TestBoard; name: string }> {
		const name = at.name(`new-${++count}`);
		const { host, port } = at.mqtt;
		const board = await boardWith("test/e2e/guests/newcomer.ts", {
			host,
			port,
			...profile,
			name,
			...settings,
		});
		boards.push(board);
		at.later(async () => {
			const made = await at.rest.send("GET", `/api/tenant/devices?deviceName=${name}`);
			if (made.status === 200) await at.rest.send("DELETE", `/api/device/${idOf(made.body as never)}`);
		});
		return { board, name };
	}

	/** Credentials that the server has for the device of that name. */
	async function credentials(name: string): Promise<Record<string, unknown>> {
		const made = await at.rest.ask("GET", `/api/tenant/devices?deviceName=${name}`);
		return at.rest.ask("GET", `/api/device/${idOf(made)}/credentials`);
	}

	it("with a token that the server makes", async () => {
		const { board, name } = await boot();
		await board.saw("given token");
		await board.saw("telemetry acknowledged");
		assert.equal((await credentials(name)).credentialsType, "ACCESS_TOKEN");
	});

	it("with a token of the device's own", async () => {
		const token = at.name("own-token").slice(-20);
		const { board, name } = await boot({ own: JSON.stringify({ token }) });
		await board.saw("telemetry acknowledged");
		assert.equal((await credentials(name)).credentialsId, token);
	});

	it("with basic credentials", async () => {
		const basic = { clientId: at.name("c"), userName: at.name("u"), password: "secret" };
		const { board, name } = await boot({ own: JSON.stringify(basic) });
		await board.saw("given clientId,userName,password");
		await board.saw("telemetry acknowledged");
		assert.equal((await credentials(name)).credentialsType, "MQTT_BASIC");
	});

	it("with a certificate, over TLS that is verified", async function () {
		if (at.tlsPort === undefined) this.skip(); // needs a server whose authority we are
		const { cert, key } = await authority.issue({ name: "newcomer" });
		const tls = { tlsPort: at.tlsPort, ca: der(authority.cert), cert: der(cert), certKey: der(key) };
		const certificate = cert.replace(/-----[^-]+-----|\s/g, "");
		const { board, name } = await boot({ own: JSON.stringify({ certificate }), ...tls });
		await board.saw(/^given $/);
		await board.saw("telemetry acknowledged");
		assert.equal((await credentials(name)).credentialsType, "X509_CERTIFICATE");
	});

	it("not over TLS with a server that nobody vouches for", async function () {
		if (at.tlsPort === undefined) this.skip();
		const stranger = (await Authority.make("somebody else")).cert;
		const { board } = await boot({ tlsPort: at.tlsPort, ca: der(stranger) });
		await board.saw("TB_TLS");
	});

	it("not with a wrong secret, which is told", async () => {
		const { board } = await boot({ secret: "wrong" });
		await board.saw("TB_PROVISION: provision: expected SUCCESS, got NOT_FOUND");
	});

	it("not under a name that is taken, which is told", async () => {
		const { board, name } = await boot();
		await board.saw("telemetry acknowledged");
		const { board: other } = await boot({ name });
		await other.saw("TB_PROVISION: provision: expected SUCCESS, got FAILURE");
	});

	it("once only: after a power cut the device has what it got", async () => {
		const { board } = await boot();
		await board.saw("telemetry acknowledged");
		board.board.powerCut();
		board.board.powerOn();
		await board.saw("telemetry acknowledged");
		assert.equal(board.traces.filter((line) => line.startsWith("given")).length, 2);
	});

	it("with its own token, cut off before the answer: it is tried at the next boot", async () => {
		const token = at.name("cut-token").slice(-20);
		const { board } = await boot({ own: JSON.stringify({ token }) });
		await board.saw("given token");
		board.board.powerCut(); // the server knows the token, the device has heard of it, and no connection has confirmed it
		board.board.powerOn();
		await board.saw("telemetry acknowledged");
		assert.equal(board.traces.filter((line) => line.includes("TB_PROVISION")).length, 0);
	});
});
