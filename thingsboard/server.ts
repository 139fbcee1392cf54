import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "./clock.ts";
import { Core, type Settings } from "./core.ts";
import { Connection } from "./mqtt/connection.ts";
import { socketWire, type Wire } from "./mqtt/wire.ts";
import { restApp } from "./rest/app.ts";

/** How long a closing server lets its last bytes go out, milliseconds. */
const grace = 300;

export interface ThingsBoardOptions {
	/** Port of MQTT; 0 takes any free one. Default 1883. */
	mqttPort?: number;
	/** Port of REST; 0 takes any free one. Default 8080. */
	httpPort?: number;
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
	const { mqttPort = 1883, httpPort = 8080, host = "127.0.0.1", ...rest } = options;
	const core = new Core(rest);
	const open = new Set<Connection>();
	const accept = (wire: Wire) => {
		const connection = new Connection(core, wire);
		open.add(connection);
		connection.onClosed = () => open.delete(connection);
	};
	const sockets = new Set<Socket>();
	const mqtt = createServer((socket) => {
		sockets.add(socket);
		socket.once("close", () => sockets.delete(socket));
		accept(socketWire(socket));
	});
	const http = restApp(core);
	const close = async () => {
		core.clock.close();
		for (const connection of [...open]) connection.close("the server ends");
		// A device that stopped reading would keep its socket, and us, for ever.
		const force = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), grace);
		await Promise.all([http.close(), new Promise((done) => mqtt.close(done))]);
		clearTimeout(force);
	};
	try {
		await listen("MQTT", host, mqttPort, () => listening(mqtt, mqttPort, host));
		await listen("HTTP", host, httpPort, () => http.listen({ host, port: httpPort }));
	} catch (error) {
		await close();
		throw error;
	}
	const ports = { mqttPort: portOf(mqtt), httpPort: portOf(http.server) };
	return { ...ports, url: `http://${host}:${ports.httpPort}`, core, accept, close };
}

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
		const why = code === "EADDRINUSE" ? "it is taken" : message;
		throw new Error(`${what} on ${host}:${port}: expected a free port, ${why}`, { cause: error });
	}
}

const portOf = (server: { address(): AddressInfo | string | null }): number =>
	(server.address() as AddressInfo).port;
