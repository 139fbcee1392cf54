// TBClient in Moddable's desktop simulator, over the SDK's own MQTT client and the SDK's own TLS, looked at by REST from the outside: the
// very programs that the end-to-end specs run on the virtual board.
import { webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { StoreValue } from "../../hosts/contract.ts";
import { Authority, type Identity, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import { idOf } from "../../tools/peer/rest.ts";
import { Board, wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { buildHost, findSDK, root, type SDK } from "../../tools/sdk/sdk.ts";
import { der, prepare, type Settings } from "../../tools/start/example.ts";
import { deepEqual, equal } from "../assert.ts";
import { eventually, openSite, type Site, type SiteDevice } from "../e2e/harness/site.ts";

const work = join(root, ".test/sdk/client");
const Patience = 30_000; // ms

/** As the simulator's store keeps values. */
const kept = (value: StoreValue) =>
	value instanceof ArrayBuffer ? { hex: Buffer.from(value).toString("hex") } : value;

/** A certificate signed by its own RSA key: the SDK's TLS signs with no other kind (docs/sdk.md). */
async function rsaIdentity(name: string): Promise<Identity> {
	const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: Uint8Array.of(1, 0, 1) };
	const usages = ["sign", "verify"] as const;
	const keys = await webcrypto.subtle.generateKey({ ...algorithm, modulusLength: 2048 }, true, usages);
	const made = await x509.X509CertificateGenerator.createSelfSigned(
		{ name: `CN=${name}`, keys, notAfter: new Date(Date.now() + 86_400_000) },
		webcrypto as never,
	);
	const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
	return { cert: made.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}

describe("TBClient in the simulator (needs MODDABLE)", () => {
	const folder = mkdtempSync(join(tmpdir(), "sdk-client-"));
	let sdk: SDK;
	let display: Display;
	let at: Site;
	let authority: Authority;
	let board: Board | undefined;
	let lines: string[] = [];

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		sdk = findSDK();
		display = await openDisplay();
		authority = await Authority.make();
		const { cert, key } = await authority.issue({ name: "stand-in", hosts: loopbackHosts });
		writeFileSync(join(folder, "cert"), cert + authority.chain);
		writeFileSync(join(folder, "key"), key);
		const tls = ["--tls", "--tls-port", "0", "--cert", join(folder, "cert"), "--key", join(folder, "key")];
		at = await openSite("--answer-rpc", ...tls);
	});
	after(async () => {
		rmSync(folder, { recursive: true });
		display?.close();
		await at?.close();
	});
	afterEach(async function () {
		await board?.stop();
		board = undefined;
		if (this.currentTest?.isFailed()) console.log(lines.slice(-40).join("\n"));
	});

	/** A board with a program and its settings, powered on. */
	function power(library: string, settings: Settings): void {
		const state = join(work, "state");
		const { host, port } = at.mqtt;
		const tb = Object.entries({ host, port, ...settings }).map(([name, value]) => [name, kept(value)]);
		wipe(state);
		lines = [];
		const onLine = (line: string): void => void lines.push(line);
		board = new Board({ moddable: sdk.moddable, display: display.name, library, state, onLine });
		writeFileSync(join(state, "store.json"), JSON.stringify({ tb: Object.fromEntries(tb) }));
	}

	/** The program's line with this text. */
	const saw = (text: string) =>
		eventually(`the line ${text}`, async () => lines.find((line) => line.includes(text)), Patience);

	describe("over TCP", () => {
		let library = "";
		let device: SiteDevice;
		before(async () => {
			library = await buildHost(sdk, join(root, "test/sdk/client/puppet.json"), join(work, "puppet"));
			device = await at.device("sdk-puppet");
		});

		it("does the whole device API", async () => {
			await at.setAttributes(device.id, "SHARED_SCOPE", { watched: 1 });
			power(library, { token: device.token });
			await saw("watched 1");
			const tell = (method: string, params: unknown = {}) => at.rpc(device.id, method, params);
			const done = { code: null };
			const sent = { integer: 7, double: 20.25, text: "auto", flag: false, json: { a: [1, { b: null }] } };
			deepEqual(await tell("sendTelemetry", sent), done);
			const seen = await eventually("telemetry", async () => {
				const latest = await at.latest(device.id, ...Object.keys(sent));
				return Object.keys(latest).length === 5 && latest;
			});
			deepEqual(Object.fromEntries(Object.entries(seen).map(([key, { value }]) => [key, value])), sent);
			equal(await tell("burst", 100), "all");
			deepEqual(await tell("sendUnacknowledged", { loose: 1 }), done);
			deepEqual(await tell("sendAttributes", { own: true }), done);
			deepEqual(await tell("requestAttributes", { client: ["own"], shared: ["watched"] }), {
				...{ client: { own: true }, shared: { watched: 1 } },
			});
			deepEqual(await tell("call", { pin: 7 }), { pin: 7 });
			deepEqual(await tell("later", [1]), [1]);
			deepEqual(await tell("dance"), { error: "unknown method dance" });
			deepEqual(await tell("large", 3000), "x".repeat(3000));
			await at.setAttributes(device.id, "SHARED_SCOPE", { watched: 2 });
			await saw("watched 2");
			await at.deleteAttributes(device.id, "SHARED_SCOPE", "watched");
			await saw("watched null watched");
		});
	});

	describe("provisioning itself", () => {
		let library = "";
		let profile: Settings;
		before(async () => {
			library = await buildHost(sdk, join(root, "test/sdk/client/newcomer.json"), join(work, "newcomer"));
			const ground = { rest: at.rest, device: { id: "", name: "" }, unique: (what: string) => at.name(what) };
			profile = await prepare("provisioning", { ...ground, later: (undo) => at.later(undo) });
		});

		/** What the server has of the device that provisioned itself. */
		async function credentials(name: string): Promise<unknown> {
			const id = idOf(await at.rest.ask("GET", `/api/tenant/devices?deviceName=${name}`));
			return (await at.rest.ask("GET", `/api/device/${id}/credentials`)).credentialsType;
		}

		it("over TCP, with a token that the server makes", async () => {
			const name = at.name("sdk-token");
			power(library, { ...profile, name });
			await saw("telemetry acknowledged");
			equal(await credentials(name), "ACCESS_TOKEN");
		});

		it("over TLS, with a token of its own", async () => {
			const name = at.name("sdk-tls");
			const token = at.name("sdk-token").slice(-20);
			const tls = { tlsPort: at.tlsPort ?? 0, ca: der(authority.cert) };
			power(library, { ...profile, name, own: JSON.stringify({ token }), ...tls });
			await saw("telemetry acknowledged");
			equal(await credentials(name), "ACCESS_TOKEN");
		});

		it("over TLS, with a certificate of its own", async () => {
			const name = at.name("sdk-x509");
			const { cert, key } = await rsaIdentity("simulator");
			const own = JSON.stringify({ certificate: cert.replace(/-----[^-]+-----|\s/g, "") });
			const tls = { tlsPort: at.tlsPort ?? 0, ca: der(authority.cert), cert: der(cert), certKey: der(key) };
			power(library, { ...profile, name, own, ...tls });
			await saw("telemetry acknowledged");
			equal(await credentials(name), "X509_CERTIFICATE");
		});

		it("not over TLS with a server that nobody vouches for", async () => {
			const stranger = await Authority.make("somebody else");
			power(library, { ...profile, tlsPort: at.tlsPort ?? 0, ca: der(stranger.cert) });
			await saw("TB_TLS");
		});
	});
});
