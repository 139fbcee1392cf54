// The websocket telemetry API: `/api/ws` and the older `/api/ws/plugins/telemetry`, both with `?token=` or a first `authCmd`.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Core } from "../core.ts";
import { closing, short, WsSession } from "./session.ts";

/** Longest message from a client, bytes (the servlet container's text buffer). */
const maxMessage = 32_768;
const paths = new Map([
	["/api/ws", false],
	["/api/ws/plugins/telemetry", true],
]);

/** Answers websocket upgrades on an HTTP server until `close`. */
export function webSockets(core: Core, http: Server): { close(): void } {
	const server = new WebSocketServer({ noServer: true, maxPayload: maxMessage });
	const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		socket.on("error", () => undefined); // nobody else listens any more, and "close" follows
		const [path = "", query] = (request.url ?? "").split("?", 2); // any text can come: `//` is no URL
		const plugin = paths.get(path);
		if (plugin === undefined) return refuse(socket);
		server.handleUpgrade(request, socket, head, (ws) =>
			welcome(core, ws, plugin, new URLSearchParams(query).get("token")),
		);
	};
	http.on("upgrade", upgrade);
	return {
		close() {
			http.off("upgrade", upgrade);
			for (const client of server.clients) client.terminate();
			server.close();
		},
	};
}

/** Not even a client that keeps its own side open may keep the socket, for it would keep the server from ending. */
function refuse(socket: Duplex): void {
	socket.once("finish", () => socket.destroy());
	socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
}

/** A token in the query that is no good ends the connection; without one an `authCmd` must follow. */
function welcome(core: Core, ws: WebSocket, plugin: boolean, token: string | null): void {
	try {
		const user = token ? core.users.whose(token) : undefined;
		if (token && !user) throw new Error("Invalid JWT token");
		new WsSession(core, ws, plugin, user);
	} catch (error) {
		ws.on("error", () => undefined);
		ws.close(closing.serverError, short((error as Error).message));
	}
}
