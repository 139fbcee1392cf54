// The virtual board over TLS: a client in XS, Node's TLS beneath it, and the stand-in behind a listener of its own.
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { Board } from "../../hosts/virtual/board.ts";
import { bundle } from "../../hosts/virtual/bundle.ts";
import { writeFactoryImage, XSVersion } from "../../hosts/virtual/factory.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { Authority, type Identity, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import type { TlsOptions } from "../../thingsboard/tls/listener.ts";

const hex = (pem: string): string => {
	const base64 = pem.replace(/-----[^-]+-----/g, "");
	return Buffer.from(base64, "base64").toString("hex");
};
const bytes = (pem: string): string => `Uint8Array.fromHex("${hex(pem)}").buffer`;

/** `secure` as source text. */
const trust = (ca: Authority, more = "") => `{ certificate: ${bytes(ca.cert)}, ${more} }`;
const show = ({ cert, key }: Identity) => `clientCertificates: [${bytes(cert)}], clientKey: ${bytes(key)},`;

/** A device that connects, sends one message, and traces what becomes of it. */
const program = (port: number, secure: string, more: string) => `
import device from "host/device";
import TBClient from "tbclient";
const client = new TBClient({
	...device.network.mqtts, host: "127.0.0.1", port: ${port}, secure: ${secure}, ${more}
	onConnected() {
		trace("connected\\n");
		client.sendTelemetry({ big: "x".repeat(3000) }, (error) => trace(error ?? "acknowledged", "\\n"));
	},
	onDisconnected: (error) => trace(error, "\\n"),
});
declare function trace(...values: unknown[]): void;`;

const boards: Board[] = [];
const servers: (ThingsBoard | Server)[] = [];
const sockets: Socket[] = [];

/** Boots the program; resolves with the first trace that matches. A reset fails. */
async function run(source: string, awaited: RegExp): Promise<string> {
	const script = await bundle({ source, config: { title: "tls", version: "1.0.0", build: "b" } });
	const identity = { title: "tls", version: "1.0.0", target: "virtual", xs: XSVersion };
	const board = new Board();
	boards.push(board);
	writeFactoryImage(board.flash, buildImage({ identity, payload: Buffer.from(script) }));
	const log: string[] = [];
	return new Promise((resolve, reject) => {
		board.on("reset", ({ reason, text }) => reject(new Error(`${reason}: ${text} after ${log.join()}`)));
		board.on("trace", ({ text }) => {
			log.push(text);
			if (awaited.test(text)) resolve(text);
		});
		board.powerOn();
	});
}

(workerBuilt() ? describe : describe.skip)("MQTT over TLS", function () {
	this.timeout(30_000);
	let ca: Authority;
	let good: Identity;

	before(async () => {
		ca = await Authority.make();
		good = await ca.issue({ name: "server", hosts: loopbackHosts });
	});
	afterEach(async () => {
		for (const board of boards.splice(0)) board.close();
		for (const socket of sockets.splice(0)) socket.destroy();
		for (const server of servers.splice(0)) await server.close();
	});

	/** A stand-in with TLS and a device with token A1. */
	async function serve(identity: Identity, options: Partial<TlsOptions> = {}): Promise<ThingsBoard> {
		const server = await startThingsBoard({
			mqttPort: 0,
			httpPort: 0,
			mqttsPort: 0,
			tls: { ...identity, ca: ca.cert, ...options },
		});
		servers.push(server);
		server.core.devices.create({ name: "TLS" }, "A1");
		return server;
	}
	const port = (server: ThingsBoard): number => server.mqttsPort ?? 0;

	it("connects with a token, and a message larger than a record arrives", async () => {
		const server = await serve(good);
		await run(program(port(server), trust(ca), `token: "A1",`), /acknowledged/);
	});

	it("connects by a client certificate alone", async () => {
		const server = await serve(good);
		const own = await ca.issue({ name: "device" });
		server.core.devices.create({ name: "X" }, { type: "X509_CERTIFICATE", certificate: own.cert });
		await run(program(port(server), trust(ca, show(own)), ""), /acknowledged/);
	});

	it("takes a certificate that no device has for wrong credentials", async () => {
		const server = await serve(good);
		const own = await ca.issue({ name: "stranger" });
		const text = await run(program(port(server), trust(ca, show(own)), ""), /^TB_/);
		assert.match(text, /TB_CREDENTIALS: connect: expected CONNACK 0, got 5/);
	});

	it("refuses a server that another authority vouches for", async () => {
		const server = await serve(good);
		const other = await Authority.make("another");
		const text = await run(program(port(server), trust(other), `token: "A1",`), /^TB_/);
		assert.match(text, /^TB_TLS: connect to 127\.0\.0\.1:\d+: .*certificate/);
	});

	it("refuses a certificate for another host", async () => {
		const server = await serve(await ca.issue({ name: "other", hosts: ["other.example"] }));
		const text = await run(program(port(server), trust(ca), `token: "A1",`), /^TB_/);
		assert.match(text, /^TB_TLS: .*does not match certificate's altnames/);
	});

	it("takes it when `serverName` says so", async () => {
		const server = await serve(await ca.issue({ name: "other", hosts: ["other.example"] }));
		const named = trust(ca, `serverName: "other.example",`);
		await run(program(port(server), named, `token: "A1",`), /acknowledged/);
	});

	it("refuses an expired certificate", async () => {
		const server = await serve(
			await ca.issue({ name: "old", hosts: loopbackHosts, until: Date.now() - 1000 }),
		);
		const text = await run(program(port(server), trust(ca), `token: "A1",`), /^TB_/);
		assert.match(text, /^TB_TLS: .*certificate has expired/);
	});

	it("takes any server when told not to verify", async () => {
		const server = await serve(await (await Authority.make("another")).issue({ name: "x" }));
		await run(program(port(server), "{ verify: false }", `token: "A1",`), /acknowledged/);
	});

	it("asks for a certificate to trust", async () => {
		const text = await run(program(1, "{}", `token: "A1",`), /^TB_/);
		assert.match(text, /^TB_TLS: .*expected a certificate to trust, got none/);
	});

	it("tells a key or certificate that is none", async () => {
		const junk = `{ certificate: new ArrayBuffer(10) }`;
		const text = await run(program(1, junk, `token: "A1",`), /^TB_/);
		assert.match(text, /^TB_TLS: connect to 127\.0\.0\.1:1: /);
	});

	it("tells a server that speaks no TLS, and one that is not there", async () => {
		const server = await serve(good);
		const plain = await run(program(server.mqttPort, trust(ca), `token: "A1",`), /^TB_/);
		assert.match(plain, /^TB_(TLS|LOST): connect to /);
		const none = await run(program(1, trust(ca), `token: "A1",`), /^TB_/);
		assert.match(none, /^TB_LOST: connect to 127\.0\.0\.1:1: expected a connection, it failed$/);
	});

	it("says nothing of the token to a server that ends the handshake at once", async () => {
		const seen: Buffer[] = [];
		const closer = createServer((socket) => {
			sockets.push(socket);
			socket.on("data", (data) => {
				seen.push(data);
				socket.write(Buffer.of(21, 3, 3, 0, 2, 1, 0)); // alert, warning, close_notify
			});
		});
		servers.push(closer);
		await new Promise<void>((done) => closer.listen(0, "127.0.0.1", done));
		const { port: at } = closer.address() as { port: number };
		await run(program(at, trust(ca), `token: "SECRET-TOKEN",`), /^TB_/);
		assert.ok(!Buffer.concat(seen).includes("SECRET-TOKEN"));
	});
});
