import type { WebSocket } from "ws";
import type { Core } from "../core.ts";
import { deviceOf } from "../rest/access.ts";
import type { User } from "../users.ts";
import { type Command, keysOf, readEnvelope, scopeOf } from "./commands.ts";
import { type Subscription, type Wanted, watchAttributes, watchTelemetry } from "./subscriptions.ts";
import { type Entries, errorText, updateText, wsErrors } from "./updates.ts";

/** Close codes [RFC 6455 7.4.1]. */
export const closing = { badData: 1007, policy: 1008, serverError: 1011 } as const;

/** How long a connection may stay unknown (`server.ws.auth_timeout_ms`), milliseconds. */
const authTimeout = 10_000;
/** Text that a client may leave unread, bytes, and how much it may ask for. */
const maxPending = 4 * 1024 * 1024;
const maxSubscriptions = 1000;
const defaultLimit = 100;

/** One websocket: who it is, and what it is subscribed to. */
export class WsSession {
	#core: Core;
	#socket: WebSocket;
	#plugin: boolean;
	#user: User | undefined;
	#subscriptions = new Map<number, Subscription>();

	/** `plugin`: the older envelope of `/api/ws/plugins/telemetry`. */
	constructor(core: Core, socket: WebSocket, plugin: boolean, user?: User) {
		this.#core = core;
		this.#socket = socket;
		this.#plugin = plugin;
		this.#user = user;
		const stop = core.clock.after(authTimeout, () => {
			if (!this.#user) socket.close(closing.policy, "no authCmd in time");
		});
		socket.on("message", (data) => this.#receive(data.toString()));
		socket.on("error", () => undefined); // "close" follows
		socket.on("close", () => {
			stop();
			this.#endAll();
		});
	}

	#receive(text: string): void {
		let envelope: ReturnType<typeof readEnvelope>;
		try {
			envelope = readEnvelope(text, this.#plugin);
		} catch (error) {
			if (this.#user) this.#send(errorText(1, wsErrors.badRequest, "Failed to parse the payload"));
			else this.#socket.close(closing.badData, short((error as Error).message));
			return;
		}
		if (!this.#user && !this.#authenticate(envelope.token)) return;
		for (const command of envelope.commands) this.#carryOut(command);
	}

	#authenticate(token: string | undefined): boolean {
		if (token === undefined) this.#socket.close(closing.policy, "Auth cmd is missing");
		else
			try {
				this.#user = this.#core.users.whose(token);
				if (!this.#user) throw new Error("Invalid JWT token");
			} catch (error) {
				this.#socket.close(closing.badData, short((error as Error).message));
			}
		return this.#user !== undefined;
	}

	#carryOut(command: Command): void {
		const { cmdId, entityId, unsubscribe } = command;
		try {
			if (unsubscribe) this.#unsubscribe(cmdId, entityId);
			else if (cmdId < 0) this.#refuse(cmdId, wsErrors.badRequest, "Cmd id is negative value!");
			else if (!entityId) this.#refuse(cmdId, wsErrors.badRequest, "Device id is empty!");
			else this.#subscribe(command);
		} catch (error) {
			this.#refuse(cmdId, wsErrors.internal, (error as Error).message);
		}
	}

	#subscribe(command: Command): void {
		const { cmdId } = command;
		const keys = keysOf(command);
		const wanted: Wanted = {
			device: deviceOf(this.#core, this.#user, command.entityId),
			...(keys ? { keys } : {}),
			send: (entries: Entries) => this.#send(updateText(cmdId, entries)),
		};
		if (command.kind === "TIMESERIES_HISTORY") this.#history(wanted, command);
		else if (this.#subscriptions.size < maxSubscriptions) this.#follow(wanted, command);
		else this.#socket.close(closing.policy, "Max subscriptions limit reached!");
	}

	#history(wanted: Wanted, { cmdId, startTs, endTs, limit }: Command): void {
		if (!wanted.keys) this.#refuse(cmdId, wsErrors.badRequest, "Keys are empty!");
		else watchTelemetry(wanted, { from: startTs, to: endTs, limit: limit || defaultLimit }).end();
	}

	#follow(wanted: Wanted, command: Command): void {
		const { kind, cmdId, startTs, timeWindow, limit } = command;
		const window = { from: startTs, to: startTs + timeWindow, limit: limit || defaultLimit };
		const ranged = wanted.keys && timeWindow > 0 ? window : undefined;
		this.#subscriptions.get(cmdId)?.end();
		const subscription =
			kind === "ATTRIBUTES"
				? watchAttributes(wanted, scopeOf(command))
				: watchTelemetry(wanted, ranged, command.scope === "LATEST_TELEMETRY");
		this.#subscriptions.set(cmdId, subscription);
	}

	/** Without an entity everything of this connection ends. */
	#unsubscribe(cmdId: number, entityId: string): void {
		if (!entityId) this.#endAll();
		this.#subscriptions.get(cmdId)?.end();
		this.#subscriptions.delete(cmdId);
	}

	#endAll(): void {
		for (const subscription of this.#subscriptions.values()) subscription.end();
		this.#subscriptions.clear();
	}

	#refuse(cmdId: number, code: number, text: string): void {
		this.#send(errorText(cmdId, code, text));
	}

	#send(text: string): void {
		if (this.#socket.bufferedAmount < maxPending) this.#socket.send(text);
		else this.#socket.close(closing.policy, "Max pending updates limit reached!");
	}
}

/** A close reason has at most 123 bytes [RFC 6455 5.5]. */
export const short = (text: string): string => Buffer.from(text).subarray(0, 120).toString();
