// ThingsBoard's websocket API, as far as a page needs it: subscriptions to the latest telemetry and attributes of a device.
import type { Api } from "./api.ts";

/** `[time in epoch ms, value as text]` by key. */
export type Points = Record<string, [number, string][]>;

interface Subscription {
	cmd: object;
	update(points: Points): void;
}

/** How long to wait before connecting again, milliseconds. */
const pause = 1000;

export class Socket {
	#api: Api;
	#socket: WebSocket | undefined;
	#nextId = 1;
	#subscriptions = new Map<number, Subscription>();

	constructor(api: Api) {
		this.#api = api;
	}

	/** Connects, and again whenever the connection ends; what was subscribed is subscribed anew. */
	async open(): Promise<void> {
		await this.#api.send("GET", "/api/auth/user").catch(() => undefined); // an old token is renewed by it
		const socket = new WebSocket(
			`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/ws`,
		);
		socket.onopen = () => {
			socket.send(JSON.stringify({ authCmd: { cmdId: 0, token: this.#api.token }, cmds: [] }));
			this.#socket = socket;
			for (const { cmd } of this.#subscriptions.values()) this.#send(cmd);
		};
		socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)));
		socket.onclose = () => {
			this.#socket = undefined;
			setTimeout(() => void this.open(), pause);
		};
	}

	/** Follows a device's telemetry (`LATEST_TELEMETRY`) or one scope of its attributes. The function returned ends it. */
	subscribe(entityId: string, scope: string, update: (points: Points) => void): () => void {
		const cmdId = this.#nextId++;
		const type = scope === "LATEST_TELEMETRY" ? "TIMESERIES" : "ATTRIBUTES";
		const cmd = { type, entityType: "DEVICE", entityId, scope, cmdId };
		this.#subscriptions.set(cmdId, { cmd, update });
		this.#send(cmd);
		return () => {
			if (this.#subscriptions.delete(cmdId)) this.#send({ ...cmd, unsubscribe: true });
		};
	}

	#send(cmd: object): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ cmds: [cmd] }));
	}

	#take({ subscriptionId, data }: { subscriptionId: number; data?: Points | null }): void {
		if (data) this.#subscriptions.get(subscriptionId)?.update(data);
	}
}
