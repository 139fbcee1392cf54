// A server in this process, a told clock over real sockets, and a device made of a raw socket and mqtt-packet.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { Clock } from "../../thingsboard/clock.ts";
import type { Settings } from "../../thingsboard/core.ts";
import type { Device } from "../../thingsboard/devices.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";

/** Waits of 0 ms run by themselves; longer ones when the spec says so. */
export class ToldClock implements Clock {
	#now = 1_700_000_000_000;
	#due = new Set<Wait>();
	#begun = 0;

	now(): number {
		return this.#now;
	}

	after(ms: number, action: () => void): () => void {
		if (ms === 0) {
			const timer = setImmediate(action);
			return () => clearImmediate(timer);
		}
		const entry = { at: this.#now + ms, action };
		this.#begun += 1;
		this.#due.add(entry);
		return () => this.#due.delete(entry);
	}

	/** Runs what is due until then, in the order of time; what is begun meanwhile too. */
	advance(ms: number): void {
		const end = this.#now + ms;
		for (let due = this.#until(end); due.length; due = this.#until(end)) this.#run(due);
		this.#now = end;
	}

	#until(end: number): Wait[] {
		return [...this.#due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
	}

	/** Stops when something new was begun: it may come first. */
	#run(due: Wait[]): void {
		const begun = this.#begun;
		for (const wait of due) {
			if (!this.#due.delete(wait)) continue; // cancelled meanwhile
			this.#now = wait.at;
			wait.action();
			if (this.#begun !== begun) return;
		}
	}
}

interface Wait {
	at: number;
	action: () => void;
}

/** What a spec has at hand. */
export interface Bench {
	server: ThingsBoard;
	clock: ToldClock;
	device: Device;
	rest: Rest;
	end(): Promise<void>;
}

/** Starts a server with one device, token `token`. */
export async function bench(settings: Partial<Settings> = {}): Promise<Bench> {
	const clock = new ToldClock();
	const server = await startThingsBoard({
		mqttPort: 0,
		httpPort: 0,
		clock,
		settings: { otaPacing: 0, ...settings },
	});
	const device = server.core.devices.create({ name: "d" }, "token");
	const rest = new Rest(server.url);
	await rest.login();
	return { server, clock, device, rest, end: () => server.close() };
}

/** A device's side of one connection. Every packet that came is kept until `next` takes it. */
export class Peer {
	readonly socket: Socket;
	#packets: Packet[] = [];
	#wake: () => void = () => undefined;
	#closed = false;
	#parser;
	#version = 4;

	/** Over a new TCP connection, or over a socket that is given. */
	constructor({ mqttPort }: Pick<ThingsBoard, "mqttPort">, socket: Socket = connect(mqttPort, "127.0.0.1")) {
		this.socket = socket.setNoDelay(true);
		const parser = mqttPacket.parser({ protocolVersion: 4 });
		this.#parser = parser;
		parser.on("packet", (packet: Packet) => {
			this.#packets.push(packet);
			this.#wake();
		});
		// mqtt-packet knows fewer reason codes of DISCONNECT than ThingsBoard uses.
		parser.on("error", () => parser.emit("packet", (parser as unknown as { packet: Packet }).packet));
		this.socket.on("data", (bytes) => parser.parse(bytes));
		this.socket.on("error", () => undefined);
		this.socket.on("close", () => {
			this.#closed = true;
			this.#wake();
		});
	}

	/** A CONNECT decides on the version of what follows, both ways. */
	send(...packets: Packet[]): void {
		for (const packet of packets) if (packet.cmd === "connect") this.#speak(packet.protocolVersion ?? 4);
		const options = { protocolVersion: this.#version };
		this.socket.write(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet, options))));
	}

	#speak(version: number): void {
		this.#version = version;
		(this.#parser as unknown as { settings: object }).settings = { protocolVersion: version };
	}

	/** The next packet, or `"closed"`. */
	async next(): Promise<Packet | "closed"> {
		while (!this.#packets.length && !this.#closed)
			await new Promise<void>((done) => {
				this.#wake = done;
			});
		return this.#packets.shift() ?? "closed";
	}

	/** `next`, which must be a PUBLISH: its topic, text, QoS and id. */
	async message(): Promise<{ topic: string; text: string; qos: number; id: number | undefined }> {
		const packet = await this.next();
		if (packet === "closed" || packet.cmd !== "publish")
			throw new Error(`expected a PUBLISH, got ${packet === "closed" ? packet : packet.cmd}`);
		const { topic, payload, qos, messageId } = packet;
		return { topic, text: payload.toString(), qos, id: messageId };
	}

	/** The name of what comes next, e.g. `puback 7` or `closed`. */
	async kind(): Promise<string> {
		const packet = await this.next();
		if (packet === "closed") return packet;
		return packet.messageId === undefined ? packet.cmd : `${packet.cmd} ${packet.messageId}`;
	}

	/** What comes next with its code, e.g. `puback 7 0x99`, `connack 0x5`, `publish topic`, `closed`. A code of 0 is left out. */
	async heard(): Promise<string> {
		const packet = await this.next();
		if (packet === "closed") return packet;
		if (packet.cmd === "publish") return `publish ${packet.topic}`;
		const { reasonCode = 0, returnCode = reasonCode } = packet as {
			reasonCode?: number;
			returnCode?: number;
		};
		const id = packet.messageId === undefined ? "" : ` ${packet.messageId}`;
		return `${packet.cmd}${id}${returnCode ? ` 0x${returnCode.toString(16)}` : ""}`;
	}

	/** Everything that comes until the connection ends. */
	async rest(): Promise<string[]> {
		const all = [await this.heard()];
		while (all.at(-1) !== "closed") all.push(await this.heard());
		return all;
	}

	/** True when the server answers PINGREQ twice before anything else: it had nothing to say, a turn of its loop later, and is still there. */
	async quiet(): Promise<boolean> {
		for (let i = 0; i < 2; i++) {
			this.send({ cmd: "pingreq" });
			if ((await this.kind()) !== "pingresp") return false;
		}
		return true;
	}

	publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1, messageId = 7): void {
		this.send({ cmd: "publish", topic, payload, qos, messageId, dup: false, retain: false });
	}

	/** Subscribes at QoS 1 and gives the granted codes. */
	async subscribe(...topics: string[]): Promise<unknown> {
		const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }));
		this.send({ cmd: "subscribe", messageId: 1, subscriptions });
		const packet = await this.next();
		await this.quiet(); // a turn of the loop: the core knows of the subscription now
		return packet !== "closed" && packet.cmd === "suback" ? packet.granted : packet;
	}

	async end(): Promise<void> {
		this.socket.destroy();
		if (!this.#closed) await once(this.socket, "close");
	}
}

