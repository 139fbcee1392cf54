import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Clock } from "./clock.ts";
import { Core, type Settings } from "./core.ts";
import { Connection } from "./mqtt/connection.ts";
import { socketWire, type Wire } from "./mqtt/wire.ts";
import { restApp } from "./rest/app.ts";
import { type TlsOptions, tlsListener } from "./tls/listener.ts";

/** How long a closing server lets its last bytes go out, milliseconds. */
const grace = 300;

export interface ThingsBoardOptions {
	/** Port of MQTT; 0 takes any free one. Default 1883. */
	mqttPort?: number;
	/** Port of REST; 0 takes any free one. Default 8080. */
	httpPort?: number;
	/** Port of MQTT over TLS; 0 takes any free one. Default 8883. Only with `tls`. */
	mqttsPort?: number;
	/** Lets the server speak MQTT over TLS too. */
	tls?: TlsOptions;
	/** Address to listen on. Default 127.0.0.1. */
	host?: string;
	/** Time for every wait of the protocol. Default: real time. */
	clock?: Clock;
	/** Limits and waits; the defaults are the real server's. */
	settings?: Partial<Settings>;
	/** One line per connection event. Default: nowhere. */
	log?: (line: string) => void;
}

export interface ThingsBoard {
	/** Ports that are really listened on. */
	readonly mqttPort: number;
	readonly httpPort: number;
	/** `undefined` without TLS. */
	readonly mqttsPort: number | undefined;
	/** REST's base, e.g. `http://127.0.0.1:8080`. */
	readonly url: string;
	/** Devices, packages and time, for specs in the same process. */
	readonly core: Core;
	/** Serves MQTT on any byte duplex, without a socket. */
	accept(wire: Wire): void;
	/** Ends every connection and stops listening. Twice is fine. */
	close(): Promise<void>;
}

/** Starts the stand-in. Rejects with a sentence that names host and port when one cannot be listened on. */
export async function startThingsBoard(options: ThingsBoardOptions = {}): Promise<ThingsBoard> {
	const { mqttPort = 1883, httpPort = 8080, mqttsPort = 8883, host = "127.0.0.1", tls, ...rest } = options;
	const core = new Core(rest);
	const clients = new Clients(core);
	const mqtt = createServer(clients.socket).on("connection", clients.track);
	const mqtts = tls && tlsListener(tls, clients.socket).on("connection", clients.track);
	const http = restApp(core);
	const close = async () => {
		core.clock.close();
		await Promise.all([http.close(), ended(mqtt), mqtts && ended(mqtts), clients.close()]);
	};
	try {
		await listen("MQTT", host, mqttPort, () => listening(mqtt, mqttPort, host));
		if (mqtts) await listen("MQTT over TLS", host, mqttsPort, () => listening(mqtts, mqttsPort, host));
		await listen("HTTP", host, httpPort, () => http.listen({ host, port: httpPort }));
	} catch (error) {
		await close();
		throw error;
	}
	const ports = { mqttPort: portOf(mqtt), httpPort: portOf(http.server), mqttsPort: mqtts && portOf(mqtts) };
	const url = `http://${isIPv6(host) ? `[${host}]` : host}:${ports.httpPort}`;
	return { ...ports, url, core, accept: clients.accept, close };
}

/** Everybody who is connected by MQTT. */
class Clients {
	#core: Core;
	#open = new Set<Connection>();
	#sockets = new Set<Socket>();

	constructor(core: Core) {
		this.#core = core;
	}

	readonly accept = (wire: Wire): void => {
		if (this.#core.settings.ipLimits && wire.address && this.#core.addresses.blocked(wire.address)) {
			wire.close();
			return;
		}
		const connection = new Connection(this.#core, wire);
		this.#open.add(connection);
		connection.onClosed = () => this.#open.delete(connection);
	};

	readonly socket = (socket: Socket): void => this.accept(socketWire(socket));

	/** Every socket counts, also one that never gets through its TLS handshake. */
	readonly track = (socket: Socket): void => {
		this.#sockets.add(socket);
		socket.once("close", () => this.#sockets.delete(socket));
	};

	/** Ends all. A device that stopped reading would keep its socket, and us, for ever: it has `grace`. */
	async close(): Promise<void> {
		for (const connection of [...this.#open]) connection.drop("the server ends");
		const gone = [...this.#sockets].map((socket) => new Promise((done) => socket.once("close", done)));
		const force = setTimeout(() => this.#sockets.forEach((socket) => void socket.destroy()), grace);
		await Promise.all(gone);
		clearTimeout(force);
	}
}

const ended = (server: Server): Promise<unknown> => new Promise((done) => server.close(done));

function listening(server: Server, port: number, host: string): Promise<void> {
	return new Promise((done, fail) => {
		server.once("error", fail);
		server.listen(port, host, () => {
			server.removeListener("error", fail);
			done();
		});
	});
}

async function listen(
	what: string,
	host: string,
	port: number,
	start: () => Promise<unknown>,
): Promise<void> {
	try {
		await start();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const why = code === "EADDRINUSE" ? "a free port, it is taken" : `to listen there, ${message}`;
		throw new Error(`${what} on ${host}:${port}: expected ${why}`, { cause: error });
	}
}

const portOf = (server: { address(): AddressInfo | string | null }): number =>
	(server.address() as AddressInfo).port;
