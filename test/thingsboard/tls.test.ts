import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { Authority, type Identity, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import { chained } from "../../thingsboard/tls/chain.ts";
import type { TlsOptions } from "../../thingsboard/tls/listener.ts";
import { deepEqual, equal } from "../assert.ts";
import { hello, Peer, ToldClock } from "./server.ts";

describe("thingsboard over TLS", () => {
	let root: Authority;
	let middle: Authority;
	let own: Identity;
	let server: ThingsBoard;
	before(async () => {
		root = await Authority.make();
		middle = await root.intermediate("middle");
		own = await middle.issue({ name: "localhost", hosts: loopbackHosts });
	});
	afterEach(() => server?.close());

	async function start(over: Partial<TlsOptions> = {}): Promise<void> {
		const tls = { ...own, ca: middle.chain, ...over };
		server = await startThingsBoard({ mqttPort: 0, httpPort: 0, mqttsPort: 0, clock: new ToldClock(), tls });
	}

	function dial(over: ConnectionOptions = {}): TLSSocket {
		const socket = connect({ port: server.mqttsPort, host: "127.0.0.1", ca: root.cert, ...over });
		socket.on("error", () => undefined);
		return socket;
	}

	async function peer(over: ConnectionOptions = {}): Promise<Peer> {
		const socket = dial(over);
		await once(socket, "secureConnect");
		return new Peer(server, socket);
	}

	/** CONNACK code, or `closed`. */
	async function answer(of: Peer, over: object): Promise<unknown> {
		of.send(hello(over));
		const packet = await of.next();
		return packet !== "closed" && packet.cmd === "connack"
			? (packet.reasonCode ?? packet.returnCode)
			: packet;
	}

	/** What verifying the server ends in. */
	async function verdict(over: ConnectionOptions = {}): Promise<unknown> {
		const socket = connect({ port: server.mqttsPort, host: "127.0.0.1", ca: root.cert, ...over });
		const outcome = await new Promise((done) => {
			socket.once("secureConnect", () => done(socket.getProtocol()));
			socket.once("error", (error: NodeJS.ErrnoException) => done(error.code));
		});
		socket.destroy();
		return outcome;
	}

	it("1.2 takes an access token over TLS, with or without a certificate that it does not need", async () => {
		await start();
		server.core.devices.create({ name: "d" }, "token");
		equal(await answer(await peer(), { username: "token" }), 0);
	});

	it("1.2 knows a device by its leaf certificate; user name and password do not matter", async () => {
		await start();
		const { cert, key } = await middle.issue({ name: "device" });
		server.core.devices.create({ name: "d" }, { type: "X509_CERTIFICATE", certificate: cert });
		const known = { cert: cert + middle.chain, key };
		equal(await answer(await peer(known), { username: "whatever" }), 0);
		equal(await answer(await peer({ cert, key }), {}), 0);
	});

	it("1.2 does not fall back to the token when the certificate is unknown: 5, at MQTT 5 0x87", async () => {
		await start();
		server.core.devices.create({ name: "d" }, "token");
		const stranger = await root.issue({ name: "stranger" });
		equal(await answer(await peer({ ...stranger }), { username: "token" }), 5);
		equal(await answer(await peer({ ...stranger }), { username: "token", protocolVersion: 5 }), 0x87);
	});

	it("1.2 refuses a certificate that is out of its dates", async () => {
		await start();
		const old = await root.issue({ name: "old", until: 1_600_000_000_000, from: 1_500_000_000_000 });
		server.core.devices.create({ name: "d" }, { type: "X509_CERTIFICATE", certificate: old.cert });
		equal(await answer(await peer({ ...old }), {}), 5);
	});

	it("1.2 ends a handshake with a chain that does not hang together", async () => {
		await start();
		const { cert, key } = await middle.issue({ name: "device" });
		const forger = await Authority.make(middle.name);
		const socket = dial({ cert: cert + forger.cert, key });
		await once(socket, "close");
	});

	it("takes a chain that cannot be read for one that does not hang together", () => {
		const der = new X509Certificate(root.cert).raw;
		deepEqual([chained([der]), chained([]), chained([Buffer.of(1, 2, 3)])], [true, true, false]);
	});

	it("sends its whole chain, or the leaf alone when told to", async () => {
		await start();
		equal(await verdict(), "TLSv1.3");
		await server.close();
		await start({ leafOnly: true });
		equal(await verdict(), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
	});

	it("speaks TLS 1.2 only when told to", async () => {
		await start({ only12: true });
		equal(await verdict(), "TLSv1.2");
		equal(await verdict({ minVersion: "TLSv1.3" }), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
	});

	it("has certificates that clients refuse for a strange host, strange authority or past date", async () => {
		const strange = await root.issue({ name: "other", hosts: ["example.org"] });
		const old = await root.issue({ name: "old", hosts: loopbackHosts, from: 0, until: 1_600_000_000_000 });
		const codes = [];
		for (const identity of [strange, old]) {
			await start(identity);
			codes.push(await verdict());
			await server.close();
		}
		await start();
		codes.push(await verdict({ ca: (await Authority.make("another")).cert }));
		deepEqual(codes, ["ERR_TLS_CERT_ALTNAME_INVALID", "CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN"]);
	});

	it("closes a socket that speaks no TLS, and others go on", async () => {
		await start();
		server.core.devices.create({ name: "d" }, "token");
		const plain = new Peer({ ...server, mqttPort: server.mqttsPort ?? 0 });
		plain.socket.write("GET / HTTP/1.1\r\n\r\n");
		while ((await plain.kind().catch(() => "closed")) !== "closed");
		equal(await answer(await peer(), { username: "token" }), 0);
	});

	it("ends although a client never gets through its handshake", async () => {
		await start();
		const plain = new Peer({ ...server, mqttPort: server.mqttsPort ?? 0 });
		await once(plain.socket, "connect");
		await server.close();
		equal(await plain.kind(), "closed");
	});
});