/** CONNECT as a device sends it. */
export const hello = (over: object = {}): Packet =>
	({
		cmd: "connect",
		protocolId: "MQTT",
		protocolVersion: 4,
		clean: true,
		clientId: "c",
		keepalive: 30,
		...over,
	}) as Packet;

/** A connected peer. */
export async function online({ server }: Bench, over: object = {}): Promise<Peer> {
	const peer = new Peer(server);
	peer.send(hello({ username: "token", ...over }));
	const packet = await peer.next();
	if (packet === "closed" || packet.cmd !== "connack" || packet.returnCode || packet.reasonCode)
		throw new Error(`expected CONNACK 0, got ${JSON.stringify(packet)}`);
	return peer;
}

/** A tenant administrator. */
export class Rest {
	#url: string;
	#token = "";

	constructor(url: string) {
		this.#url = url;
	}

	get token(): string {
		return this.#token;
	}

	async login(): Promise<void> {
		const { body } = await this.send("POST", "/api/auth/login", {
			username: "tenant@thingsboard.org",
			password: "tenant",
		});
		this.#token = (body as { token: string }).token;
	}

	async send(
		method: string,
		path: string,
		body?: object | string,
	): Promise<{ status: number; body: unknown }> {
		const headers: Record<string, string> = { "X-Authorization": `Bearer ${this.#token}` };
		const form = body instanceof FormData;
		if (body !== undefined && !form) headers["Content-Type"] = "application/json";
		const sent = form || typeof body === "string" ? body : JSON.stringify(body);
		const response = await fetch(this.#url + path, {
			method,
			headers,
			...(body === undefined ? {} : { body: sent ?? "" }),
		});
		const text = await response.text();
		const json = response.headers.get("content-type")?.includes("json");
		return { status: response.status, body: json ? JSON.parse(text) : text || undefined };
	}

	/** Creates a package, uploads its bytes and gives its id. */
	async firmware(version: string, bytes: Uint8Array<ArrayBuffer>, info: object = {}): Promise<string> {
		const made = await this.send("POST", "/api/otaPackage", {
			title: "app",
			version,
			type: "FIRMWARE",
			...info,
		});
		const { id } = (made.body as { id: { id: string } }).id;
		const form = new FormData();
		form.append("file", new Blob([bytes]), "app.bin");
		await this.send("POST", `/api/otaPackage/${id}?checksumAlgorithm=SHA256`, form);
		return id;
	}

	/** Saves the device with that firmware, or with none. */
	async assign({ id, info }: Device, firmware: string | null): Promise<void> {
		const firmwareId = firmware && { entityType: "OTA_PACKAGE", id: firmware };
		await this.send("POST", "/api/device", { id: { id, entityType: "DEVICE" }, name: info.name, firmwareId });
	}
}
