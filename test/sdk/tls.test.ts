// TBClient over the SDK's own MQTT client and TLS, inside the simulator, against the stand-in's TLS listener: what is wrong with certificates
// or servers is told, and never a restart. test/sdk/client.test.ts has the ways that succeed.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { Authority, type Identity, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import type { TlsOptions } from "../../thingsboard/tls/listener.ts";
import { wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { Simulator } from "../../tools/sdk/mcsim.ts";
import { buildHost, findSDK, root, type SDK } from "../../tools/sdk/sdk.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

const work = join(root, ".test/sdk/tls");
const state = join(work, "state");
const der = (pem: string) => ({
	hex: Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64").toString("hex"),
});

describe("TLS in the simulator (needs MODDABLE)", () => {
	let sdk: SDK;
	let display: Display;
	let library = "";
	let ca: Authority;
	let good: Identity;
	const servers: (ThingsBoard | Server)[] = [];

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		sdk = findSDK();
		library = await buildHost(sdk, join(root, "test/sdk/tls/manifest.json"), work);
		display = await openDisplay();
		ca = await Authority.make();
		good = await ca.issue({ name: "server", hosts: loopbackHosts });
	});
	after(() => display?.close());
	afterEach(async () => {
		for (const server of servers.splice(0)) await server.close();
	});

	/** The stand-in with TLS and a device whose token is A1. */
	async function serve(identity: Identity, options: Partial<TlsOptions> = {}): Promise<ThingsBoard> {
		const tls = { ...identity, ca: ca.cert, ...options };
		const server = await startThingsBoard({ mqttPort: 0, httpPort: 0, mqttsPort: 0, tls });
		servers.push(server);
		server.core.devices.create({ name: "TLS" }, "A1");
		return server;
	}

	/** One boot with these settings. Returns how it ended and the line that it traced last. */
	async function boot(
		settings: Record<string, unknown>,
	): Promise<{ reason: string; last: string; text: string }> {
		wipe(state);
		mkdirSync(state, { recursive: true });
		writeFileSync(join(state, "store.json"), JSON.stringify({ tls: settings }));
		const lines: string[] = [];
		const onLine = (line: string) => void (line.startsWith("#") || lines.push(line));
		const common = { moddable: sdk.moddable, display: display.name, library, directory: state };
		const { reason, text } = await new Simulator({ ...common, timeout: 30_000, onLine }).end;
		return { reason, last: lines.at(-1) ?? "", text: `${text}\n${lines.join("\n")}` };
	}

	/** It said so and went on living: no abort, which on a chip would be a restart. */
	async function tells(expected: string, settings: Record<string, unknown>): Promise<void> {
		const { reason, last, text } = await boot(settings);
		equal(reason, "exit", text);
		includes(last, expected);
	}

	it("delivers a message larger than the window with a token", async () => {
		const { mqttsPort: port } = await serve(good);
		await tells("acknowledged", { port, ca: der(ca.cert), token: "A1" });
	});
	it("refuses a server that another authority vouches for", async () => {
		const { mqttsPort: port } = await serve(good);
		await tells("TB_TLS", { port, ca: der((await Authority.make("other")).cert), token: "A1" });
	});
	it("refuses a certificate for another host", async () => {
		const { mqttsPort: port } = await serve(await ca.issue({ name: "o", hosts: ["other.example"] }));
		await tells("TB_TLS", { port, ca: der(ca.cert), token: "A1" });
	});
	it("refuses an expired certificate", async () => {
		const until = Date.now() - 1000;
		const { mqttsPort: port } = await serve(await ca.issue({ name: "s", hosts: loopbackHosts, until }));
		await tells("TB_TLS", { port, ca: der(ca.cert), token: "A1" });
	});
	it("refuses a server that sends its own certificate alone", async () => {
		const { mqttsPort: port } = await serve(good, { leafOnly: true });
		await tells("TB_TLS", { port, ca: der(ca.cert), token: "A1" });
	});
	it("tells a server that speaks no TLS", async () => {
		const { mqttPort: port } = await serve(good);
		const { reason, last, text } = await boot({ port, ca: der(ca.cert), token: "A1" });
		equal(reason, "exit", text);
		ok(/TB_(TLS|LOST|TIMEOUT)/.test(last), last);
	});
	it("says nothing of the token to a server that ends the handshake at once", async () => {
		const seen: Buffer[] = [];
		const closer = createServer((socket: Socket) => {
			socket.on("error", () => undefined);
			socket.on("data", (data) => {
				seen.push(data);
				socket.write(Buffer.of(21, 3, 3, 0, 2, 1, 0)); // alert, warning, close_notify
			});
		});
		servers.push(closer);
		await new Promise<void>((done) => closer.listen(0, "127.0.0.1", done));
		const { port } = closer.address() as { port: number };
		await tells("TB_", { port, ca: der(ca.cert), token: "SECRET-TOKEN" });
		deepEqual(Buffer.concat(seen).includes("SECRET-TOKEN"), false);
	});
});
